package training

import (
	"errors"
	"time"

	"github.com/gomlx/compute"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/datasets"
	"joule/metrics"
	"joule/rundir"
)

// describe writes what a run directory holds from the start.
func describe(run *rundir.Run, config *configs.Config, set *datasets.Set, environment rundir.Environment) error {
	text, err := config.Encode()
	if err != nil {
		return err
	}
	return errors.Join(
		run.WriteConfig(text),
		run.WriteEnvironment(environment),
		run.WriteDataset(trained.DescribeData(set)))
}

func environmentOf(backend *backends.Backend, seed int64, start time.Time) rundir.Environment {
	s := backends.ThisSystem()
	devices := make([]string, backend.Devices)
	for i := range devices {
		devices[i] = backend.Backend.DeviceDescription(compute.DeviceNum(i))
	}
	return rundir.Environment{
		Joule: cli.Version, Go: s.Go, Modules: s.Modules, OS: s.OS, Arch: s.Arch, CPU: s.CPU, CPUs: s.Cores,
		Backend: rundir.Backend{
			Spec: backend.Spec, Description: backend.Backend.Description(), Plugin: backend.Plugin, PluginAPI: backend.API, Devices: devices,
		},
		Seed: seed, Started: start,
	}
}

// drawRun draws the figures of a run that was just trained, and returns them and the step of its parameters.
func drawRun(run *rundir.Run, config *configs.Config, set *datasets.Set, backend *backends.Backend) (figures []measured.Drawing, step int64, err error) {
	dataset, err := run.Dataset()
	if err != nil {
		return nil, 0, err
	}
	t := &trained.Run{Dir: run, Config: config, Dataset: dataset}
	if err := t.Load(backend); err != nil {
		return nil, 0, err
	}
	m := measured.On(t, set, metrics.Options{NoAIS: true})
	figures, err = m.Draw(m.InRun("png"))
	return figures, t.Step, err
}
