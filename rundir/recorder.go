package rundir

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"joule/checkpoints"
)

// Recorder writes what training gives into the directories of its runs, in the background and in order, so that training
// does not wait for the disk. What cannot be written is kept in memory and tried again whenever there is something new, and
// at the end; of the states of a run only the newest.
type Recorder struct {
	keep  checkpoints.Keep
	warn  func(error)
	runs  []*recorded
	begun time.Time
	done  chan struct{}

	mutex   sync.Mutex // guards what follows, and the pending work of the runs
	changed sync.Cond
	isNew   bool          // something was added since the writing goroutine looked
	behind  bool          // a state was left out, and there has been something to write ever since
	waited  time.Duration // by training, in all
	closed  bool
}

// Training waits for a disk that is slower, since a checkpoint is rather waited for than left out: but not longer than
// patience at once, and in all not longer than that and a fraction of the time.
const (
	patience = 500 * time.Millisecond
	fraction = 20
)

// recorded is one run of a recorder.
type recorded struct {
	*Run
	journal journal // pending
	save    *save   // pending
	// Why records or a state are still pending after they were tried; nil: they were not, or there are none.
	unlogged, unsaved error
}

// Save is the state of a run, and its parameters for those who use the run.
type Save struct {
	Checkpoint checkpoints.Checkpoint
	Parameters Parameters
}

// save is a Save on its way to the disk.
type save struct {
	Save
	stored bool // the checkpoint is on the disk
}

// NewRecorder starts to write into runs. warn is called with what could not be written and will be tried again, and with
// what is left out because the disk is slow; it may be called by any goroutine, and must not use the recorder.
func NewRecorder(runs []*Run, keep checkpoints.Keep, warn func(error)) *Recorder {
	r := &Recorder{keep: keep, warn: warn, begun: time.Now(), done: make(chan struct{})}
	r.changed.L = &r.mutex
	for _, run := range runs {
		r.runs = append(r.runs, &recorded{Run: run, journal: journal{upTo: math.MaxInt64}})
	}
	go r.work()
	return r
}

// Append adds a record to the metrics of a run.
func (r *Recorder) Append(run int, record Record) {
	r.add(run, func(own *recorded) { own.journal = own.journal.then(journal{math.MaxInt64, []Record{record}}) })
}

// Truncate removes the records of later steps from the metrics of a run.
func (r *Recorder) Truncate(run int, step int64) {
	r.add(run, func(own *recorded) { own.journal = own.journal.then(journal{upTo: step}) })
}

// Save keeps a state of a run as a checkpoint, and its parameters. Where the one before has not been begun after a short
// wait, because the disk is slower than the training, it is left out for this one.
func (r *Recorder) Save(run int, s Save) {
	r.add(run, func(own *recorded) {
		r.await(func() bool { return own.save == nil || own.unsaved != nil })
		if old := own.save; old != nil && !old.stored {
			why := "the disk is slower than the training"
			if own.unsaved != nil {
				why = "it could not be written"
			} else {
				r.behind = true
			}
			r.warn(fmt.Errorf("%s: the checkpoint of step %d is left out for that of step %d: %s", own.Dir(), old.Checkpoint.Step, s.Checkpoint.Step, why))
		}
		own.save = &save{Save: s}
	})
}

// await waits until something is so, but not for long, and not again while the disk is behind.
func (r *Recorder) await(isSo func() bool) {
	start, late := time.Now(), false
	timer := time.AfterFunc(min(patience, patience+start.Sub(r.begun)/fraction-r.waited), func() {
		r.mutex.Lock()
		defer r.mutex.Unlock()
		late = true
		r.changed.Broadcast()
	})
	defer timer.Stop()
	for !isSo() && !late && !r.behind {
		r.changed.Wait()
	}
	r.waited += time.Since(start)
}

func (r *Recorder) add(run int, do func(*recorded)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	do(r.runs[run])
	r.isNew = true
	r.changed.Broadcast()
}

// How often, and how long after the time before, the recorder tries again to write what is pending when it is closed.
const (
	lastTries = 3
	lastPause = 100 * time.Millisecond
)

// Close tries to write all that is pending, a few times if need be, and returns for each run why something of it is not on
// the disk.
func (r *Recorder) Close() []error {
	r.mutex.Lock()
	r.closed = true
	r.changed.Broadcast()
	r.mutex.Unlock()
	<-r.done
	failed := make([]error, len(r.runs))
	for i, run := range r.runs {
		failed[i] = errors.Join(run.unlogged, run.unsaved)
	}
	return failed
}

// work is the writing goroutine.
func (r *Recorder) work() {
	defer close(r.done)
	tries := 1
	for last := false; !last; {
		isFailed := false
		r.mutex.Lock()
		for !r.isNew && !r.closed {
			r.behind = false
			r.changed.Wait()
		}
		r.isNew, last = false, r.closed
		r.mutex.Unlock()
		for _, run := range r.runs {
			before := errors.Join(run.unlogged, run.unsaved)
			r.write(run)
			now := errors.Join(run.unlogged, run.unsaved)
			isFailed = isFailed || now != nil
			if isLast := last && tries == lastTries; now != nil && before == nil && !isLast {
				r.warn(fmt.Errorf("%w; training goes on, keeps it in memory and tries again", now))
			}
		}
		if last && isFailed && tries < lastTries {
			time.Sleep(lastPause)
			tries, last = tries+1, false
		}
	}
}

// write writes what is pending of a run; what cannot be written stays pending. Only the writing goroutine changes the reasons.
func (r *Recorder) write(run *recorded) {
	r.mutex.Lock()
	entries, state := run.journal, run.save
	run.journal, run.save = journal{upTo: math.MaxInt64}, nil
	r.changed.Broadcast()
	r.mutex.Unlock()

	unlogged, unsaved := entries.write(run.Run), error(nil)
	if state != nil {
		unsaved = state.write(run.Run, r.keep)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if unlogged != nil {
		run.journal = entries.again().then(run.journal)
	}
	if unsaved != nil && run.save == nil {
		run.save = state
	}
	run.unlogged, run.unsaved = unlogged, unsaved
	r.changed.Broadcast()
}

func (s *save) write(run *Run, keep checkpoints.Keep) error {
	var syncErr error
	if !s.stored {
		// The records up to a checkpoint are on the disk before it: who goes on from it relies on them. Where they cannot be,
		// the checkpoint is worth more.
		syncErr = run.SyncMetrics()
		if err := run.Checkpoints().Save(s.Checkpoint); err != nil {
			return errors.Join(syncErr, err)
		}
		s.stored = true
	}
	return errors.Join(syncErr, run.WriteParameters(s.Parameters), run.Checkpoints().Prune(keep))
}

// journal is a change of the metrics: records above a step are removed, and then some are added, in the order of steps.
type journal struct {
	upTo    int64 // math.MaxInt64: none is removed
	records []Record
}

// then is the change that has the effect of two.
func (j journal) then(next journal) journal {
	kept := j.records
	for len(kept) > 0 && kept[len(kept)-1].Step > next.upTo {
		kept = kept[:len(kept)-1]
	}
	return journal{min(j.upTo, next.upTo), append(kept, next.records...)}
}

// again is the change to try after it failed: some of its records may have been written.
func (j journal) again() journal {
	if len(j.records) > 0 {
		j.upTo = min(j.upTo, j.records[0].Step-1)
	}
	return j
}

func (j journal) write(run *Run) error {
	if j.upTo != math.MaxInt64 {
		if err := run.TruncateMetrics(j.upTo); err != nil {
			return err
		}
	}
	if len(j.records) == 0 {
		return nil
	}
	return run.AppendMetrics(j.records...)
}
