package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/internal/debugdir"
	"joule/rundir"
	"joule/trainers"
)

// programStart is when the program began, as near as it can tell.
var programStart = time.Now()

// member is one of the runs that are trained at once; often the only one.
type member struct {
	config      *configs.Config
	set         *datasets.Set
	dir         *rundir.Run
	environment rundir.Environment
	checksum    string  // of the training points
	settings    string  // checksum of the part of the config that may not change when it goes on
	formerly    string  // the same as older checkpoints have it; empty where it does not go on
	saved       saved   // what is on the disk, or on its way there
	before      float64 // seconds that it was trained in earlier processes
	// criterion is what the best checkpoint is kept by, as last logged, and savedCriterion as of the last checkpoint; NaN:
	// there is none yet.
	criterion, savedCriterion float64
}

// saved tells a state from others of the same run.
type saved struct {
	step, incidents int
	rate            float64
}

// replicasOf loads the data of all the runs that a config asks for: with its seed, and the seeds after it. With a seed of its
// own the data are those of all.
func replicasOf(config *configs.Config) (runs []*member, err error) {
	if n := int64(config.Train.Replicas); config.Seed > math.MaxInt64-n+1 {
		return nil, coded(exitUsage, fmt.Errorf("seed %d leaves no seeds for %d replicas (train.replicas): the largest is %d", config.Seed, n, int64(math.MaxInt64)))
	}
	runs = make([]*member, config.Train.Replicas)
	for i := range runs {
		own := *config
		own.Seed += int64(i)
		own.Train.Replicas = 1 // each run's directory says how to make it alone
		var set *datasets.Set
		if i > 0 && own.DataSeed != nil {
			set = runs[0].set
		} else if set, err = own.LoadData(); err != nil {
			return nil, err
		}
		runs[i] = &member{config: &own, set: set, checksum: set.Checksum(), criterion: math.NaN(), savedCriterion: math.NaN()}
	}
	return runs, locate(config)
}

// locate makes the paths of a config's data, and of data that its method names, absolute.
func locate(config *configs.Config) error {
	for _, section := range []any{config.Data, config.Method} {
		if located, ok := section.(interface{ Locate(dir string) error }); ok {
			if err := located.Locate(config.Dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeDirectories makes the directories of the runs: those that are given, or else one run has the one that is named, and
// several have one each inside it.
func (o options) makeDirectories(runs []*member, name string, start time.Time) (err error) {
	for i, dir := range o.dirs {
		if runs[i].dir, err = rundir.Create(dir, name, start); err != nil {
			return err
		}
	}
	dir := o.out
	switch {
	case o.dirs != nil:
		return nil
	case len(runs) == 1:
		runs[0].dir, err = rundir.Create(dir, name, start)
		return err
	}
	members := make([]string, len(runs))
	for i, r := range runs {
		members[i] = fmt.Sprintf("seed-%d", r.config.Seed)
	}
	made, err := rundir.CreateGroup(dir, name, start, members)
	for i := range made {
		runs[i].dir = made[i]
	}
	return err
}

// groupDir is the directory that names the runs together.
func groupDir(runs []*member) string {
	if len(runs) > 1 {
		return filepath.Dir(runs[0].dir.Dir())
	}
	return runs[0].dir.Dir()
}

// oneLine writes an error, which may be several, in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// options are what a training is told beside its config.
type options struct {
	out         string // run directory to make; empty: one of the config's name and the time
	noFigures   bool
	locked      bool // the run directory was there, and is locked
	signals     *watcher
	tensorboard string              // the log directory; empty: none
	begun       func(dirs []string) // told of the run directories before training begins; may be nil
	// For those who train many: the directories of the runs, and what is done when they are there; where backends are had from,
	// which are then not closed; what looks at the runs whenever something is logged, and returns how long that took, which is no
	// training; and what is done when the training has ended with err, in the place of drawing figures.
	dirs   []string
	made   func(runs []*member) error
	open   opener
	look   func(step int, elapsed float64, trainer *trainers.Trainer, runs []*member, backend *backends.Backend) (took time.Duration, err error)
	finish func(runs []*member, backend *backends.Backend, err error) error
}

// train makes a run, or several at once, or goes on with them, and returns their directories, as far as they were made.
// The error is that of the training.
func train(ctx context.Context, config *configs.Config, o options, from *resumption, progress progress) (dirs []string, err error) {
	debug := debugDir(ctx)
	loaded := debug.Begin("loading the data")
	runs, err := replicasOf(config)
	if err != nil {
		return nil, err
	}
	loaded()
	opened := debug.Begin("opening the backend")
	open := o.open
	if open == nil {
		open = openBackend
	}
	var backend *backends.Backend
	if from == nil {
		backend, err = openForTraining(open, config, runs[0].set.Train.Dim)
	} else {
		backend, err = openAsBefore(open, from, config, runs[0].set.Train.Dim)
	}
	if err != nil {
		return nil, err
	}
	opened()
	if o.open == nil {
		defer backend.Close()
	}
	spec := trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: runs[0].set, Seed: runs[0].config.Seed,
	}
	for _, r := range runs[1:] {
		spec.Replicas = append(spec.Replicas, trainers.Replica{Data: r.set, Seed: r.config.Seed})
	}
	start := time.Now()
	trainer, err := trainers.New(backend.Backend, spec)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	debug.Write(debugdir.Graph, trainer.Graph()+"\n")
	debug.Add("compilation", 1, trainer.CompileTime())
	for _, r := range runs {
		r.config.Backend, r.config.Train.Devices = config.Backend, config.Train.Devices
		if r.settings, err = r.config.Checksum(mayChange); err != nil {
			return nil, err
		}
		if from != nil {
			if r.formerly, err = from.formerly(r.config); err != nil {
				return nil, err
			}
		}
		r.environment = environmentOf(backend, r.config.Seed, start)
		if len(runs) > 1 {
			r.environment.Replicas = len(runs)
		}
	}
	if from == nil {
		if err := o.makeDirectories(runs, config.Name, start); err != nil {
			return nil, err
		}
		if o.made != nil {
			if err := o.made(runs); err != nil {
				return nil, err
			}
		}
		if !o.locked {
			release, err := rundir.Lock(groupDir(runs))
			if err != nil {
				return nil, err
			}
			defer release()
		}
	} else if isDone, err := from.prepare(trainer, runs, start); err != nil {
		return nil, err
	} else if isDone {
		if o.finish != nil {
			return directories(from.runs), o.finish(runs, backend, nil)
		}
		return directories(from.runs), nil
	}
	for _, r := range runs {
		dirs = append(dirs, r.dir.Dir())
		if err := describe(r.dir, r.config, r.set, r.environment); err != nil {
			return dirs, err
		}
	}
	if o.begun != nil {
		o.begun(dirs)
	}
	board, err := o.openBoard(runs, trainer, from != nil)
	if err != nil {
		return dirs, err
	}
	defer board.close()
	if from != nil { // not before: until here nothing is lost
		for _, r := range runs {
			if err := r.dir.RemoveResult(); err != nil {
				return dirs, err
			}
		}
	}
	ctx = o.signals.training(ctx)
	var look func(step int, elapsed float64) (time.Duration, error)
	if o.look != nil {
		look = func(step int, elapsed float64) (time.Duration, error) {
			return o.look(step, elapsed, trainer, runs, backend)
		}
	}
	err = steps(ctx, trainer, runs, progress, board, look)
	if o.finish != nil {
		return dirs, o.finish(runs, backend, err)
	}
	o.signals.stop()
	if stopped, ok := errors.AsType[*interruption](context.Cause(ctx)); ok && stopped.requeue && err != nil {
		o.signals.requeue(context.WithoutCancel(ctx)) // also where it could not be saved: there is an earlier checkpoint
	}
	if code := exitCode(err); o.noFigures || code != exitOK && code != exitDiverged {
		return dirs, err
	}
	defer debug.Begin("drawing figures")()
	for i, r := range runs {
		if trainer.Diverged(i) == nil {
			figures, step, problem := drawRun(r.dir, r.config, r.set, backend)
			board.show(i, step, figures)
			err = errors.Join(err, problem)
		}
	}
	return dirs, err
}

func directories(runs []*rundir.Run) (dirs []string) {
	for _, run := range runs {
		dirs = append(dirs, run.Dir())
	}
	return dirs
}

// opener opens a backend.
type opener func(spec string, options backends.Options) (*backends.Backend, error)

// openForTraining opens the backend of a config, and puts into the config what was chosen: the plugin's path and the number
// of devices.
func openForTraining(open opener, config *configs.Config, dim int) (*backends.Backend, error) {
	plan := trainers.PlanFor(config.Model, config.Method, dim, config.Train, runtime.GOMAXPROCS(0))
	backend, err := open(config.Backend, backends.Options{Devices: plan.Devices, Threads: plan.Threads})
	if err != nil {
		return nil, err
	}
	if config.Backend != "auto" {
		config.Backend = backend.Spec // with the absolute path of a plugin
	}
	if config.Train.Devices == 0 {
		config.Train.Devices = 1
		if backend.IsCPU() {
			config.Train.Devices = min(plan.Devices, backend.Devices)
		}
	}
	return backend, nil
}

func round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }
