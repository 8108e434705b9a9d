package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"joule/backends"
	"joule/cmd/internal/training"
	"joule/metrics"
	"joule/models"
	"joule/trainers"
)

// looksFile is in the run directory of a suite's run, and holds a line for each look at its divergence while it trained.
const looksFile = "looks.jsonl"

// look is one of them: after how many steps, and how many seconds of training, each run its share of those of its program.
type look struct {
	Step    int     `json:"step"`
	Seconds float64 `json:"seconds"`
	KL      float64 `json:"kl"`
}

// lookCells is the number of points an axis of the grids of looks, which are many.
const lookCells = 201

// looking measures the divergence of runs from their densities while they train.
type looking struct {
	every, next int // steps
	seen        []seen
}

// seen is what is needed to look at a run.
type seen struct {
	model      *models.Compiled
	integrator *metrics.Integrator // nil: there is nothing to see
	file       string
}

// newLooking looks at runs so many times while they train.
func newLooking(looks, steps int) *looking { return &looking{every: max(steps/looks, 1)} }

// at looks at the runs that are at a step, where that is due, and returns how long it took.
func (l *looking) at(step int, elapsed float64, trainer *trainers.Trainer, runs []*training.Member, backend *backends.Backend) (time.Duration, error) {
	begun := time.Now()
	steps := runs[0].Config.Train.Steps
	if step < l.next && step < steps {
		return 0, nil
	}
	l.next = step + l.every
	if l.seen == nil {
		l.seen = make([]seen, len(runs))
	}
	for i, r := range runs {
		if trainer.Diverged(i) != nil || trainer.StepOf(i) != step || r.Set.Density == nil || r.Set.Train.Dim > 2 {
			continue
		}
		values, err := trainer.Parameters(i)
		if err != nil {
			return 0, err
		}
		s := &l.seen[i]
		if s.integrator == nil {
			err = s.prepare(r, values, backend)
		} else {
			s.model, err = s.model.With(values)
		}
		if err != nil {
			return 0, err
		}
		seen, err := s.integrator.Integrate(s.model)
		if err != nil { // an energy with no integral yet may get one
			continue
		}
		if err := appendLook(s.file, look{step, (r.Before + elapsed) / float64(len(runs)), seen.True.KL}); err != nil {
			return 0, err
		}
	}
	return time.Since(begun), nil
}

// prepare compiles what is needed.
func (s *seen) prepare(r *training.Member, values []models.Value, backend *backends.Backend) (err error) {
	if s.model, err = models.Compile(backend.Backend, r.Config.Model, r.Set.Train.Dim, values); err != nil {
		return err
	}
	low, high := r.Set.Train.Range()
	grid, err := metrics.GridFor(low, high, lookCells)
	if err != nil {
		return err
	}
	s.file = filepath.Join(r.Dir.Dir(), looksFile)
	s.integrator, err = metrics.NewIntegrator(s.model, grid, r.Set.Density)
	return err
}

// close frees what was compiled.
func (l *looking) close() {
	for _, s := range l.seen {
		if s.integrator != nil {
			s.integrator.Close()
			s.model.Close()
		}
	}
}

func appendLook(path string, l look) error {
	line, err := json.Marshal(l)
	if err != nil {
		return nil // a divergence that is not finite is none to tell
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// readLooks reads the looks of a run, in the order of their steps; of a step that was made twice the last one. None is no error.
func readLooks(dir string) (looks []look, err error) {
	file, err := os.Open(filepath.Join(dir, looksFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var l look
		if json.Unmarshal(lines.Bytes(), &l) != nil { // cut off by a crash
			continue
		}
		looks = slices.DeleteFunc(looks, func(earlier look) bool { return earlier.Step >= l.Step })
		looks = append(looks, l)
	}
	return looks, lines.Err()
}
