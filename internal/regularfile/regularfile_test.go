package regularfile

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	put(t, path, "content")
	for limit, want := range map[int64]string{math.MaxInt64: "content", 7: "content", 3: "con", 0: ""} {
		if got, err := ReadAtMost(path, limit); err != nil || string(got) != want {
			t.Errorf("at most %d bytes: %q, %v; want %q", limit, got, err, want)
		}
	}
	if _, err := Read(path + "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink("pipe", link)); err != nil {
		t.Skip(err)
	}
	for path, want := range map[string]string{dir: "is a directory", pipe: "is not a regular file", link: "is not a regular file", "/dev/null": "is not a regular file"} {
		if _, err := Read(path); err == nil || err.Error() != path+": "+want {
			t.Errorf("error %v, want %s: %s", err, path, want)
		}
	}
}

// Even where the look before has seen a file, a pipe in its place keeps nobody waiting.
func TestAPipeInTheLastMoment(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	put(t, file, "")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	stat := func(string) (os.FileInfo, error) { return os.Stat(file) }
	if _, _, err := open(pipe, stat, os.OpenFile, pipe); err == nil || err.Error() != pipe+": is not a regular file" {
		t.Errorf("error %v", err)
	}
}

func TestReadInStaysInside(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "secret"), "theirs")
	put(t, filepath.Join(inside, "own"), "ours")
	if err := errors.Join(os.Symlink("../secret", filepath.Join(inside, "out")), os.Symlink("own", filepath.Join(inside, "in"))); err != nil {
		t.Skip(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"own", "in"} {
		if got, err := ReadIn(root, name, name, 10); err != nil || string(got) != "ours" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"out", "../secret", "/etc/passwd"} {
		if _, err := ReadIn(root, name, name, 10); err == nil || !strings.Contains(err.Error(), "escapes") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
