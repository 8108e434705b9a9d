package launch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"joule/cmd/internal/cli"
	"joule/launch"
	"joule/results"
)

// attend stays with jobs whose tasks run only while this program does, and collects what they leave.
func (o options) attend(ctx context.Context, d *launch.Dir, attendant launch.Attendant, jobs []*launch.Job) error {
	total, ended, begun := 0, 0, time.Now()
	for _, j := range jobs {
		total += len(j.Tasks)
	}
	if local, ok := attendant.(*launch.Local); ok {
		local.Began = func(task int, _ error) { slog.Debug("started", "task", task, "log", d.LogFile(task)) }
		local.Ended = func(task int, err error) {
			ended++
			left := time.Duration(float64(time.Since(begun)) / float64(ended) * float64(total-ended)).Round(time.Second)
			about := []any{"number", task, "ended", ended, "of", total}
			if err != nil && ctx.Err() == nil {
				slog.Warn("a task has failed", append(about, "error", err, "log", d.LogFile(task))...)
				return
			}
			slog.Info("task", append(about, "left", left)...)
		}
	}
	var err error
	for _, j := range jobs {
		err = errors.Join(err, attendant.Attend(ctx, d, j))
	}
	if _, collectErr := collect(d); err == nil {
		err = collectErr
	}
	return err
}

// collect adds the rows that tasks have left to the results of a suite, and returns how many there are new.
func collect(d *launch.Dir) (added int, err error) {
	if d.What != launch.OfSuite {
		return 0, nil
	}
	release, err := d.Make()
	if err != nil {
		return 0, err
	}
	defer release()
	journal, err := results.OpenJournal(filepath.Join(d.Path, results.JournalFile))
	if err != nil {
		return 0, err
	}
	added, err = d.Collect(journal)
	if err = errors.Join(err, journal.Close()); err != nil {
		return added, err
	}
	return added, writeTables(d)
}

// judge says that some runs have not ended, with the exit code of the first task that has failed.
func judge(d *launch.Dir) error {
	all, err := d.Standings(nil)
	if err != nil {
		return err
	}
	missing, code := 0, cli.ExitFailed
	var first error
	for _, s := range all {
		failed := d.What == launch.OfConfig && s.Ended[results.Failed] > 0
		if s.IsDone() && !failed {
			continue
		}
		missing++
		if n := len(s.Attempts); first == nil && n > 0 && s.Attempts[n-1].Error != "" {
			first, code = errors.New(s.Attempts[n-1].Error), s.Attempts[n-1].Code
		}
	}
	if missing == 0 {
		return nil
	}
	if d.What == launch.OfConfig && first != nil {
		return cli.Coded(code, first)
	}
	err = fmt.Errorf("%d of %d tasks have runs without a result", missing, len(all))
	if first != nil {
		err = fmt.Errorf("%w: %w", err, first)
	}
	return cli.Coded(code, fmt.Errorf("%w; joule launch status %s says more", err, d.Path))
}
