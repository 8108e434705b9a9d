package launch

import (
	"fmt"
	"slices"

	"joule/bench"
	"joule/results"
)

// Claims are the runs of a suite that need no more tasks: those that have a row in that of a task, and those of tasks that are
// still to be expected.
type Claims struct {
	rows     map[string]results.Status
	expected map[string]bool
	retry    bool
}

// ClaimsOf finds them. With retry, runs that failed, crashed or hung need a task again.
func ClaimsOf(all []*Standing, retry bool) (*Claims, error) {
	c := &Claims{rows: map[string]results.Status{}, expected: map[string]bool{}, retry: retry}
	for _, s := range all {
		if s.IsExpected() {
			for _, key := range s.Task.Keys() {
				c.expected[key] = true
			}
		}
		rows, err := s.Task.Rows()
		if err != nil {
			return nil, err
		}
		if rows == nil {
			continue
		}
		for _, key := range s.Task.Keys() {
			if status, ok := rows.Status(key); ok {
				c.rows[key] = status
			}
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Has says whether a run needs no task.
func (c *Claims) Has(key string) bool {
	status, ok := c.rows[key]
	return c.expected[key] || ok && !(c.retry && bench.IsWorthRetrying(status))
}

// Divide says which tasks there are to be handed in for a plan that has been filled: those that were made before and are to be
// done, all of which is still wanted, and new ones for the rest. A new one makes at most so many runs, or those that are trained at
// once where that is 0.
func Divide(plan *bench.Plan, before []*Standing, runsATask int, backend string) (again []int, fresh []*Task, err error) {
	wanted, known := map[string]bool{}, map[string]bool{}
	for _, t := range plan.Tasks {
		for _, row := range t.Rows {
			wanted[row.Key] = true
		}
	}
	for _, key := range plan.Keys {
		known[key] = true
	}
	for _, s := range before {
		if s.IsExpected() || s.IsDone() {
			continue
		}
		left, isCurrent, err := s.left(wanted, known)
		if err != nil {
			return nil, nil, err
		}
		if len(left) == 0 || !isCurrent {
			continue
		}
		again = append(again, s.Task.Number)
		for _, key := range left {
			delete(wanted, key)
		}
	}
	rest, err := bench.PlanOf(plan.Tasks, 0, func(key string) bool { return !wanted[key] })
	if err != nil {
		return nil, nil, err
	}
	number := len(before)
	for _, t := range rest.Tasks {
		last := len(fresh) - 1
		if last < 0 || fresh[last].runs()+t.Runs() > runsATask {
			fresh = append(fresh, &Task{Number: number + len(fresh), Timeout: plan.Suite.Timeout, Backend: backend})
			last++
		}
		fresh[last].Runs = append(fresh[last].Runs, t)
	}
	if number+len(fresh) > MostTasks {
		return nil, nil, fmt.Errorf("these would be tasks up to number %d; a launch directory has at most %d (runs_a_task of the profile makes them fewer)", number+len(fresh)-1, MostTasks)
	}
	return again, fresh, nil
}

// left are the runs of a task that it would make if it were started again; isCurrent says whether all of them are wanted.
func (s *Standing) left(wanted, known map[string]bool) (keys []string, isCurrent bool, err error) {
	rows, err := s.Task.Rows()
	if err != nil {
		return nil, false, err
	}
	if rows != nil {
		defer rows.Close()
	}
	isCurrent = true
	for _, key := range s.Task.Keys() {
		if rows != nil {
			if _, ok := rows.Status(key); ok {
				continue
			}
		}
		switch {
		case wanted[key]:
			keys = append(keys, key)
		case !known[key]: // the suite is another now
			isCurrent = false
		}
	}
	return keys, isCurrent, nil
}

// runs is the number of runs of a task.
func (t *Task) runs() (n int) {
	for _, r := range t.Runs {
		n += r.Runs()
	}
	return n
}

// Collect adds the rows of all tasks to the journal of a suite, and says how many are new. A row takes the place of another
// of its run where that failed, crashed or hung and this one did not.
func (d *Dir) Collect(journal *results.Journal) (added int, err error) {
	count, err := d.Count()
	if err != nil {
		return 0, err
	}
	for n := range count {
		t, err := d.Task(n)
		if err != nil {
			return added, err
		}
		rows, err := t.Rows()
		if err != nil {
			return added, err
		}
		if rows == nil {
			continue
		}
		var fresh []*results.Row
		for _, key := range t.Keys() {
			status, ended := rows.Status(key)
			before, isKnown := journal.Status(key)
			if !ended || isKnown && (!bench.IsWorthRetrying(before) || bench.IsWorthRetrying(status)) {
				continue
			}
			row, err := rows.Row(key)
			if err != nil {
				return added, err
			}
			fresh = append(fresh, row)
		}
		if len(fresh) > 0 {
			err = journal.Append(fresh...)
		}
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return added, err
		}
		added += len(fresh)
	}
	return added, nil
}

// Numbered are the numbers of tasks, in rising order.
func Numbered(again []int, fresh []*Task) []int {
	all := slices.Clone(again)
	for _, t := range fresh {
		all = append(all, t.Number)
	}
	slices.Sort(all)
	return all
}
