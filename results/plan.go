package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"joule/internal/atomicfile"
	"joule/internal/regularfile"
)

// PlanFile says in the directory of a suite what there is to do.
const PlanFile = "plan.json"

// planFormat is the version of that file, and the newest that is read.
const planFormat = 1

// Plan is what a process that makes the runs of a suite has set out to do.
type Plan struct {
	Suite string `json:"suite"`
	// Created is when the suite was begun first, by which it is known to trackers; zero in files of older joules.
	Created time.Time `json:"created,omitzero"`
	// Started is when it began, and Done the number of runs that had a row by then, with those that were refused.
	Started time.Time `json:"started"`
	Done    int       `json:"done"`
	// Jobs is the number of its workers.
	Jobs int `json:"jobs"`
	// Keys are those of all runs of the suite, with and without a row.
	Keys []string `json:"keys"`
}

// Begun is when the suite in a directory was begun first: as its plan says, or, where there is none that does, when the run was started
// whose row came first. It is zero where there is neither.
func Begun(dir string) (begun time.Time, err error) {
	plan, err := ReadPlan(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return begun, err
	}
	if !plan.Created.IsZero() {
		return plan.Created, nil
	}
	if !plan.Started.IsZero() {
		return plan.Started, nil
	}
	_, err = Follow(filepath.Join(dir, JournalFile)).Next(func(row Head) {
		if begun.IsZero() {
			begun = row.Started
		}
	})
	return begun, err
}

// WritePlan writes the plan into the directory of a suite.
func WritePlan(dir string, p Plan) error {
	path := filepath.Join(dir, PlanFile)
	text, err := json.Marshal(struct {
		Format int `json:"format"`
		Plan
	}{planFormat, p})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}

// ReadPlan reads the plan in the directory of a suite. The error is [io/fs.ErrNotExist] where there is none.
func ReadPlan(dir string) (Plan, error) {
	path := filepath.Join(dir, PlanFile)
	text, err := regularfile.Read(path)
	if err != nil {
		return Plan{}, err
	}
	var p struct {
		Format int
		Plan
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return Plan{}, fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case p.Format > planFormat:
		return Plan{}, fmt.Errorf("%s: has format %d, and this joule reads up to %d; a newer one is needed", path, p.Format, planFormat)
	case p.Format < 1:
		return Plan{}, errors.New(path + ": has no format number, and should have format 1")
	}
	return p.Plan, nil
}
