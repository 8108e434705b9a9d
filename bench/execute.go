package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"joule/results"
)

// Limits on how long a worker may be silent, beside what the suite says.
const (
	startPatience = 5 * time.Minute
	// silence is how long a task may go without a word: a big program takes minutes to compile.
	silence = 15 * time.Minute
	// sameSignal is how far apart a signal to several processes may come.
	sameSignal = time.Second
	// mostRestarts is how often in a row a worker may fail to start.
	mostRestarts = 3
)

// Runner carries a plan out.
type Runner struct {
	Plan    *Plan
	Journal *results.Journal
	Options Options
	// Jobs is the number of workers, each a process.
	Jobs int
	// Command makes that of the worker of a number, from 0 on.
	Command func(worker int) *exec.Cmd
	// Grace is how long a worker may take to save what it has when it is interrupted.
	Grace time.Duration
	// MostMemory is how many bytes a worker may hold between two tasks before another takes its place; 0 does not bound it.
	MostMemory int64
	// Began, Beat and Finished are told what goes on, one at a time. Any may be nil.
	Began    func(worker int, t *Task)
	Beat     func(worker int, t *Task, b Beat)
	Finished func(worker int, t *Task, rows []*results.Row)

	mutex   sync.Mutex // of what follows, and of the calls above
	next    int
	split   []*Task
	running int
	left    int // tasks that have not ended by themselves
	changed *sync.Cond
	failed  error // why there is no going on
}

// Run carries the plan out until it is done or the context is: then what is being trained is saved, and nothing more begun. An
// [*UnusableError] says that no worker could be had.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.Journal.Append(r.Plan.Refused...); err != nil {
		return err
	}
	logs := filepath.Join(r.Options.Dir, "logs")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return err
	}
	r.changed, r.left = sync.NewCond(&r.mutex), len(r.Plan.Tasks)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		r.changed.Broadcast()
	})()
	var all sync.WaitGroup
	for worker := range max(1, min(r.Jobs, len(r.Plan.Tasks))) {
		all.Go(func() {
			log, err := openLog(filepath.Join(logs, fmt.Sprintf("worker-%d.log", worker)))
			if err == nil {
				err = errors.Join(r.work(ctx, worker, log), log.Close())
			}
			if err != nil {
				r.fail(err)
				cancel()
			}
		})
	}
	all.Wait()
	if r.failed != nil {
		return r.failed
	}
	if r.left == 0 { // also where the context has ended with the last task
		return nil
	}
	return ctx.Err()
}

// fail notes the first reason for not going on.
func (r *Runner) fail(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}

// take is the next task, or nil where there is none and none can come any more.
func (r *Runner) take(ctx context.Context) *Task {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for ctx.Err() == nil {
		if n := len(r.split); n > 0 {
			t := r.split[n-1]
			r.split = r.split[:n-1]
			r.running++
			return t
		}
		if r.next < len(r.Plan.Tasks) {
			t := r.Plan.Tasks[r.next]
			r.Plan.Tasks[r.next] = nil // what it holds can go once it is done
			r.next++
			r.running++
			return t
		}
		if r.running == 0 {
			break
		}
		r.changed.Wait() // a task that fails is tried run by run
	}
	return nil
}

// done notes how a task has ended.
func (r *Runner) done(end ending) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.running--
	if len(end.rows)+len(end.more) > 0 {
		r.left += len(end.more) - 1
	}
	r.split = append(r.split, end.more...)
	r.changed.Broadcast()
}

// work is what one worker does.
func (r *Runner) work(ctx context.Context, worker int, log io.Writer) (err error) {
	var p *process
	defer func() {
		if p != nil {
			p.stop()
		}
	}()
	for {
		t := r.take(ctx)
		if t == nil {
			return nil
		}
		if err := r.Plan.fill(t, r.Options); err != nil {
			return err
		}
		for attempt := 1; p == nil; attempt++ {
			if p, err = start(r.Command(worker), log, startPatience); err == nil {
				break
			}
			unusable := (*UnusableError)(nil)
			if errors.As(err, &unusable) || attempt == mostRestarts {
				return err
			}
		}
		r.tell(func() {
			if r.Began != nil {
				r.Began(worker, t)
			}
		})
		end, err := r.attend(ctx, worker, p, t)
		if err == nil && len(end.rows) > 0 {
			err = r.Journal.Append(end.rows...)
		}
		if err != nil {
			return err
		}
		r.tell(func() {
			if r.Finished != nil && len(end.rows) > 0 {
				r.Finished(worker, t, end.rows)
			}
		})
		r.done(end)
		switch {
		case !end.alive:
			p = nil
		case r.MostMemory > 0 && end.resident > r.MostMemory:
			p.stop()
			p = nil
		}
	}
}

// ending is how a task has ended: with rows, with tasks that take its place, or with neither where it was stopped.
type ending struct {
	rows []*results.Row
	more []*Task
	// alive says that the worker can take another task, and resident how many bytes it holds.
	alive    bool
	resident int64
}

// tell calls something that is told what goes on.
func (r *Runner) tell(call func()) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	call()
}

// attend gives a worker a task and waits for its end.
func (r *Runner) attend(ctx context.Context, worker int, p *process, t *Task) (ending, error) {
	p.words.forget()
	began := time.Now()
	sent := make(chan struct{}) // a worker that has died does not read
	go func() {
		_ = p.send(t) // where it fails the worker has ended, which is seen below
		close(sent)
	}()
	defer func() { <-sent }()
	var limit <-chan time.Time
	if seconds := r.Plan.Suite.Timeout; seconds > 0 {
		timer := time.NewTimer(time.Duration(seconds * float64(time.Second) * float64(t.Runs())))
		defer timer.Stop()
		limit = timer.C
	}
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	stop := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case m := <-p.messages:
			quiet.Reset(silence)
			switch {
			case m.Done != nil:
				return ending{rows: m.Done, alive: true, resident: m.Resident}, nil
			case m.Stopped:
				p.drain()
				return ending{}, nil
			case m.Beat != nil:
				r.tell(func() {
					if r.Beat != nil {
						r.Beat(worker, t, *m.Beat)
					}
				})
			}
		case <-p.ended:
			for len(p.messages) > 0 { // said before it ended
				if m := <-p.messages; m.Done != nil {
					return ending{rows: m.Done}, nil
				}
			}
			if p.wasStopped() { // by a signal that may be for all, and that this program is about to get
				select {
				case <-ctx.Done():
				case <-time.After(sameSignal):
				}
			}
			if ctx.Err() != nil {
				return ending{}, nil
			}
			return r.instead(t, results.Crashed, p.reason())
		case <-limit:
			p.kill()
			return r.instead(t, results.TimedOut, fmt.Sprintf("after %.0f s it had not ended (timeout of the suite: %v s a run)", time.Since(began).Seconds(), r.Plan.Suite.Timeout))
		case <-quiet.C:
			p.kill()
			return r.instead(t, results.TimedOut, fmt.Sprintf("it said nothing for %s", silence))
		case <-stop:
			p.interrupt()
			stop, late = nil, time.After(r.Grace)
		case <-late:
			p.kill()
			return ending{}, nil
		}
	}
}

// instead is the end of a task whose worker has died: rows that say so, or its runs one by one, since one of them is to blame and
// the others are not.
func (r *Runner) instead(t *Task, status results.Status, reason string) (ending, error) {
	if t.Runs() == 1 {
		return ending{rows: t.failed(status, reason)}, nil
	}
	more, err := t.split()
	return ending{more: more}, err
}
