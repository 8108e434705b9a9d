package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/metrics"
	"joule/results"
)

func TestReport(t *testing.T) {
	dir := t.TempDir()
	dsm, other := faithfulRun(t), trainSmall(t, dir, "old-faithful/fisher")
	if out := succeed(t, dir, "report", dsm, other, gaussiansRun(t), "-o", "page.html"); out != "page.html\n" {
		t.Errorf("report prints %q", out)
	}
	page := read(t, dir, "page.html")
	for _, run := range []string{dsm, other, gaussiansRun(t)} {
		var e metrics.Evaluation
		if err := json.Unmarshal([]byte(succeed(t, "", "eval", run, "--json")), &e); err != nil {
			t.Fatal(err)
		}
		for _, figure := range []*float64{e.TestNLL, e.KL, e.Fisher} {
			if figure != nil && !strings.Contains(page, fmt.Sprintf(">%.4f", *figure)) {
				t.Errorf("the page does not have %.4f of %s", *figure, run)
			}
		}
		if config := strings.NewReplacer("+", "&#43;", `"`, "&#34;").Replace(read(t, run, "config.yaml")); !strings.Contains(page, config) {
			t.Errorf("the page does not have the config of %s", run)
		}
	}
	if got := strings.Count(page, "<img "); got != 10 { // three of each run, and two runs side by side
		t.Errorf("the page has %d pictures, want 10", got)
	}
	if !strings.Contains(page, "†") || !strings.Contains(page, "energies that each model gives to the plane: dsm, fisher.") {
		t.Error("the page lacks the mark of a fitted density, or the comparison")
	}
	if _, err := os.Stat(filepath.Join(dsm, "figures")); err == nil {
		t.Error("report writes to the directory of the run")
	}
	if printed := succeed(t, dir, "report", dsm, "-o", "-"); !strings.HasPrefix(printed, "<!doctype html>") {
		t.Errorf("report -o - prints %.60q", printed)
	}
}

// A run that did not end, or whose model diverged, has its place on the page, and a warning.
func TestReportOfBrokenRuns(t *testing.T) {
	dir := t.TempDir()
	killed, diverged := copyRun(t, faithfulRun(t)), copyRun(t, gaussiansRun(t))
	if err := os.Remove(filepath.Join(killed, "result.json")); err != nil {
		t.Fatal(err)
	}
	spoil(t, diverged)
	succeed(t, dir, "report", killed, diverged)
	page := read(t, dir, "report.html")
	for _, want := range []string{
		"<li>old-faithful-dsm: not yet, or it was killed; the parameters are those of step 60</li>",
		"<li>two-gaussians-dsm: cannot be measured: exp(−E) has no finite integral",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

func TestReportRefuses(t *testing.T) {
	run := faithfulRun(t)
	refuse(t, "", exitUsage, `--output x.pdf: the name ends in ".pdf"; want .html`, "report", run, "-o", "x.pdf")
	refuse(t, "", exitUsage, "--output none/x.html: there is no folder none", "report", run, "-o", "none/x.html")
	refuse(t, "", exitFailed, "none: there is no such run directory…", "report", run, "none")
}

// The directory of a suite makes the page of its results, and is not mixed with runs.
func TestReportOfSuite(t *testing.T) {
	dir := t.TempDir()
	suite := filepath.Join(dir, "toy")
	if err := os.Mkdir(suite, 0o755); err != nil {
		t.Fatal(err)
	}
	journal, err := results.OpenJournal(filepath.Join(suite, results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer journal.Close()
	if err := errors.Join(
		journal.Append(&results.Row{Key: "a", Run: "dsm/seed-0", Suite: "toy", Axes: []results.Setting{{Key: "config", Value: "dsm"}}, Method: "dsm", Data: "rings",
			Status: results.Completed, Metrics: map[string]float64{"kl": 0.12345}}, &results.Row{Key: "b", Run: "mle/seed-0", Suite: "toy",
			Axes: []results.Setting{{Key: "config", Value: "mle"}}, Method: "mle", Data: "rings", Status: results.Diverged, Reason: "step 3: the loss is NaN"}),
		results.WriteCSV(filepath.Join(suite, results.CSVFile), journal.Rows(nil)),
	); err != nil {
		t.Fatal(err)
	}
	if out := succeed(t, dir, "report", "toy", "-o", "page.html"); out != "page.html\n" {
		t.Errorf("report prints %q", out)
	}
	page := read(t, dir, "page.html")
	for _, want := range []string{"toy: 2 methods on 1 data set", ">0.1235<", "step 3: the loss is NaN", `href="./toy/results.csv"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if printed := succeed(t, dir, "report", "toy", "-o", "-"); !strings.HasPrefix(printed, "<!doctype html>") || strings.Contains(printed, "results.csv<") {
		t.Errorf("report -o - prints %.60q, or links that lead nowhere", printed)
	}
	run := faithfulRun(t)
	refuse(t, dir, exitUsage, run+": has no journal.jsonl, so it is no suite, and others are: a page is of runs or of suites, not of both", "report", "toy", run)
	refuse(t, dir, exitUsage, "--backend: the runs of a suite are measured already; it is for run directories", "report", "toy", "--backend", "go")
	if err := os.WriteFile(filepath.Join(suite, results.JournalFile), []byte("{}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	refuse(t, dir, exitFailed, "toy/journal.jsonl:1: is no row: it has no key", "report", "toy")
}
