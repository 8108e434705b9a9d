package launch

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"joule/bench"
	"joule/results"
	"joule/suites"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string][]int{"": nil, "3": {3}, "0-3": {0, 1, 2, 3}, "7,0-1": {0, 1, 7}, "2,2-3": {2, 3}} {
		got, err := ParseNumbers(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		again, err := ParseNumbers(Numbers(want).String())
		if err != nil || !slices.Equal(again, want) {
			t.Errorf("%v is written %s, and read %v, %v", want, Numbers(want), again, err)
		}
	}
	if got := (Numbers{0, 1, 2, 5, 7, 8}).String(); got != "0-2,5,7-8" {
		t.Errorf("it is written %s", got)
	}
	for _, text := range []string{"x", "-1", "3-1", "1,", "0-99999999", "1-2-3", "+1"} {
		if got, err := ParseNumbers(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestProfile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.yaml")
	for text, want := range map[string]string{
		"partion: x":                    `p.yaml:1:1: partion: unknown key`,
		"slurm: {partion: x}":           `p.yaml:1:9: slurm.partion: unknown key; did you mean "partition"?`,
		"time: 5x":                      `p.yaml:1:7: time: "5x" is no time; want hours, minutes and seconds as in 4:00:00, or days and hours as in 1-12`,
		"time: 0:00:30":                 `p.yaml:1:7: time: 30s is less than the minute`,
		"{time: 0:02:00}":               `p.yaml:1:1: warning: 120 s before the end is not within the 2m0s`,
		"memory: 16":                    `p.yaml:1:9: memory: found 16; text is needed`,
		"memory: 16GB":                  `p.yaml:1:9: memory: "16GB" is no amount of memory`,
		"cpus: -1":                      `p.yaml:1:7: cpus: -1 is negative`,
		"environment: [a]":              `p.yaml:1:14: environment: found a list; a map of variables`,
		"environment: {a-b: c}":         `p.yaml:1:20: environment.a-b: is no name of a variable`,
		"environment: {a: [b]}":         `p.yaml:1:18: environment.a: found a list; a line of text is needed`,
		"slurm: {options: [x]}":         `p.yaml:1:18: slurm.options[0]: "x" is no option of sbatch`,
		"slurm: {options: [--array=1]}": `p.yaml:1:18: slurm.options[0]: --array is set by joule; at_once bounds`,
		"slurm: {partition: a b}":       `p.yaml:1:20: slurm.partition: "a b" has a space`,
	} {
		if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := LoadProfile(path)
		if err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, want)) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	for text, want := range map[string]time.Duration{"90": 90 * time.Minute, "5:30": 5*time.Minute + 30*time.Second, "4:00:00": 4 * time.Hour, "1-12": 36 * time.Hour, "2-1:30": 49*time.Hour + 30*time.Minute, "0-0:0:7": 7 * time.Second} {
		if got, err := parseTime(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1:2:3:4", "-3", "1-", "4h", "1:-2", "99999999999"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

// made is a directory with some tasks of runs with the given keys.
func made(t *testing.T, groups ...[]string) *Dir {
	t.Helper()
	d, err := OpenOrNew(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	release, err := d.Make()
	if err != nil {
		t.Fatal(err)
	}
	release()
	d.What, d.Name = OfSuite, "s"
	if err := d.Save(); err != nil {
		t.Fatal(err)
	}
	for n, keys := range groups {
		if err := d.Add(&Task{Number: n, Runs: []*bench.Task{runsOf(d, keys...)}}); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func runsOf(d *Dir, keys ...string) *bench.Task {
	b := &bench.Task{Config: "seed: 0\ndata: {kind: two_gaussians}\nmodel: {kind: quadratic}\nmethod: {kind: dsm}\nname: x\n"}
	for i, key := range keys {
		b.Rows = append(b.Rows, &results.Row{Key: key, Run: key, Seed: int64(i)})
		b.Dirs = append(b.Dirs, filepath.Join(d.Path, "runs", key))
	}
	return b
}

// end leaves rows of a task.
func end(t *testing.T, d *Dir, number int, status results.Status, keys ...string) {
	t.Helper()
	task, err := d.Task(number)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := results.OpenJournal(task.RowsPath())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for _, key := range keys {
		if err := rows.Append(&results.Row{Key: key, Run: key, Status: status, Reason: "for a test"}); err != nil {
			t.Fatal(err)
		}
	}
}

// Tasks are handed in for what has no row and is not expected: those that were made before, and new ones.
func TestDivide(t *testing.T) {
	d := made(t, []string{"a", "b"}, []string{"c"}, []string{"d", "e"}, []string{"f", "gone"}, []string{"h"})
	end(t, d, 0, results.Completed, "a") // b is left
	end(t, d, 1, results.Failed, "c")
	divide := func(states map[int]State, retry bool, most int, keys ...string) (again []int, fresh []string) {
		t.Helper()
		all, err := d.Standings(states)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := ClaimsOf(all, retry)
		if err != nil {
			t.Fatal(err)
		}
		plan := &bench.Plan{Suite: &suites.Suite{Timeout: 5}, Keys: keys}
		for _, key := range keys {
			if !claims.Has(key) {
				plan.Tasks = append(plan.Tasks, runsOf(d, key))
			}
		}
		again, tasks, err := Divide(plan, all, most, "go")
		if err != nil {
			t.Fatal(err)
		}
		for i, task := range tasks {
			if task.Number != len(all)+i || task.Timeout != 5 || task.Backend != "go" {
				t.Errorf("a new task is %+v", task)
			}
			fresh = append(fresh, strings.Join(task.Keys(), ""))
		}
		return again, fresh
	}
	all := []string{"a", "b", "c", "d", "e", "f", "h", "i"}
	// f is in a task with a run that is not wanted any more.
	if again, fresh := divide(map[int]State{4: {Phase: Running}}, false, 0, all...); !slices.Equal(again, []int{0, 2}) || !slices.Equal(fresh, []string{"f", "i"}) {
		t.Errorf("tasks %v again, and new ones of %v", again, fresh)
	}
	if again, fresh := divide(map[int]State{0: {Phase: Pending}, 2: {Phase: Running}, 4: {Phase: Over}}, true, 2, all...); !slices.Equal(again, []int{4}) || !slices.Equal(fresh, []string{"cf", "i"}) {
		t.Errorf("tasks %v again, and new ones of %v", again, fresh)
	}
	end(t, d, 2, results.Completed, "d", "e")
	if again, fresh := divide(nil, false, 0, "a", "d", "e"); len(again)+len(fresh) > 0 {
		t.Errorf("tasks %v again, and new ones of %v, where all is done", again, fresh)
	}
}

// Rows are collected once, and one that is no failure takes the place of one that is.
func TestCollect(t *testing.T) {
	d := made(t, []string{"a", "b", "c"}, []string{"b", "c"}, []string{"a"})
	path := filepath.Join(d.Path, results.JournalFile)
	journal, err := results.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	collect := func(want int, statuses ...results.Status) {
		t.Helper()
		if added, err := d.Collect(journal); err != nil || added != want {
			t.Errorf("%d rows are new, %v; want %d", added, err, want)
		}
		for i, key := range []string{"a", "b", "c"} {
			if got, _ := journal.Status(key); got != statuses[i] {
				t.Errorf("%s is %q, and should be %q", key, got, statuses[i])
			}
		}
	}
	collect(0, "", "", "")
	end(t, d, 0, results.Completed, "a")
	end(t, d, 0, results.Crashed, "b")
	collect(2, results.Completed, results.Crashed, "")
	collect(0, results.Completed, results.Crashed, "")
	end(t, d, 1, results.Completed, "b")
	end(t, d, 1, results.Diverged, "c")
	end(t, d, 2, results.Failed, "a") // no reason to forget what was good
	collect(2, results.Completed, results.Completed, results.Diverged)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	collect(0, results.Completed, results.Completed, results.Diverged)
	if again, err := os.ReadFile(path); err != nil || string(again) != string(text) {
		t.Errorf("what was collected is collected again: %v", err)
	}
}

// A directory that somebody has damaged is refused with its place.
func TestDamagedDirectory(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nothing was launched here") {
		t.Errorf("of an empty directory it is said that %v", err)
	}
	for _, c := range []struct{ file, text, want string }{
		{launchFile, "{", "is not as joule launch writes it"},
		{launchFile, `{"format": 2, "what": "suite", "name": "s"}`, "has format 2, and this joule reads up to 1"},
		{launchFile, `{"format": 1, "what": "sweet", "name": "s"}`, `what: "sweet"`},
		{launchFile, `{"format": 1, "what": "suite", "name": "s", "jobs": [{"tasks": "0-x"}]}`, `"0-x" is no range of numbers`},
		{"tasks/000000/task.json", `{"number": 3}`, "is that of task 3"},
		{"tasks/000000/task.json", `{"runs": [{"rows": [{"key": "a"}], "dirs": []}]}`, "1 runs and 0 directories"},
		{"tasks/000000/task.json", `{"runs": [{"rows": [{"key": "a"}], "dirs": ["../../x"]}]}`, "is not below"},
	} {
		d := made(t, []string{"a"})
		if err := os.WriteFile(d.file(c.file), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(d.Path)
		if err == nil {
			_, err = d.Task(0)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), d.file(c.file)) {
			t.Errorf("%s as %s: %v", c.file, c.text, err)
		}
	}
	if _, err := made(t, []string{"a"}).Task(5); err == nil || !strings.Contains(err.Error(), "there is no task 5; there are 1") {
		t.Error(err)
	}
}

// Attempts are lines, the last of which a crash may have cut off.
func TestAttempts(t *testing.T) {
	d := made(t, []string{"a"})
	task, err := d.Task(0)
	if err != nil {
		t.Fatal(err)
	}
	first, second := Attempt{ID: time.Unix(1, 0).UTC(), Host: "x"}, Attempt{ID: time.Unix(2, 0).UTC(), Host: "y"}
	ended := first
	ended.Ended, ended.Code, ended.Error = time.Unix(3, 0).UTC(), 75, "stopped"
	for _, a := range []Attempt{first, ended, second} {
		if err := task.Note(a); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.OpenFile(filepath.Join(task.Folder(), attemptsFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"id": "20`); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if all, err := task.Attempts(); err != nil || !slices.Equal(all, []Attempt{ended, second}) {
		t.Errorf("attempts %+v, %v", all, err)
	}
}

func TestJobsAreKept(t *testing.T) {
	d := made(t)
	j := d.NewJob("local", []int{0, 1, 5})
	j.Script, j.Text = "x.sh", "echo\n"
	if err := d.Note(j); err != nil {
		t.Fatal(err)
	}
	j.ID, j.Offset = "7", 1000
	if err := d.Save(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(d.Path)
	if err != nil {
		t.Fatal(err)
	}
	got, want := *again.Jobs[0], *j
	want.Text = ""
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) || !slices.Equal(got.Tasks, want.Tasks) {
		t.Errorf("kept as %s, was %s", a, b)
	}
	if err := d.Forget(j); err != nil || len(d.Jobs) != 0 {
		t.Error(err)
	}
	if _, err := os.Stat(d.JobFolder(j)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the files of a job that was not handed in are still there")
	}
}
