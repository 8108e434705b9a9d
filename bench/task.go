package bench

import (
	"fmt"
	"slices"
	"strings"

	"joule/configs"
	"joule/results"
	"joule/suites"
)

// Task is some runs of a cell that are trained at once, in one program.
type Task struct {
	ID int `json:"id"`
	// Rows are what is known of the runs beforehand; their seeds follow one another.
	Rows []*results.Row `json:"rows"`
	// Folder is where configs refer to the files of their data from, and Config that of the first run, as YAML.
	Folder string `json:"folder"`
	Config string `json:"config"`
	// Dirs are the run directories.
	Dirs []string `json:"dirs"`
	Keep string   `json:"keep"`
	// FirstSeed is that of the cell: of its run there are pictures.
	FirstSeed int64          `json:"first_seed"`
	Metrics   []string       `json:"metrics"`
	Measure   suites.Measure `json:"measure"`
	Budget    suites.Budget  `json:"budget"`

	// What it is until it is filled: from then on the rows say it.
	cell   *suites.Cell
	common *configs.Config // that of the cell, with whatever seed
	sum    string          // its checksum
	first  int64           // seed
	count  int
}

// Runs is the number of its runs.
func (t *Task) Runs() int {
	if t.Rows != nil {
		return len(t.Rows)
	}
	return t.count
}

// configOf is that of the run of a cell with a seed.
func configOf(cell *suites.Cell, seed int64, o Options) (*configs.Config, error) {
	config, err := cell.Config(seed)
	if err == nil && o.Backend != "" {
		config.Backend = o.Backend
	}
	return config, err
}

// part makes a task of its runs from one to before another, by their numbers.
func (t *Task) part(from, to int) (*Task, error) {
	own := *t
	own.Rows, own.Dirs = slices.Clip(t.Rows[from:to]), slices.Clip(t.Dirs[from:to])
	if from == 0 {
		return &own, nil
	}
	config, err := configs.Parse([]byte(t.Config), own.Rows[0].Run, t.Folder)
	if err != nil {
		return nil, err
	}
	config.Seed = own.Rows[0].Seed
	text, err := config.Encode()
	own.Config = string(text)
	return &own, err
}

// split makes a task of each of its runs.
func (t *Task) split() (tasks []*Task, err error) {
	for i := range t.Rows {
		own, err := t.part(i, i+1)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, own)
	}
	return tasks, nil
}

// String names the runs of a task.
func (t *Task) String() string {
	if t.Rows == nil {
		return t.cell.Name
	}
	first := t.Rows[0]
	if len(t.Rows) == 1 {
		return first.Run
	}
	return fmt.Sprintf("%s…%d", first.Run, first.Seed+int64(len(t.Rows))-1)
}

// failed are the rows of a task none of whose runs came to an end by itself.
func (t *Task) failed(status results.Status, reason string) []*results.Row {
	rows := make([]*results.Row, len(t.Rows))
	for i, r := range t.Rows {
		row := *r
		row.Status, row.Reason = status, strings.TrimSpace(reason)
		row.Config = t.Config
		rows[i] = &row
	}
	return rows
}
