package results

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// sample are rows of two cells with all that a row can have, and little.
func sample() []*Row {
	full := &Row{
		Key: "a1", Status: Completed, Run: "mle/rings/seed-0", Suite: "toy", Axes: []Setting{{"config", "mle"}, {"data.kind", "rings"}}, Seed: 0,
		Method: "mle", Data: "rings", Model: "mlp", Dim: 2, Metrics: map[string]float64{"kl": 0.01, "seconds": 1.5}, Warnings: []string{"so so", "a \"b\", c\nd"},
		Replicas: 2, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Joule: "v1", Go: "go1", GoMLX: "v2", Backend: "go", Device: "cpu", CPU: "x", CPUs: 2,
		Config: "name: a\nseed: 0\n",
	}
	bare := &Row{Key: "b2", Status: Crashed, Run: "dsm/rings/seed-7", Suite: "toy", Axes: []Setting{{"config", "dsm"}, {"data.kind", "rings"}}, Seed: 7,
		Method: "dsm", Data: "rings", Model: "mlp", Reason: "signal: killed, \"x\"\nlast words", Joule: "v1"}
	return []*Row{full, bare}
}

func journalOf(t *testing.T, path string, rows ...*Row) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	if err := j.Append(rows...); err != nil {
		t.Fatal(err)
	}
	return j
}

// A table comes back as it was written, from each of the files.
func TestTablesComeBack(t *testing.T) {
	dir, want := t.TempDir(), sample()
	j := journalOf(t, filepath.Join(dir, JournalFile), want...)
	write := map[string]func(string) error{
		JournalFile: func(string) error { return nil },
		CSVFile:     func(path string) error { return WriteCSV(path, j.Rows(nil)) },
		ParquetFile: func(path string) error { return WriteParquet(path, j.Rows(nil)) },
	}
	for name, write := range write {
		path := filepath.Join(dir, name)
		if err := write(path); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %d rows, %v", name, len(got), err)
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Errorf("%s: %+v, want %+v", name, got[i], want[i])
			}
		}
	}
	if got, err := Read(dir); err != nil || len(got) != 2 {
		t.Errorf("of the directory: %v, %v", got, err)
	}
}

// Of two rows of a key the last counts, a torn line is cut off, and what is appended afterwards is whole.
func TestJournal(t *testing.T) {
	path, rows := filepath.Join(t.TempDir(), JournalFile), sample()
	j := journalOf(t, path, rows...)
	again := *rows[1]
	again.Status, again.Reason = Completed, ""
	if err := j.Append(&again); err != nil {
		t.Fatal(err)
	}
	j.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, text[:40]...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func(string) (*Journal, error){ReadJournal, OpenJournal} {
		j, err := open(path)
		if err != nil {
			t.Fatal(err)
		}
		status, ok := j.Status("b2")
		row, err := j.Row("b2")
		if !ok || status != Completed || err != nil || !reflect.DeepEqual(row, &again) {
			t.Errorf("%v, %v, %+v, %v", status, ok, row, err)
		}
		all, err := collect(j.Rows(nil))
		if err != nil || len(all) != 2 || all[0].Key != "a1" {
			t.Errorf("%v, %v", all, err)
		}
		if some, err := collect(j.Rows([]string{"none", "b2"})); err != nil || len(some) != 1 || some[0].Key != "b2" {
			t.Errorf("%v, %v", some, err)
		}
		if _, err := j.Row("none"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("of no run: %v", err)
		}
		j.Close()
	}
	third := sample()[0]
	third.Key = "c3"
	journalOf(t, path, third)
	if all, err := Read(path); err != nil || len(all) != 3 {
		t.Errorf("%d rows after a crash, %v", len(all), err)
	}
}

// What is no table of results is refused, with its place.
func TestRefusals(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.csv", "", "a.csv: is empty"},
		{"a.csv", "x,y\n1,2\n", "a.csv: is no table of results: it has no column run, seed, status"},
		{"a.csv", "run,seed,status,seed\n", "two of its columns have one name"},
		{"a.csv", "run,seed,status\na,1,completed\nb,x,completed\n", `a.csv:3: column "seed": "x" is no whole number`},
		{"a.csv", "run,seed,status\na,1,fine\n", `a.csv:2: column "status": "fine" is no status`},
		{"a.csv", "run,seed,status,kl\na,1,completed,low\n", `a.csv:2: column "kl": "low" is no number`},
		{"a.parquet", "PAR1", "a.parquet: is no Parquet file"},
		{"a.jsonl", "{}\n", "a.jsonl:1: is no row: it has no key"},
		{"a.jsonl", "{\"key\":\"a\"\n", "a.jsonl:1: is no row"},
		{"a.txt", "", "a.txt: want the directory of a suite"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q in %s: %v, want %q", c.text, c.name, err, c.want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there are no results") {
		t.Errorf("an empty folder: %v", err)
	}
}

// Figures that are not finite are not kept, and no axis can have the name of a column.
func TestNames(t *testing.T) {
	r := &Row{}
	r.Put("kl", math.NaN())
	r.Put("fisher", math.Inf(1))
	if len(r.Metrics) != 0 {
		t.Errorf("kept %v", r.Metrics)
	}
	for name, want := range map[string]bool{"kl": true, "seed": true, "suite": true, "key": true, "method_kind": true, "method": false, "config": false, "train.steps": false} {
		if Reserved(name) != want {
			t.Errorf("%s is reserved: %v", name, !want)
		}
	}
}
