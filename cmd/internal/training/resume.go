package training

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/rundir"
)

// Resumption is what a training goes on from.
type Resumption struct {
	dir         string
	runs        []*rundir.Run
	Config      *configs.Config // of all the runs, as they were trained
	environment rundir.Environment
	// fromStep is the step of the checkpoint to take; −1: the newest. fallBack says that a damaged one may be passed over.
	fromStep int
	fallBack bool
}

// FindResumption opens the runs in a directory, to go on from the checkpoint of a step, −1 being the newest; fallBack says that a
// damaged one may be passed over.
func FindResumption(dir string, fromStep int, fallBack bool) (*Resumption, error) {
	runs, err := rundir.OpenAll(dir)
	if err != nil {
		return nil, err
	}
	return ResumptionOf(dir, runs, fromStep, fallBack)
}

// ResumptionOf is FindResumption for runs that are open; dir is the directory that names them together.
func ResumptionOf(dir string, runs []*rundir.Run, fromStep int, fallBack bool) (*Resumption, error) {
	config, err := configs.LoadRun(filepath.Join(runs[0].Dir(), "config.yaml"), "", nil)
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	config.Train.Replicas = len(runs)
	r := &Resumption{dir: dir, runs: runs, Config: config, fromStep: fromStep, fallBack: fallBack}
	r.environment, err = runs[0].Environment()
	return r, err
}

// Changed is the config to go on with: that of the runs with assignments, or a given one. A difference that would make
// another run of it is refused.
func (r *Resumption) Changed(given *configs.Config, sets []string, backend string) (*configs.Config, error) {
	config := given
	if given == nil {
		var err error
		sets = append([]string{fmt.Sprintf("train.replicas=%d", len(r.runs))}, sets...)
		if config, err = configs.LoadRun(filepath.Join(r.runs[0].Dir(), "config.yaml"), "", sets); err != nil {
			return nil, cli.Coded(cli.ExitUsage, err)
		}
	} else if err := trained.Locate(config); err != nil {
		return nil, err
	}
	if backend != "" {
		config.Backend = backend
	} else if spec := r.environment.Backend.Spec; !cli.IsTrusted(spec) || given == nil && !cli.IsTrusted(config.Backend) {
		return nil, cli.Untrusted(filepath.Join(r.runs[0].Dir(), "environment.json"), spec)
	}
	// What is left open stays what it was.
	if config.Backend == "auto" {
		config.Backend = r.Config.Backend
	}
	if config.Train.Devices == 0 {
		config.Train.Devices = r.Config.Train.Devices
	}
	if spec := r.environment.Backend.Spec; config.Backend != r.Config.Backend && config.Backend == spec {
		config.Backend = r.Config.Backend // auto was this one
	}
	differences, err := configs.Diff(r.Config, config)
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
	return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("%s: cannot go on with another config; what may change is %s. These differ:%s",
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
func (r *Resumption) formerly(config *configs.Config) (string, error) {
	was := *config
	was.Train.Devices = r.Config.Train.Devices
	return was.Checksum(func(key string) bool { return mayChange(key) && key != devicesKey })
}

// backend is the one that a run goes on with: the one it was trained on where the config leaves it open.
func (r *Resumption) backend(config *configs.Config) string {
	if config.Backend == "auto" {
		return r.environment.Backend.Spec
	}
	return config.Backend
}

// openAsBefore opens the backend of a run that goes on.
func openAsBefore(open opener, r *Resumption, config *configs.Config, dim int) (*backends.Backend, error) {
	kept := config.Backend
	config.Backend = r.backend(config)
	backend, err := OpenBackend(open, config, dim)
	config.Backend = kept
	return backend, err
}
