package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/metrics"
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
