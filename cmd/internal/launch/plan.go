package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"joule/bench"
	"joule/cmd/internal/cli"
	"joule/cmd/internal/suiterun"
	"joule/cmd/internal/trained"
	"joule/cmd/internal/training"
	"joule/configs"
	"joule/internal/strictyaml"
	"joule/launch"
	"joule/results"
	"joule/rundir"
	"joule/suites"
)

// launched is a suite or a config.
type launched struct {
	kind, name string
	suite      *suites.Suite
	cells      []*suites.Cell
	config     *configs.Config
}

// folder is where it is launched unless another place is named.
func (l *launched) folder() string {
	if l.kind == launch.OfSuite {
		return filepath.Join("bench", l.name)
	}
	return filepath.Join("runs", strings.ReplaceAll(l.name, string(filepath.Separator), "-"))
}

// load reads a suite or a config, whichever has the name or is in the file.
func (o options) load(name string) (*launched, error) {
	isSuite, err := holdsSuite(name)
	if err != nil {
		return nil, err
	}
	if isSuite {
		suite, err := suites.Load(name, o.sets)
		if err != nil {
			return nil, err
		}
		cells, err := suite.Cells()
		return &launched{kind: launch.OfSuite, name: suite.Name, suite: suite, cells: cells}, err
	}
	config, err := configs.Load(name, o.sets)
	if err != nil {
		return nil, err
	}
	if o.backend != "" {
		config.Backend = o.backend
	}
	return &launched{kind: launch.OfConfig, name: config.Name, config: config}, trained.Locate(config)
}

// holdsSuite says whether a name is that of a suite, or of a file that holds one, and not a config.
func holdsSuite(name string) (bool, error) {
	if slices.ContainsFunc(suites.List(), func(e suites.Entry) bool { return e.Name == name }) {
		return true, nil
	}
	if configs.IsEmbedded(name) {
		return false, nil
	}
	_, text, err := strictyaml.OpenFile("", name)
	if errors.Is(err, fs.ErrNotExist) {
		var names []string
		for _, e := range suites.List() {
			names = append(names, e.Name)
		}
		for _, e := range configs.List() {
			names = append(names, e.Name)
		}
		hint := strictyaml.Suggest(name, names, "joule bench list shows the suites of the program, joule configs list its configs")
		return false, fmt.Errorf("%s: there is no such file, nor a suite or config of that name; %s", name, hint)
	}
	if err != nil {
		return false, err
	}
	values, err := strictyaml.Flatten(text)
	if err != nil {
		return false, nil // which is told when it is read as a config
	}
	ofSuite, ofConfig := keysOf[suites.Suite](), keysOf[configs.Config]()
	for _, v := range values {
		root, _, _ := strings.Cut(v.Key, ".")
		if isSuite := slices.Contains(ofSuite, root); isSuite != slices.Contains(ofConfig, root) {
			return isSuite, nil
		}
	}
	_, err = suites.Load(name, nil) // it has a name, and extends another
	return err == nil, nil
}

// keysOf are the keys of a file that is read into a struct.
func keysOf[T any]() (keys []string) {
	for f := range reflect.TypeFor[T]().Fields() {
		keys = append(keys, f.Tag.Get("yaml"))
	}
	return keys
}

// launchWork is what there is to hand in.
type launchWork struct {
	what     *launched
	tasks    []int          // in rising order
	fresh    []*launch.Task // those that are new
	standing []*launch.Standing
	keys     []string // of a suite
	config   string   // text of a config
}

// counts are for the log.
func (w *launchWork) counts() []any {
	done, expected := 0, 0
	for _, s := range w.standing {
		if s.IsDone() {
			done++
		} else if s.IsExpected() {
			expected++
		}
	}
	return []any{"tasks", len(w.standing) + len(w.fresh), "done", done, "pending_or_running", expected}
}

// plan finds out what there is to hand in. The rows that tasks have left are collected before, except in a dry run.
func (o options) plan(ctx context.Context, d *launch.Dir, what *launched, schedulers *schedulerSet) (*launchWork, error) {
	w := &launchWork{what: what}
	var err error
	if w.standing, err = standings(ctx, d, schedulers.of); err != nil {
		return nil, err
	}
	if what.kind == launch.OfConfig {
		return w, o.planConfig(d, w)
	}
	journal := &results.Journal{}
	if !o.dryRun {
		if journal, err = results.OpenJournal(filepath.Join(d.Path, results.JournalFile)); err != nil {
			return nil, err
		}
		defer journal.Close()
		if _, err := d.Collect(journal); err != nil {
			return nil, err
		}
	} else if known, err := results.ReadJournal(filepath.Join(d.Path, results.JournalFile)); err == nil {
		journal = known
		defer journal.Close()
	}
	claims, err := launch.ClaimsOf(w.standing, o.retry)
	if err != nil {
		return nil, err
	}
	how := bench.Options{Dir: d.Path, Backend: o.backend, Version: cli.Version, Retry: o.retry, Most: schedulers.profile.RunsATask, Elsewhere: claims.Has}
	plan, err := bench.NewPlan(what.suite, what.cells, journal, how)
	if err == nil {
		err = plan.Fill(how)
	}
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	again, fresh, err := launch.Divide(plan, w.standing, schedulers.profile.RunsATask, o.backend)
	if err != nil {
		return nil, cli.Coded(cli.ExitUsage, err)
	}
	w.keys, w.fresh, w.tasks = plan.Keys, fresh, launch.Numbered(again, fresh)
	if !o.dryRun {
		err = journal.Append(plan.Refused...)
	}
	return w, err
}

// planConfig plans the run of a config.
func (o options) planConfig(d *launch.Dir, w *launchWork) error {
	text, err := w.what.config.Encode()
	if err != nil {
		return err
	}
	w.config = string(text)
	run := filepath.Join(d.Path, launch.RunFolder)
	isSame := false
	if len(w.standing) > 0 {
		s := w.standing[0]
		old, err := os.ReadFile(s.Task.ConfigPath())
		if err != nil {
			return err
		}
		isSame = string(old) == w.config
		switch {
		case s.IsExpected() && !isSame:
			return cli.Coded(cli.ExitUsage, fmt.Errorf("%s: is %s with another config; joule launch cancel %s ends that, or name another directory with --out", o.out, s.State.Phase, o.out))
		case s.IsExpected():
			return nil
		case s.IsDone() && isSame && !(o.retry && s.Ended[results.Completed] < s.Runs):
			return nil
		}
	}
	if rundir.IsLockable(run) && !isSame { // what the task would find out
		if from, err := training.FindResumption(run, -1, true); err == nil {
			copied := *w.what.config
			if _, err := from.Changed(&copied, nil, o.backend); err != nil {
				return err
			}
		}
	}
	w.tasks = []int{0}
	return nil
}

// save writes what tasks are to be found, before they are handed in.
func (w *launchWork) save(d *launch.Dir) error {
	if w.what.kind == launch.OfConfig {
		if len(w.tasks) == 0 {
			return nil
		}
		return d.AddConfig(w.config)
	}
	if err := suiterun.WriteText(filepath.Join(d.Path, "suite.yaml"), w.what.suite.Text); err != nil {
		return err
	}
	if err := d.SaveKeys(w.keys); err != nil {
		return err
	}
	for _, t := range w.fresh {
		if err := d.Add(t); err != nil {
			return err
		}
	}
	return writeTables(d)
}

// writeTables makes the tables of what is in the journal of a suite.
func writeTables(d *launch.Dir) error {
	keys, journal, err := resultsOf(d)
	if err != nil {
		return err
	}
	defer journal.Close()
	return (&suiterun.Tables{Dir: d.Path, Journal: journal, Keys: keys}).Write()
}

// resultsOf are the keys of all runs of a suite, and its journal.
func resultsOf(d *launch.Dir) (keys []string, journal *results.Journal, err error) {
	if keys, err = d.Keys(); err != nil {
		return nil, nil, err
	}
	journal, err = results.ReadJournal(filepath.Join(d.Path, results.JournalFile))
	return keys, journal, err
}

// standings are those of all tasks, as far as their files tell, and then their schedulers.
func standings(ctx context.Context, d *launch.Dir, scheduler func(name string) (launch.Scheduler, error)) ([]*launch.Standing, error) {
	all, err := d.Standings(nil)
	if err != nil {
		return nil, err
	}
	states, err := d.States(ctx, scheduler, func(task int) bool { return task < len(all) && !all[task].IsDone() })
	if err != nil {
		return nil, err
	}
	for n, s := range all {
		s.State = states[n]
	}
	return all, nil
}
