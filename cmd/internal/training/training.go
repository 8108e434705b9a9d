// Package training trains: it makes runs, one or several at once, or goes on with them, and keeps their directories. joule train,
// the workers of suites and the tasks of launches all train with it.
package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"time"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/configs"
	"joule/datasets"
	"joule/internal/debugdir"
	"joule/rundir"
	"joule/trainers"
)

// programStart is when the program began, as near as it can tell.
var programStart = time.Now()

// Member is one of the runs that are trained at once; often the only one.
type Member struct {
	Config      *configs.Config
	Set         *datasets.Set
	Dir         *rundir.Run
	Environment rundir.Environment
	checksum    string  // of the training points
	settings    string  // checksum of the part of the config that may not change when it goes on
	formerly    string  // the same as older checkpoints have it; empty where it does not go on
	saved       saved   // what is on the disk, or on its way there
	Before      float64 // seconds that it was trained in earlier processes
	// criterion is what the best checkpoint is kept by, as last logged, and savedCriterion as of the last checkpoint; NaN:
	// there is none yet.
	criterion, savedCriterion float64
}

// saved tells a state from others of the same run.
type saved struct {
	step, incidents int
	rate            float64
}

// ReplicasOf loads the data of all the runs that a config asks for: with its seed, and the seeds after it. With a seed of its
// own the data are those of all.
func ReplicasOf(config *configs.Config) (runs []*Member, err error) {
	if n := int64(config.Train.Replicas); config.Seed > math.MaxInt64-n+1 {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("seed %d leaves no seeds for %d replicas (train.replicas): the largest is %d", config.Seed, n, int64(math.MaxInt64)))
	}
	runs = make([]*Member, config.Train.Replicas)
	for i := range runs {
		own := *config
		own.Seed += int64(i)
		own.Train.Replicas = 1 // each run's directory says how to make it alone
		var set *datasets.Set
		if i > 0 && own.DataSeed != nil {
			set = runs[0].Set
		} else if set, err = own.LoadData(); err != nil {
			return nil, err
		}
		runs[i] = &Member{Config: &own, Set: set, checksum: set.Checksum(), criterion: math.NaN(), savedCriterion: math.NaN()}
	}
	return runs, trained.Locate(config)
}

// makeDirectories makes the directories of the runs: those that are given, or else one run has the one that is named, and
// several have one each inside it.
func (o Options) makeDirectories(runs []*Member, name string, start time.Time) (err error) {
	for i, dir := range o.Dirs {
		if runs[i].Dir, err = rundir.Create(dir, name, start); err != nil {
			return err
		}
	}
	dir := o.Out
	switch {
	case o.Dirs != nil:
		return nil
	case len(runs) == 1:
		runs[0].Dir, err = rundir.Create(dir, name, start)
		return err
	}
	members := make([]string, len(runs))
	for i, r := range runs {
		members[i] = fmt.Sprintf("seed-%d", r.Config.Seed)
	}
	made, err := rundir.CreateGroup(dir, name, start, members)
	for i := range made {
		runs[i].Dir = made[i]
	}
	return err
}

// groupDir is the directory that names the runs together.
func groupDir(runs []*Member) string {
	if len(runs) > 1 {
		return filepath.Dir(runs[0].Dir.Dir())
	}
	return runs[0].Dir.Dir()
}

// Options are what a training is told beside its config.
type Options struct {
	Out         string // run directory to make; empty: one of the config's name and the time
	NoFigures   bool
	Locked      bool // the run directory was there, and is locked
	Signals     *cli.Watcher
	Tensorboard string              // the log directory; empty: none
	Begun       func(dirs []string) // told of the run directories before training begins; may be nil
	// For those who train many: the directories of the runs, and what is done when they are there; where backends are had from,
	// which are then not closed; what looks at the runs whenever something is logged, and returns how long that took, which is no
	// training; and what is done when the training has ended with err, in the place of drawing figures.
	Dirs   []string
	Made   func(runs []*Member) error
	Open   opener
	Look   func(step int, elapsed float64, trainer *trainers.Trainer, runs []*Member, backend *backends.Backend) (took time.Duration, err error)
	Finish func(runs []*Member, backend *backends.Backend, err error) error
}

// Train makes a run, or several at once, or goes on with them, and returns their directories, as far as they were made.
// The error is that of the training.
func Train(ctx context.Context, config *configs.Config, o Options, from *Resumption, progress Progress) (dirs []string, err error) {
	debug := cli.DebugDir(ctx)
	loaded := debug.Begin("loading the data")
	runs, err := ReplicasOf(config)
	if err != nil {
		return nil, err
	}
	loaded()
	opened := debug.Begin("opening the backend")
	open := o.Open
	if open == nil {
		open = cli.OpenBackend
	}
	var backend *backends.Backend
	if from == nil {
		backend, err = OpenBackend(open, config, runs[0].Set.Train.Dim)
	} else {
		backend, err = openAsBefore(open, from, config, runs[0].Set.Train.Dim)
	}
	if err != nil {
		return nil, err
	}
	opened()
	if o.Open == nil {
		defer backend.Close()
	}
	spec := trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: runs[0].Set, Seed: runs[0].Config.Seed,
	}
	for _, r := range runs[1:] {
		spec.Replicas = append(spec.Replicas, trainers.Replica{Data: r.Set, Seed: r.Config.Seed})
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
		r.Config.Backend, r.Config.Train.Devices = config.Backend, config.Train.Devices
		if r.settings, err = r.Config.Checksum(mayChange); err != nil {
			return nil, err
		}
		if from != nil {
			if r.formerly, err = from.formerly(r.Config); err != nil {
				return nil, err
			}
		}
		r.Environment = environmentOf(backend, r.Config.Seed, start)
		if len(runs) > 1 {
			r.Environment.Replicas = len(runs)
		}
	}
	if from == nil {
		if err := o.makeDirectories(runs, config.Name, start); err != nil {
			return nil, err
		}
		if o.Made != nil {
			if err := o.Made(runs); err != nil {
				return nil, err
			}
		}
		if !o.Locked {
			release, err := rundir.Lock(groupDir(runs))
			if err != nil {
				return nil, err
			}
			defer release()
		}
	} else if isDone, err := from.prepare(trainer, runs, start); err != nil {
		return nil, err
	} else if isDone {
		if o.Finish != nil {
			return directories(from.runs), o.Finish(runs, backend, nil)
		}
		return directories(from.runs), nil
	}
	for _, r := range runs {
		dirs = append(dirs, r.Dir.Dir())
		if err := describe(r.Dir, r.Config, r.Set, r.Environment); err != nil {
			return dirs, err
		}
	}
	if o.Begun != nil {
		o.Begun(dirs)
	}
	board, err := o.openBoard(runs, trainer, from != nil)
	if err != nil {
		return dirs, err
	}
	defer board.close()
	if from != nil { // not before: until here nothing is lost
		for _, r := range runs {
			if err := r.Dir.RemoveResult(); err != nil {
				return dirs, err
			}
		}
	}
	ctx = o.Signals.Training(ctx)
	var look func(step int, elapsed float64) (time.Duration, error)
	if o.Look != nil {
		look = func(step int, elapsed float64) (time.Duration, error) {
			return o.Look(step, elapsed, trainer, runs, backend)
		}
	}
	err = steps(ctx, trainer, runs, progress, board, look)
	if o.Finish != nil {
		return dirs, o.Finish(runs, backend, err)
	}
	o.Signals.Stop()
	if stopped, ok := errors.AsType[*cli.Interruption](context.Cause(ctx)); ok && stopped.Requeue && err != nil {
		o.Signals.Requeue(context.WithoutCancel(ctx)) // also where it could not be saved: there is an earlier checkpoint
	}
	if code := cli.ExitCode(err); o.NoFigures || code != cli.ExitOK && code != cli.ExitDiverged {
		return dirs, err
	}
	defer debug.Begin("drawing figures")()
	for i, r := range runs {
		if trainer.Diverged(i) == nil {
			figures, step, problem := drawRun(r.Dir, r.Config, r.Set, backend)
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

// OpenBackend opens the backend of a config, and puts into the config what was chosen: the plugin's path and the number
// of devices.
func OpenBackend(open opener, config *configs.Config, dim int) (*backends.Backend, error) {
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
