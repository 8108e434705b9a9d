package backends

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/internal/hostile"
)

type entry struct {
	name, text string
	mode       fs.FileMode
}

// wheel writes a zip file with the entries.
func wheel(t *testing.T, entries ...entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.whl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(file)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		header.SetMode(e.mode | 0o644)
		out, err := w.CreateHeader(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExtractPlugin(t *testing.T) {
	dst := filepath.Join(t.TempDir(), "plugin.so")
	if err := extractPlugin(wheel(t, entry{"p/__init__.py", "", 0}, entry{"p/q/lib.so", "the plugin", 0}), dst); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(dst); err != nil || string(got) != "the plugin" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestExtractPluginRefuses(t *testing.T) {
	garbage := filepath.Join(t.TempDir(), "x.whl")
	write(t, garbage, "no zip file")
	for _, c := range []struct{ wheel, want string }{
		{wheel(t, entry{"../lib.so", "x", 0}), `x.whl: entry "../lib.so" points out of the archive`},
		{wheel(t, entry{"p/lib.so", "x", 0}, entry{"/etc/passwd", "x", 0}), `x.whl: entry "/etc/passwd" points out of the archive`},
		{wheel(t, entry{"p/../../lib.so", "x", 0}), `x.whl: entry "p/../../lib.so" points out of the archive`},
		{wheel(t, entry{"p/a.so", "x", 0}, entry{"p/b.so", "x", 0}), `x.whl: two shared libraries, "p/a.so" and "p/b.so", where one was expected`},
		{wheel(t, entry{"p/lib.so", "/etc/passwd", fs.ModeSymlink}), `x.whl: entry "p/lib.so" is not a regular file`},
		{wheel(t, entry{"p/lib.py", "x", 0}), "x.whl: no shared library (.so) in the wheel"},
		{wheel(t), "x.whl: no shared library (.so) in the wheel"},
		{garbage, "x.whl: zip: not a valid zip file"},
	} {
		dst := filepath.Join(t.TempDir(), "plugin.so")
		if err := extractPlugin(c.wheel, dst); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: something was written", c.want)
		}
	}
}

// An entry that is larger than allowed, and one whose content is damaged, leave nothing behind.
func TestUnpackLeavesNothing(t *testing.T) {
	path := wheel(t, entry{"lib.so", strings.Repeat("x", 1000), 0})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	dst := filepath.Join(t.TempDir(), "plugin.so")
	want := `entry "lib.so" has 1000 bytes: at most 999 are accepted`
	if err := unpack(archive.File[0], dst, 999); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	archive.File[0].CRC32++
	want = `entry "lib.so": zip: checksum error`
	if err := unpack(archive.File[0], dst, 1000); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := os.Stat(dst); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a damaged entry of %d bytes was left behind", len(data))
	}
}

func FuzzExtractPlugin(f *testing.F) {
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path, dst := filepath.Join(dir, "x.whl"), filepath.Join(dir, "out", "plugin.so")
		if err := errors.Join(os.WriteFile(path, data, 0o644), os.Mkdir(filepath.Dir(dst), 0o755)); err != nil {
			t.Fatal(err)
		}
		var err error
		hostile.Bounded(t, data, bound, func() { err = extractPlugin(path, dst) })
		if err != nil {
			hostile.CheckError(t, data, "x.whl: ", err)
		}
		if _, missing := os.Stat(dst); (err == nil) != (missing == nil) {
			t.Errorf("error %v, but the file: %v", err, missing)
		}
	})
}
