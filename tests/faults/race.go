package main

import (
	"os/exec"
	"strings"
)

// raceFlags leave out the checks of pointers, which the matrix products of GoMLX's Go backend do not pass, and the test that
// measures memory, which the detector takes.
var raceFlags = []string{"test", "-race", "-gcflags=all=-d=checkptr=0", "-skip", "TestMemoryDoesNotGrow", "-short", "-count=1"}

// races runs tests with the race detector.
func races(*lab) []row {
	t := counting()
	for _, pkg := range []string{"joule/rundir", "joule/checkpoints", "joule/internal/atomicfile", "joule/internal/goloop", "joule/trainers", "joule/inference/batching", "joule/serve"} {
		t.begin()
		out, err := exec.Command("go", append(raceFlags, pkg)...).CombinedOutput()
		text := string(out)
		switch {
		case err == nil:
			t.add("packages pass", 1)
		case strings.Contains(text, "-race requires cgo") || strings.Contains(text, "-race is not supported"):
			t.note("not run: %s", strings.TrimSpace(text))
		default:
			t.violate("%s: %v: %s", pkg, err, tail(text, 1000))
		}
	}
	return []row{t.row("short tests with the race detector", "all")}
}
