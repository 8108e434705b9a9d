package main

import (
	"errors"
	"time"

	"github.com/gomlx/compute"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/metrics"
	"joule/rundir"
)

// describeData is what a run keeps of its data, in the units of the source.
func describeData(set *datasets.Set) rundir.Dataset {
	low, high := rangeOf(set)
	d := rundir.Dataset{
		Columns: set.Columns, Standardizer: (*rundir.Standardizer)(set.Transform), Encoding: set.Encoding,
		Train: set.TrainSize(), Validation: set.Validation.N, Test: set.Test.N, Min: low, Max: high,
		Image: (*rundir.Image)(set.Image),
	}
	if set.Labels != nil {
		d.Classes = set.Labels.Classes
	}
	return d
}

// rangeOf is the smallest and largest value of each column over all the points, in the units of the source.
func rangeOf(set *datasets.Set) (low, high []float64) {
	if set.Stream != nil {
		return set.Stream.Low, set.Stream.High
	}
	low, high = set.Train.Range()
	for _, part := range []datasets.Points{set.Validation, set.Test} {
		if part.N == 0 {
			continue
		}
		partLow, partHigh := part.Range()
		for k := range low {
			low[k], high[k] = min(low[k], partLow[k]), max(high[k], partHigh[k])
		}
	}
	// The map back keeps the order of numbers, so that the ends are those of all points undone.
	ends := set.Transform.Undo(datasets.Points{N: 2, Dim: len(low), Values: append(low, high...)})
	return ends.Row(0), ends.Row(1)
}

// describe writes what a run directory holds from the start.
func describe(run *rundir.Run, config *configs.Config, set *datasets.Set, environment rundir.Environment) error {
	text, err := config.Encode()
	if err != nil {
		return err
	}
	return errors.Join(
		run.WriteConfig(text),
		run.WriteEnvironment(environment),
		run.WriteDataset(describeData(set)))
}

func environmentOf(backend *backends.Backend, seed int64, start time.Time) rundir.Environment {
	s := backends.ThisSystem()
	devices := make([]string, backend.Devices)
	for i := range devices {
		devices[i] = backend.Backend.DeviceDescription(compute.DeviceNum(i))
	}
	return rundir.Environment{
		Joule: version, Go: s.Go, Modules: s.Modules, OS: s.OS, Arch: s.Arch, CPU: s.CPU, CPUs: s.Cores,
		Backend: rundir.Backend{
			Spec: backend.Spec, Description: backend.Backend.Description(), Plugin: backend.Plugin, PluginAPI: backend.API, Devices: devices,
		},
		Seed: seed, Started: start,
	}
}

// drawRun draws the figures of a run that was just trained, and returns them and the step of its parameters.
func drawRun(run *rundir.Run, config *configs.Config, set *datasets.Set, backend *backends.Backend) (figures []drawn, step int64, err error) {
	dataset, err := run.Dataset()
	if err != nil {
		return nil, 0, err
	}
	t := &trained{dir: run, config: config, dataset: dataset}
	if err := t.load(backend); err != nil {
		return nil, 0, err
	}
	m := t.measureOn(set, metrics.Options{NoAIS: true})
	figures, err = m.draw(m.inRun("png"))
	return figures, t.step, err
}
