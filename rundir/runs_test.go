package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// newRun is a run that has just been created.
func newRun(t *testing.T) *Run {
	t.Helper()
	run, err := Create(filepath.Join(t.TempDir(), "run"), "", start)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// put writes a file into a run behind its back.
func put(t *testing.T, run *Run, name, text string) {
	t.Helper()
	if err := os.WriteFile(run.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestOpenReadsWhatWasWritten(t *testing.T) {
	run := newRun(t)
	config := "name: a\n# a comment\n"
	if err := run.WriteConfig([]byte(config)); err != nil {
		t.Fatal(err)
	}
	if err := run.WriteEnvironment(Environment{Started: start}); err != nil {
		t.Fatal(err)
	}
	opened, err := Open(run.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := opened.Config(); err != nil || string(got) != config {
		t.Errorf("config %q, %v; want %q", got, err, config)
	}
	if opened.Dir() != run.Dir() {
		t.Errorf("directory %s, want %s", opened.Dir(), run.Dir())
	}
}

func TestOpenWhatIsNoRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	run := newRun(t)
	future := newRun(t)
	put(t, future, configFile, "")
	put(t, future, environmentFile, `{"format": 2, "started": "2026-03-04T05:06:07Z"}`)
	for _, test := range []struct{ dir, want string }{
		{filepath.Join(dir, "none"), ": there is no such run directory: file does not exist"},
		{file, ": is a file; a run is a directory"},
		{dir, ": is not a run directory: it has no config.yaml: file does not exist"},
		{run.Dir(), ": is not a run directory: it has no config.yaml: file does not exist"},
		{future.Dir(), "/environment.json: has format 2, and this version of joule reads up to format 1: use a newer joule"},
	} {
		if _, err := Open(test.dir); message(err) != test.dir+test.want {
			t.Errorf("error %v; want %s", err, test.dir+test.want)
		}
	}
	put(t, run, configFile, "")
	_, err := Open(run.Dir())
	if want := run.Dir() + ": is not a run directory: it has no environment.json: file does not exist"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
}

func TestMissingFilesSayWhenTheyAreWritten(t *testing.T) {
	run := newRun(t)
	_, err := run.Parameters()
	if want := run.Dir() + ": has no parameters.safetensors, which is written at every checkpoint: training ended before the first: file does not exist"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
	_, err = run.Result()
	if want := run.Dir() + ": has no result.json, which is written when training ends: it is still going on, or was killed: file does not exist"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestForeignFilesInTheDirectory(t *testing.T) {
	run := newRun(t)
	if err := run.WriteEnvironment(Environment{Started: start}); err != nil {
		t.Fatal(err)
	}
	put(t, run, "notes.txt", "mine")
	put(t, run, ".parameters.safetensors123", "left by a crash")
	if err := run.WriteConfig([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(run.Dir()); err != nil {
		t.Errorf("foreign files make the run unreadable: %v", err)
	}
	if text, _ := os.ReadFile(run.path("notes.txt")); string(text) != "mine" {
		t.Errorf("notes.txt now holds %q", text)
	}

	if err := os.Remove(run.path(configFile)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(run.path(configFile), 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := run.Config(); message(err) != run.path(configFile)+": is not a regular file" {
		t.Errorf("error %v", err)
	}
}

func TestNothingIsWrittenThroughLinks(t *testing.T) {
	run, outside := newRun(t), t.TempDir()
	if err := os.Symlink(outside, run.path(figuresDir)); err != nil {
		t.Skip(err)
	}
	if _, err := run.FigurePath("energy.png"); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("figures: error %v; want one that says that the path escapes", err)
	}
	victim := filepath.Join(outside, "victim")
	for _, name := range []string{metricsFile, configFile} {
		os.Remove(run.path(name))
		if err := os.WriteFile(victim, []byte("theirs"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, run.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.AppendMetrics(Record{}); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("metrics: error %v; want one that says that the path escapes", err)
	}
	if err := run.WriteConfig([]byte("ours")); err != nil { // it replaces the link
		t.Error(err)
	}
	if text, _ := os.ReadFile(victim); string(text) != "theirs" {
		t.Errorf("the file outside now holds %q", text)
	}
}

func TestFigurePath(t *testing.T) {
	run := newRun(t)
	for range 2 {
		path, err := run.FigurePath("energy.png")
		if err != nil || path != filepath.Join(run.Dir(), "figures", "energy.png") {
			t.Errorf("%s, %v", path, err)
		}
	}
	if info, err := os.Stat(run.path(figuresDir)); err != nil || !info.IsDir() {
		t.Errorf("the folder was not made: %v", err)
	}
	for _, name := range []string{"", ".", "..", "/", "../x.png", "a/b.png", "/x.png", ".hidden.png"} {
		if _, err := run.FigurePath(name); err == nil || !strings.Contains(err.Error(), "is not the name of a figure") {
			t.Errorf("%q: error %v", name, err)
		}
	}
}

func TestExportPath(t *testing.T) {
	run := newRun(t)
	path, err := run.ExportPath("model.onnx")
	if err != nil || path != filepath.Join(run.Dir(), "export", "model.onnx") {
		t.Errorf("%s, %v", path, err)
	}
	if _, err := run.ExportPath("../model.onnx"); err == nil || !strings.Contains(err.Error(), "is not the name of an exported model") {
		t.Errorf("error %v", err)
	}
	if err := os.Remove(run.path(exportDir)); err != nil { // it was made
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), run.path(exportDir)); err != nil {
		t.Skip(err)
	}
	if _, err := run.ExportPath("model.onnx"); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("error %v; want one that says that the path escapes", err)
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("permissions do not bind root")
	}
	run := newRun(t)
	if err := os.Chmod(run.Dir(), 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(run.Dir(), 0o700)
	err := run.WriteResult(Result{Status: Completed})
	if want := "write " + run.path(resultFile) + ": permission denied"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
	_, err = Create(filepath.Join(run.Dir(), "below"), "", start)
	if want := "create " + filepath.Join(run.Dir(), "below") + ": permission denied"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
}

func TestVanishedDirectory(t *testing.T) {
	run := newRun(t)
	if err := os.RemoveAll(run.Dir()); err != nil {
		t.Fatal(err)
	}
	err := run.WriteResult(Result{Status: Completed})
	if want := "write " + run.path(resultFile) + ": no such file or directory"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
	err = run.AppendMetrics(Record{})
	if want := "append to " + run.path(metricsFile) + ": no such file or directory"; message(err) != want {
		t.Errorf("error %v; want %s", err, want)
	}
}
