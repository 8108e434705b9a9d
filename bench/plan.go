// Package bench makes the runs of a suite: it plans tasks, hands them to worker processes, and keeps what they say in a
// journal of results.
//
// A worker is a process of its own, so that whatever happens to it is a row of the results with a reason. It reads a [Task] a
// line on its standard input and answers with a [Message] a line on its standard output.
package bench

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"joule/configs"
	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/results"
	"joule/suites"
	"joule/trainers"
)

// mostReplicas is how many runs are trained at once where the suite leaves it open.
const mostReplicas = 16

// Plan is what there is to do for a suite.
type Plan struct {
	Suite *suites.Suite
	// Keys are those of all runs, in the order of the suite: by cell, then by seed.
	Keys []string
	// Tasks are what is to be done.
	Tasks []*Task
	// Refused are rows of the runs whose settings do not go together, as far as they are not in the journal.
	Refused []*results.Row
	// Done counts the runs that are in the journal.
	Done int
}

// Options say what is planned, and how it is carried out.
type Options struct {
	// Dir is the directory of the suite, absolute.
	Dir string
	// Backend is what runs are trained on, in the place of what their configs say; empty: as these say.
	Backend string
	// Version is that of the program.
	Version string
	// Retry takes runs that failed, crashed or timed out as not done.
	Retry bool
	// Most is the largest number of runs that are trained at once, 0 being as many as the suite says.
	Most int
	// Elsewhere tells of a run by its key that it is made by others, so that it is in no task; nil: none is.
	Elsewhere func(key string) bool
}

// NewPlan finds out which runs of a suite are not in the journal.
func NewPlan(s *suites.Suite, cells []*suites.Cell, journal *results.Journal, o Options) (*Plan, error) {
	p := &Plan{Suite: s}
	for _, cell := range cells {
		if cell.Refused != "" {
			p.refuse(cell, journal, o)
			continue
		}
		config, err := configOf(cell, s.FirstSeed, o)
		if err != nil {
			return nil, err
		}
		sum, err := checksum(s, cell, config)
		if err != nil {
			return nil, err
		}
		most := replicas(s, cell, config)
		if o.Most > 0 {
			most = min(most, o.Most)
		}
		var task *Task
		for i := range s.Seeds {
			seed := s.FirstSeed + int64(i)
			key := keyOf(s, cell, sum, seed)
			p.Keys = append(p.Keys, key)
			if status, ok := journal.Status(key); ok && !(o.Retry && IsWorthRetrying(status)) {
				p.Done++
				task = nil
				continue
			}
			if o.Elsewhere != nil && o.Elsewhere(key) {
				task = nil
				continue
			}
			if task == nil || task.count == most {
				task = &Task{ID: len(p.Tasks), cell: cell, common: config, sum: sum, first: seed}
				p.Tasks = append(p.Tasks, task)
			}
			task.count++
		}
	}
	return p, nil
}

// IsWorthRetrying says whether another attempt at a run that ended so may end otherwise.
func IsWorthRetrying(s results.Status) bool {
	return s == results.Failed || s == results.Crashed || s == results.TimedOut
}

// checksum identifies what the runs of a cell have in common: its name, all that says how they are trained, and what draws from
// them where something is drawn.
func checksum(s *suites.Suite, cell *suites.Cell, config *configs.Config) (string, error) {
	draws := suites.NeedsSamples(s.Metrics)
	sum, err := config.Checksum(func(key string) bool {
		isOfDraws := strings.HasPrefix(key, "sampler.") || strings.HasPrefix(key, "sampling.")
		return key == "name" || key == "seed" || isOfDraws && !draws
	})
	return cell.Name + " " + sum, err
}

// keyOf identifies a run by its settings and by what is measured of it.
func keyOf(s *suites.Suite, cell *suites.Cell, config string, seed int64) string {
	measured := struct {
		Metrics []string
		Measure suites.Measure
		Budget  suites.Budget
	}{s.Metrics, s.Measure, cell.Budget}
	text, _ := json.Marshal(measured) // numbers and text alone
	return fmt.Sprintf("%.16x", sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n", config, text, seed)))
}

// replicas is how many runs of a cell are trained at once.
func replicas(s *suites.Suite, cell *suites.Cell, config *configs.Config) int {
	switch {
	case cell.Budget.Seconds > 0: // a run's time is its own
		return 1
	case s.Replicas > 0:
		return s.Replicas
	case isDrawn(config.Data):
		return mostReplicas
	}
	return 1
}

// isDrawn says whether data are drawn from a density: then they are small, and there is one size of them.
func isDrawn(s datasets.Source) bool {
	_, isFile := s.(interface{ Locate(dir string) error })
	return !isFile
}

// refuse notes the runs of a cell whose settings do not go together.
func (p *Plan) refuse(cell *suites.Cell, journal *results.Journal, o Options) {
	for i := range p.Suite.Seeds {
		row := p.row(cell, p.Suite.FirstSeed+int64(i), o)
		row.Key = keyOf(p.Suite, cell, "refused: "+cell.Refused+cell.Name, row.Seed)
		row.Status, row.Reason = results.Refused, cell.Refused
		p.Keys = append(p.Keys, row.Key)
		if _, ok := journal.Status(row.Key); ok {
			p.Done++
			continue
		}
		p.Refused = append(p.Refused, row)
	}
}

// row is what is known of a run beforehand, but for its key.
func (p *Plan) row(cell *suites.Cell, seed int64, o Options) *results.Row {
	return &results.Row{Run: fmt.Sprintf("%s/seed-%d", cell.Name, seed), Suite: p.Suite.Name, Axes: cell.Axes, Seed: seed, Joule: o.Version}
}

// Fill makes the tasks say all that is to be known for making their runs, so that they can be kept as JSON and carried out by
// another program, which plans with [PlanOf].
func (p *Plan) Fill(o Options) error {
	for _, t := range p.Tasks {
		if err := p.fill(t, o); err != nil {
			return err
		}
	}
	return nil
}

// PlanOf is a plan of tasks that were filled before, less the runs that are done by what is said of their keys. Timeout is the
// suite's.
func PlanOf(tasks []*Task, timeout float64, isDone func(key string) bool) (*Plan, error) {
	p := &Plan{Suite: &suites.Suite{Timeout: timeout}}
	for _, whole := range tasks {
		var task *Task
		for i, row := range whole.Rows {
			p.Keys = append(p.Keys, row.Key)
			if isDone(row.Key) {
				p.Done++
				task = nil
				continue
			}
			if task != nil { // the seeds of a task follow one another
				task.Rows, task.Dirs = append(task.Rows, row), append(task.Dirs, whole.Dirs[i])
				continue
			}
			var err error
			if task, err = whole.part(i, i+1); err != nil {
				return nil, err
			}
			task.ID = len(p.Tasks)
			p.Tasks = append(p.Tasks, task)
		}
	}
	return p, nil
}

// fill makes a task ready to be sent.
func (p *Plan) fill(t *Task, o Options) error {
	if t.Rows != nil {
		return nil
	}
	config := *t.common
	config.Seed = t.first
	text, err := config.Encode()
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(config.Dir)
	if err != nil {
		return err
	}
	t.Folder, t.Config = folder, string(text)
	t.FirstSeed = p.Suite.FirstSeed
	t.Keep, t.Metrics, t.Measure, t.Budget = p.Suite.Keep, p.Suite.Metrics, p.Suite.Measure, t.cell.Budget
	for i := range t.count {
		row := p.row(t.cell, t.first+int64(i), o)
		row.Key = keyOf(p.Suite, t.cell, t.sum, row.Seed)
		row.Method = strictyaml.KindOf(trainers.Kinds, config.Method)
		row.Data = strictyaml.KindOf(datasets.Kinds, config.Data)
		row.Model = strictyaml.KindOf(models.Kinds, config.Model)
		t.Rows = append(t.Rows, row)
		t.Dirs = append(t.Dirs, filepath.Join(o.Dir, results.RunsFolder, filepath.FromSlash(row.Run)))
	}
	return nil
}
