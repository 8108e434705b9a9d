package training

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
	"joule/cmd/internal/tracking"
	"joule/internal/atomicfile"
	"joule/internal/safetensors"
	"joule/rundir"
	"joule/trainers"
	"joule/watch/tensorboard"
	"joule/watch/tracked"
)

// board is the event files of the runs that are being trained; a nil one has none.
type board struct{ runs []*tensorboard.Live }

// CheckBoard reports, before anything is made, that the runs would not have a folder of their own in the log directory. Those that go
// on have one.
func (o Options) CheckBoard(isResumed bool) error {
	if o.Tensorboard == "" {
		return nil
	}
	if err := os.MkdirAll(o.Tensorboard, 0o755); err != nil {
		return fmt.Errorf("--tensorboard: %w", atomicfile.Error("make", o.Tensorboard, err))
	}
	if o.Out == "" || isResumed {
		return nil
	}
	folder := filepath.Join(o.Tensorboard, tracked.Name(o.Out, o.Out))
	replicas, _ := filepath.Glob(filepath.Join(folder, "seed-*")) // the pattern is a good one
	for _, path := range append(replicas, folder) {
		if err := tensorboard.CheckUnused(path); err != nil {
			return fmt.Errorf("--tensorboard: %w", err)
		}
	}
	return nil
}

// openBoard begins the event files of runs that are about to be trained. What went before, of one that goes on, is told as well as far as
// no event file has it.
func (o Options) openBoard(runs []*Member, trainer *trainers.Trainer, isResumed bool) (*board, error) {
	if o.Tensorboard == "" {
		return nil, nil
	}
	b := &board{}
	for i, r := range runs {
		folder := filepath.Join(o.Tensorboard, tracked.Name(groupDir(runs), r.Dir.Dir()))
		live, err := openLive(folder, r, int64(trainer.StepOf(i)), isResumed)
		if err != nil {
			b.close()
			return nil, fmt.Errorf("--tensorboard: %w", err)
		}
		b.runs = append(b.runs, live)
		slog.Info("event file", "path", live.Path())
	}
	return b, nil
}

// openLive begins the event file of a run that has made so many steps.
func openLive(folder string, r *Member, step int64, isResumed bool) (*tensorboard.Live, error) {
	config, err := r.Config.Encode()
	if err != nil {
		return nil, err
	}
	hparams, err := tracked.Settings(config)
	if err != nil {
		return nil, err
	}
	first, restart := int64(0), int64(0)
	var earlier []tensorboard.Event
	if isResumed {
		told, at, err := tensorboard.LastStep(folder) // the last logs before a process was killed may be missing
		if err != nil {
			return nil, err
		}
		if told >= 0 {
			first = step
		}
		restart = step + 1
		if earlier, err = earlierScalars(r, told, at, step); err != nil {
			return nil, err
		}
	}
	live, err := tensorboard.Open(folder, cli.Version, restart, func(err error) { slog.Warn(cli.OneLine(err)) })
	if err != nil {
		return nil, err
	}
	begun := r.Environment.Started
	live.Add(tracking.StartEvent(first, begun, tensorboard.Start{Hparams: hparams, At: begun}, string(config)))
	live.Add(earlier...)
	return live, nil
}

// earlierScalars are what was logged after one step, told at a time, up to another.
func earlierScalars(r *Member, after int64, at time.Time, step int64) (events []tensorboard.Event, err error) {
	logged, err := r.Dir.Metrics()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	clock := tracked.NewClock(r.Environment, logged.Records)
	for i, record := range logged.Records {
		if record.Step > after && record.Step <= step {
			if clock.Times[i].After(at) { // as it is but for rounding: these times follow from the speed
				at = clock.Times[i]
			}
			events = append(events, tensorboard.Scalars(record, at))
		}
	}
	return events, nil
}

// append tells of a record.
func (b *board) append(i int, record rundir.Record) {
	if b != nil {
		b.runs[i].Add(tensorboard.Scalars(record, time.Now()))
	}
}

// truncate says that what was told of steps after a given one is void.
func (b *board) truncate(i int, step int64) {
	if b != nil {
		b.runs[i].Add(tensorboard.Event{Time: time.Now(), Step: step + 1, Restart: true})
	}
}

// save tells how the parameters are spread.
func (b *board) save(i int, step int64, parameters []safetensors.Tensor) {
	if b != nil {
		at := time.Now()
		b.runs[i].AddState(func() []tensorboard.Event { return []tensorboard.Event{tracking.StateEvent(step, at, parameters)} })
	}
}

// end tells how a run has ended.
func (b *board) end(i int, result rundir.Result) {
	if b == nil {
		return
	}
	now := time.Now()
	if end, ok := tracking.EndEvent(result.Step, tracked.EndOf(result, now)); ok {
		b.runs[i].Add(end)
	}
}

// show adds the figures of a run.
func (b *board) show(i int, step int64, figures []measured.Drawing) {
	if b == nil {
		return
	}
	for _, d := range figures {
		if d.Name == "training" { // TensorBoard draws the curves itself
			continue
		}
		file, err := os.ReadFile(d.Path)
		var picture tensorboard.Image
		if err == nil {
			picture, err = tracking.ImageOf(tracked.Picture{Name: d.Name, PNG: file})
		}
		if err != nil {
			slog.Warn("a picture is left out", "cause", err)
			continue
		}
		b.runs[i].Add(tensorboard.Event{Time: time.Now(), Step: step, Values: []tensorboard.Value{picture}})
	}
}

// close ends the files. What could not be written of them is logged: it is lost with them alone, and can be had anew.
func (b *board) close() {
	if b == nil {
		return
	}
	for _, live := range b.runs {
		if err := live.Close(); err != nil {
			slog.Warn("not all events could be written; joule tensorboard makes them of the run in another log directory", "cause", cli.OneLine(err))
		}
	}
}
