package rundir

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A lock is seen without being taken, that of several runs by each of them, and it ends with the process that held it.
func TestLocks(t *testing.T) {
	dir := t.TempDir()
	member := filepath.Join(dir, "seed-3")
	if err := os.Mkdir(member, 0o755); err != nil {
		t.Fatal(err)
	}
	if held, _ := ReadLocks().OfRun(member); held != Free {
		t.Errorf("held %v before", held)
	}
	release, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // looking does not end it
		if held, pid := ReadLocks().Of(dir); held != Taken || pid != os.Getpid() {
			t.Errorf("held %v by %d", held, pid)
		}
		if held, pid := ReadLocks().OfRun(member); held != Taken || pid != os.Getpid() {
			t.Errorf("the member is held %v by %d", held, pid)
		}
	}
	if files := LockFilesOf(member); len(files) != 1 || !ReadLocks().Has(files) {
		t.Errorf("lock files %v", files)
	}
	if _, err := Lock(dir); err == nil {
		t.Error("the lock is gone")
	}
	release()
	if held, _ := ReadLocks().Of(dir); held != Free {
		t.Errorf("held %v after", held)
	}
	if ReadLocks().Has(LockFilesOf(dir)) {
		t.Error("the lock file is held after")
	}
}

// Where the kernel's list has nothing, the process that the file names decides, if it is of this machine.
func TestLocksByName(t *testing.T) {
	dir := t.TempDir()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Held{
		"":                            Free,
		"process 1 on another.host\n": Elsewhere,
		fmt.Sprintf("process %d on %s\n", os.Getpid(), host): Taken,
		fmt.Sprintf("process %d on %s\n", 1<<30, host):       Free,
		"process x\n": Free,
	} {
		if err := os.WriteFile(filepath.Join(dir, lockFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		l := parseLocks(nil)
		l.host = host
		if held, _ := l.Of(dir); held != want {
			t.Errorf("%q without a list: %v, want %v", text, held, want)
		}
		l.isKnown = true
		if held, _ := l.Of(dir); held == Taken {
			t.Errorf("%q is held, and the list has nothing", text)
		}
	}
}

func TestParseLocks(t *testing.T) {
	l := parseLocks([]byte(`1: FLOCK  ADVISORY  WRITE 6431 fe:00:10126934 0 EOF
2: FLOCK  ADVISORY  READ  6432 fe:00:10126935 0 EOF
3: POSIX  ADVISORY  WRITE 6433 fe:00:10126936 0 EOF
3: -> FLOCK  ADVISORY  WRITE 6434 fe:00:10126934 0 EOF
4: FLOCK  ADVISORY  WRITE x fe:00:10126937 0 EOF
nonsense
`))
	if fmt.Sprint(l.held) != "map[10126934:[{fe:00 6431}]]" {
		t.Errorf("%v", l.held)
	}
	if got := deviceOf(0xfe00); got != "fe:00" {
		t.Errorf("device %s", got)
	}
}
