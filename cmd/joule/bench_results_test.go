package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/results"
)

// putResults writes the results of two methods on three data sets, with three seeds each, into the directory of a suite: the KL of the
// second is that of the first and 1, 1.1 and 1.2 more, times a factor.
func putResults(t *testing.T, dir, name string, factor float64, change func(*results.Row)) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	journal, err := results.OpenJournal(filepath.Join(path, results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	for i, method := range []string{"mle", "dsm"} {
		for k, data := range []string{"rings", "pinwheel", "banana"} {
			for seed := range 3 {
				r := &results.Row{
					Key: fmt.Sprint(method, data, seed), Status: results.Completed, Run: fmt.Sprintf("%s/%s/seed-%d", method, data, seed), Suite: "toy",
					Axes: []results.Setting{{Key: "config", Value: method}, {Key: "data.kind", Value: data}}, Seed: int64(seed), Method: method, Data: data, Joule: "v1", Backend: "go",
				}
				r.Put("kl", float64(k*k+seed)+float64(i)*factor*(1+float64(seed)/10))
				r.Put("seconds", 2*factor)
				if change != nil {
					change(r)
				}
				if err := journal.Append(r); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

func TestBenchTable(t *testing.T) {
	dir := t.TempDir()
	putResults(t, dir, "toy", 1, nil)
	want := `KL (nats) ↓ by config and data.kind
config              rings           pinwheel             banana
mle     1.0000 ± 2.4841 *  2.0000 ± 2.4841 *  5.0000 ± 2.4841 *
dsm     2.1000 ± 2.7326    3.1000 ± 2.7326    6.1000 ± 2.7326
±: 95 % interval of the mean over seeds; *: best of its column, or not told apart from it.
`
	for _, args := range [][]string{{"toy"}, {"toy", "toy/journal.jsonl", "--metric", "kl"}} {
		if got := succeed(t, dir, append([]string{"bench", "table"}, args...)...); got != want {
			t.Errorf("%v print\n%swant\n%s", args, got, want)
		}
	}
	got := succeed(t, dir, "bench", "table", "toy", "--metric", "kl,seconds", "--columns", "metric", "--where", "config=mle", "--where", "data.kind=rings,banana", "--format", "csv")
	if lines := strings.Split(got, "\n"); len(lines) != 6 || !strings.HasPrefix(lines[3], "kl,mle,banana,3,3,5,1,") {
		t.Errorf("as CSV\n%s", got)
	}
	for want, args := range map[string]string{
		`--metric klx: unknown; did you mean "kl"? There are kl, fisher, …`:                                                               "toy --metric klx",
		`--metric fisher: no completed run has it; there are kl, seconds`:                                                                 "toy --metric fisher",
		`--where config=mel: no run has that; did you mean "mle"? There are mle, dsm`:                                                     "toy --where config=mel",
		`--format yaml: unknown; there are text, markdown, csv, json`:                                                                     "toy --format yaml",
		`--rows data.kind: runs would be taken together that differ in config (mle, dsm); add it, or choose by --where config=mle`:        "toy --rows data.kind --columns metric",
		`--rows confg: no run has such a key; did you mean "config"? There are config, data.kind, method, data, model, suite, backend, …`: "toy --rows confg",
	} {
		refuse(t, dir, exitUsage, want, append([]string{"bench", "table"}, strings.Fields(args)...)...)
	}
	refuse(t, dir, exitFailed, "none: no such file or directory; want the directory of a suite, or a .csv or .parquet file of its results", "bench", "table", "none")
	refuse(t, dir, exitUsage, "requires at least 1 arg(s), only received 0; usage: joule bench table RESULTS... [flags]", "bench", "table")
	put(t, dir, "empty.csv", "run,seed,status\n")
	refuse(t, dir, exitFailed, "empty.csv: there are no runs in it yet", "bench", "table", "empty.csv")
	put(t, dir, "broken.csv", "run,seed,status,kl\na,1,failed,\n")
	refuse(t, dir, exitFailed, "none of the 1 runs is completed and has a figure", "bench", "table", "broken.csv")
	again := strings.Replace(read(t, dir, "toy", "journal.jsonl"), "completed", "failed", 1)
	put(t, dir, "again.jsonl", again)
	refuse(t, dir, exitFailed, "there are two results of mle/rings/seed-0 of the suite toy; results of the same runs are compared, not put together", "bench", "table", "toy", "again.jsonl")
}

// Two sets of results: the exit code says what was asked.
func TestBenchCompare(t *testing.T) {
	dir := t.TempDir()
	putResults(t, dir, "a", 1, nil)
	putResults(t, dir, "b", 1.5, func(r *results.Row) {
		if r.Run == "mle/rings/seed-2" {
			r.Status, r.Reason, r.Metrics = results.Diverged, "step 7: the loss is not finite", nil
		}
	})
	got := succeed(t, dir, "bench", "compare", "a", "b")
	for _, want := range []string{
		"B beside A: 18 pairs of runs; verdicts are on B\n", "mle/pinwheel             3  2.0000  2.0000            0.0000",
		" identical\n", "dsm/rings                3  2.1000  2.6500  +0.5500 ± 0.1242  0.003     0.008  worse", "seconds     17  1.500\n", "mle/rings/seed-2  completed  diverged  step 7: the loss is not finite\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	for flags, want := range map[string]string{
		"":                       "",
		"--fail-on missing":      "",
		"--fail-on worse":        "joule: b beside a: kl is worse in 3 of 6 cells; kl is worse over all; fewer runs have kl in 1 of 6 cells\n",
		"--fail-on failed,worse": "joule: b beside a: newly failed: 1 run, such as mle/rings/seed-2; kl is worse in 3 of 6 cells; kl is worse over all; fewer runs have kl in 1 of 6 cells\n",
	} {
		o := joule(t, dir, append([]string{"bench", "compare", "a", "b", "--format", "json"}, strings.Fields(flags)...)...)
		var c struct{ Pairs int }
		if err := json.Unmarshal([]byte(o.stdout), &c); err != nil || c.Pairs != 18 || o.stderr != want || (o.code == exitOK) != (want == "") || o.code > exitFailed {
			t.Errorf("%s: %d pairs, %v, exit code %d, %q", flags, c.Pairs, err, o.code, o.stderr)
		}
	}
	// The other way round it is better, and a set is identical to itself.
	if o := joule(t, dir, "bench", "compare", "b", "a", "--fail-on", "worse,failed,missing"); o.code != exitOK {
		t.Errorf("%d, %s", o.code, o.stderr)
	}
	if got := succeed(t, dir, "bench", "compare", "a", "a", "--fail-on", "worse"); strings.Count(got, "identical\n") != 7 {
		t.Errorf("of itself\n%s", got)
	}
	refuse(t, dir, exitUsage, "want two sets of results to compare, or --between KEY=A,B for two values of a key; there are 1", "bench", "compare", "a")
	refuse(t, dir, exitUsage, `--fail-on wors: unknown; did you mean "worse"? There are worse, failed, missing`, "bench", "compare", "a", "b", "--fail-on", "wors")
	refuse(t, dir, exitUsage, "--between config=mle: want KEY=A,B", "bench", "compare", "a", "--between", "config=mle")
	refuse(t, dir, exitUsage, `--between config=dms: no run has that; did you mean "dsm"? There are mle, dsm`, "bench", "compare", "a", "--between", "config=mle,dms")
}

func TestBenchCompareBetween(t *testing.T) {
	dir := t.TempDir()
	putResults(t, dir, "a", 1, nil)
	got := succeed(t, dir, "bench", "compare", "a", "--between", "method=mle,dsm")
	for _, want := range []string{"method: dsm beside mle: 9 pairs of runs; verdicts are on dsm\n", "rings                 3  1.0000  2.1000  +1.1000 ± 0.2484  0.003     0.008  worse\n", "over all cells  3 seeds"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestBenchRank(t *testing.T) {
	dir := t.TempDir()
	putResults(t, dir, "toy", 1, nil)
	want := `KL (nats) ↓: ranks of 2 methods over 3 data sets
config  mean rank  wins  runs  group
mle          1.00     3     9  a
dsm          2.00     0     9  a
Friedman: χ² = 3.00, the same ranks everywhere, p = 0.250.
No difference is seen between the methods.
`
	for _, name := range []string{"ranks.svg", "ranks.png"} {
		if got := succeed(t, dir, "bench", "rank", "toy", "--diagram", name); got != want {
			t.Errorf("rank prints\n%swant\n%s", got, want)
		}
	}
	if svg := read(t, dir, "ranks.svg"); !strings.Contains(svg, "KL: mean ranks over 3 data sets") || !strings.Contains(svg, ">mle<") {
		t.Errorf("the diagram is %.300q", svg)
	}
	refuse(t, dir, exitUsage, `--diagram ranks.pdf: the name ends in ".pdf"; want .svg or .png`, "bench", "rank", "toy", "--diagram", "ranks.pdf")
	refuse(t, dir, exitUsage, "--diagram none/a.svg: there is no folder none", "bench", "rank", "toy", "--diagram", "none/a.svg")
	refuse(t, dir, exitUsage, "--diagram a.svg: is of one figure; there are 2", "bench", "rank", "toy", "--diagram", "a.svg", "--metric", "kl,seconds")
	refuse(t, dir, exitFailed, "there is one method, mle; want several to rank", "bench", "rank", "toy", "--where", "config=mle")
}
