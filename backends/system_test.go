package backends

import (
	"path/filepath"
	"runtime"
	"testing"
)

func TestThisSystem(t *testing.T) {
	dir := t.TempDir()
	withNVIDIA(t, filepath.Join(dir, "none"))
	s := ThisSystem()
	if s.Go != runtime.Version() || s.OS != runtime.GOOS || s.Arch != runtime.GOARCH || s.Cores != runtime.GOMAXPROCS(0) || s.XLA != withXLA {
		t.Errorf("got %+v", s)
	}
	if runtime.GOOS == "linux" && s.Memory < 1<<20 {
		t.Errorf("%d bytes of memory", s.Memory)
	}
	if HasNVIDIA() {
		t.Error("a GPU without its files")
	}
	write(t, filepath.Join(dir, "nvidiactl"), "")
	withNVIDIA(t, filepath.Join(dir, "nvidiactl"))
	if !HasNVIDIA() || ThisSystem().NVIDIA == "" {
		t.Error("no GPU despite its device")
	}
}

func TestField(t *testing.T) {
	path := filepath.Join(t.TempDir(), "info")
	write(t, path, "MemTotal:       16 kB\nmodel name\t: A: B\nmodel name\t: second\nempty\n")
	for name, want := range map[string]string{"MemTotal": "16 kB", "model name": "A: B", "empty": "", "absent": ""} {
		if got := field(path, name); got != want {
			t.Errorf("field %q is %q, want %q", name, got, want)
		}
	}
	if got := field(path+".missing", "x"); got != "" {
		t.Errorf("a missing file has %q", got)
	}
}
