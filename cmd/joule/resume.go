package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"joule/backends"
	"joule/configs"
	"joule/rundir"
)

// resumption is what a training goes on from.
type resumption struct {
	dir         string
	runs        []*rundir.Run
	config      *configs.Config // of all the runs, as they were trained
	environment rundir.Environment
	// fromStep is the step of the checkpoint to take; −1: the newest. fallBack says that a damaged one may be passed over.
	fromStep int
	fallBack bool
}

// findResumption opens the runs in a directory, to go on from the checkpoint of a step, −1 being the newest; fallBack says that a
// damaged one may be passed over.
func findResumption(dir string, fromStep int, fallBack bool) (*resumption, error) {
	runs, err := rundir.OpenAll(dir)
	if err != nil {
		return nil, err
	}
	return resumptionOf(dir, runs, fromStep, fallBack)
}

// resumptionOf is findResumption for runs that are open; dir is the directory that names them together.
func resumptionOf(dir string, runs []*rundir.Run, fromStep int, fallBack bool) (*resumption, error) {
	config, err := configs.LoadRun(filepath.Join(runs[0].Dir(), "config.yaml"), "", nil)
	if err != nil {
		return nil, coded(exitUsage, err)
	}
	config.Train.Replicas = len(runs)
	r := &resumption{dir: dir, runs: runs, config: config, fromStep: fromStep, fallBack: fallBack}
	r.environment, err = runs[0].Environment()
	return r, err
}

// changed is the config to go on with: that of the runs with assignments, or a given one. A difference that would make
// another run of it is refused.
func (r *resumption) changed(given *configs.Config, sets []string, backend string) (*configs.Config, error) {
	config := given
	if given == nil {
		var err error
		sets = append([]string{fmt.Sprintf("train.replicas=%d", len(r.runs))}, sets...)
		if config, err = configs.LoadRun(filepath.Join(r.runs[0].Dir(), "config.yaml"), "", sets); err != nil {
			return nil, coded(exitUsage, err)
		}
	} else if err := locate(config); err != nil {
		return nil, err
	}
	if backend != "" {
		config.Backend = backend
	} else if spec := r.environment.Backend.Spec; !isTrusted(spec) || given == nil && !isTrusted(config.Backend) {
		return nil, untrusted(filepath.Join(r.runs[0].Dir(), "environment.json"), spec)
	}
	// What is left open stays what it was.
	if config.Backend == "auto" {
		config.Backend = r.config.Backend
	}
	if config.Train.Devices == 0 {
		config.Train.Devices = r.config.Train.Devices
	}
	if spec := r.environment.Backend.Spec; config.Backend != r.config.Backend && config.Backend == spec {
		config.Backend = r.config.Backend // auto was this one
	}
	differences, err := configs.Diff(r.config, config)
	if err != nil {
		return nil, err
	}
	differences = slices.DeleteFunc(differences, func(d configs.Difference) bool { return mayChange(d.Key) })
	if len(differences) == 0 {
		return config, nil
	}
	var lines []string
	for _, d := range differences {
		lines = append(lines, "\n  "+d.String())
	}
	return nil, coded(exitUsage, fmt.Errorf("%s: cannot go on with another config; what may change is %s. These differ:%s",
		r.runs[0].Dir(), strings.Join(changeable, ", "), strings.Join(lines, "")))
}

// changeable are the keys that may differ when a run goes on, or sections of them: how long it is, what is logged and kept,
// what is done about sick steps, how many devices share a batch, and what is used only after training. The data are compared by
// their checksum.
var changeable = []string{"name", "train.steps", "train.log_every", "train.checkpoint_every", "train.keep_last", "train.keep_every",
	"train.keep_best", "train.early_stopping", "train.health", devicesKey, "sampler", "data.path"}

const devicesKey = "train.devices"

func mayChange(key string) bool {
	return slices.ContainsFunc(changeable, func(c string) bool { return key == c || strings.HasPrefix(key, c+".") })
}

// formerly is the checksum that checkpoints of a run have of its config, given with its new settings, where they are of a version of
// joule with which the number of devices could not change.
func (r *resumption) formerly(config *configs.Config) (string, error) {
	was := *config
	was.Train.Devices = r.config.Train.Devices
	return was.Checksum(func(key string) bool { return mayChange(key) && key != devicesKey })
}

// backend is the one that a run goes on with: the one it was trained on where the config leaves it open.
func (r *resumption) backend(config *configs.Config) string {
	if config.Backend == "auto" {
		return r.environment.Backend.Spec
	}
	return config.Backend
}

// openAsBefore opens the backend of a run that goes on.
func openAsBefore(open opener, r *resumption, config *configs.Config, dim int) (*backends.Backend, error) {
	kept := config.Backend
	config.Backend = r.backend(config)
	backend, err := openForTraining(open, config, dim)
	config.Backend = kept
	return backend, err
}
