package debugdir

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "debug")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	d.Program("module")
	d.Program("second")
	d.Plan("loop")
	d.Message("Compiled in 1s\n")
	d.Message("Memory")
	d.Write(Graph, "nodes")
	d.Add("steps", 4, 2*time.Second)
	d.Add("steps", 4, 2*time.Second)
	d.Begin("log")()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"program-01.mlir": "module", "program-02.mlir": "second", "plan-01.txt": "loop", Messages: "Compiled in 1s\nMemory\n", Graph: "nodes",
	} {
		if got, err := os.ReadFile(filepath.Join(path, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	for _, name := range []string{CPU, Memory, Trace} {
		if info, err := os.Stat(filepath.Join(path, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	times, err := os.ReadFile(filepath.Join(path, Times))
	if err != nil || !regexp.MustCompile(`(?m)^ *4\.000 +[\d.]+ % +8 +500\.000 +steps$`).Match(times) {
		t.Errorf("%v: the times are\n%s", err, times)
	}
	about, err := os.ReadFile(filepath.Join(path, Readme))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{Graph, Messages, Dumps, CPU, Memory, Trace, Times, "program-NN", "plan-NN"} {
		if !strings.Contains(string(about), "\n"+name) {
			t.Errorf("the readme says nothing on %s", name)
		}
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("opened again: %v", err)
	}
}

// Without a folder nothing happens.
func TestNone(t *testing.T) {
	var d *Dir
	d.Begin("x")()
	d.Add("x", 1, 1)
	d.Write("x", "y")
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}
