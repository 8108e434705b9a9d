package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"joule/checkpoints"
	"joule/rundir"
)

// membersOf are the directories of the runs in a directory: itself, or those of several.
func membersOf(out string) []string {
	if several, _ := filepath.Glob(filepath.Join(out, "seed-*")); len(several) > 0 { // the pattern is good
		return several
	}
	return []string{out}
}

// compare finds what differs between an undisturbed run, or several, and one that something has happened to, which has
// to be complete by now. It counts the files that it compared.
func compare(want, got string) (files int, differences []string) {
	wanted, found := membersOf(want), membersOf(got)
	if len(wanted) != len(found) {
		return 0, []string{fmt.Sprintf("%s has %d runs, want %d", got, len(found), len(wanted))}
	}
	for i := range wanted {
		n, more := compareRuns(wanted[i], found[i])
		files += n
		for _, d := range more {
			differences = append(differences, filepath.Base(found[i])+": "+d)
		}
	}
	return files, differences
}

func compareRuns(want, got string) (files int, differences []string) {
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	same := func(name string) {
		files++
		a, errA := os.ReadFile(filepath.Join(want, name))
		b, errB := os.ReadFile(filepath.Join(got, name))
		if filepath.Base(name) == "metrics.jsonl" {
			a, b = withoutSpeed(a), withoutSpeed(b)
		}
		switch {
		case errA != nil || errB != nil:
			differ("%s: %v, %v", name, errA, errB)
		case !bytes.Equal(a, b):
			differ("%s: %d bytes differ", name, differing(a, b))
		}
	}
	for _, name := range []string{"config.yaml", "dataset.json", "parameters.safetensors", "metrics.jsonl"} {
		same(name)
	}
	wantResult, errWant := resultOf(want)
	gotResult, errGot := resultOf(got)
	files++
	if errWant != nil || errGot != nil || gotResult.Status != rundir.Completed || gotResult.Step != wantResult.Step {
		differ("result.json: %s after step %d; want %s after %d; %v %v", gotResult.Status, gotResult.Step, rundir.Completed, wantResult.Step, errGot, errWant)
	}
	ours, theirs := checkpoints.In(want, "checkpoints"), checkpoints.In(got, "checkpoints")
	entries, err := ours.List()
	if err != nil {
		differ("%v", err)
	}
	others, err := theirs.List()
	if err != nil {
		differ("%v", err)
	}
	last := false
	for _, e := range entries {
		if !slices.Contains(others, e) {
			continue
		}
		name, _ := filepath.Rel(want, ours.Path(e)) // within it
		same(filepath.Join(name, "state.safetensors"))
		a, errA := ours.Load(e)
		b, errB := theirs.Load(e)
		a.Seconds, b.Seconds, a.Written, b.Written = 0, 0, time.Time{}, time.Time{}
		if files++; errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
			differ("%s: differs, or cannot be loaded: %v %v", name, errA, errB)
		}
		last = last || int64(e.Step) == wantResult.Step
	}
	if !last {
		differ("there is no checkpoint of the last step, %d", wantResult.Step)
	}
	return files, differences
}

func resultOf(dir string) (rundir.Result, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return rundir.Result{}, err
	}
	return run.Result()
}

var speed = regexp.MustCompile(`,"steps_per_second":[^,}]*`)

// withoutSpeed are the metrics without the times, which no two runs share.
func withoutSpeed(text []byte) []byte { return speed.ReplaceAll(text, nil) }

// differing counts the bytes in which two texts differ.
func differing(a, b []byte) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// unfinished are the files and folders below a directory that were being written or removed when something ended.
func unfinished(dir string) (paths []string) {
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error { // what is not there has none
		name := filepath.Base(path)
		if err == nil && path != dir && strings.HasPrefix(name, ".") && name != ".lock" {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

// loadAll loads every checkpoint below a directory, and returns their number and what is wrong with them.
func loadAll(out string) (n int, problems []string) {
	for _, dir := range membersOf(out) {
		folder := checkpoints.In(dir, "checkpoints")
		entries, err := folder.List()
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, e := range entries {
			n++
			if _, err := folder.Load(e); err != nil {
				problems = append(problems, err.Error())
			}
		}
	}
	return n, problems
}
