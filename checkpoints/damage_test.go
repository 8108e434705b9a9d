package checkpoints

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// saved is a folder with one checkpoint.
func saved(t testing.TB) (Folder, Entry) {
	t.Helper()
	f := newFolder(t)
	save(t, f, example(5))
	entries, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	return f, entries[0]
}

// damaged checks that a checkpoint is refused as damaged, by the name of a file.
func damaged(t *testing.T, f Folder, e Entry, file, what string) {
	t.Helper()
	_, err := f.Load(e)
	var d *DamagedError
	if !errors.As(err, &d) || d.Path != f.path(e.name, file) {
		t.Errorf("%s: error %v, want one about %s", what, err, file)
	}
}

// Every bit of a checkpoint counts, and so does its length.
func TestEveryBitCounts(t *testing.T) {
	f, e := saved(t)
	for _, file := range []string{manifestFile, stateFile} {
		path := f.path(e.name, file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		put := func(content []byte) {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for i := range whole {
			for bit := range 8 {
				flipped := slices.Clone(whole)
				flipped[i] ^= 1 << bit
				put(flipped)
				damaged(t, f, e, file, "a flipped bit")
			}
			put(whole[:i])
			damaged(t, f, e, file, "cut off")
		}
		put(append(slices.Clone(whole), '\n'))
		damaged(t, f, e, file, "a byte more")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		damaged(t, f, e, file, "missing")
		put(whole)
		if _, err := f.Load(e); err != nil {
			t.Fatal(err)
		}
	}
}

// Files of another checkpoint are not taken for those of this one.
func TestSwappedFiles(t *testing.T) {
	f, e := saved(t)
	save(t, f, example(6))
	for _, file := range []string{manifestFile, stateFile} {
		own, _ := os.ReadFile(f.path(e.name, file))
		other, err := os.ReadFile(f.path(nameOf(6, 1), file))
		if err != nil {
			t.Fatal(err)
		}
		for _, content := range [][]byte{other, own} {
			if _, err := f.Load(e); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(f.path(e.name, file), content, 0o644); err != nil {
				t.Fatal(err)
			}
			if &content[0] == &other[0] {
				damaged(t, f, e, file, "of another step")
				_ = os.WriteFile(f.path(e.name, file), own, 0o644)
			}
		}
	}
}

// What is no checkpoint is not listed, and what is no file is not read.
func TestForeignNames(t *testing.T) {
	f, e := saved(t)
	for _, name := range []string{"step-5", "step-000000000005.1", "step-0000000000005", "step-000000000005.02", "notes", ".writing-step-000000000009", "step-9999999999999999999"} {
		if err := os.Mkdir(f.path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if names := list(t, f); !slices.Equal(names, []string{e.name}) {
		t.Errorf("listed %v", names)
	}
	for _, file := range []string{manifestFile, stateFile} {
		path := f.path(e.name, file)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		outside := filepath.Join(t.TempDir(), "outside")
		if err := os.WriteFile(outside, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(path)
		if err := os.Symlink(outside, path); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Load(e); err == nil || !strings.Contains(err.Error(), "escapes") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s is a link out of the run: error %v", file, err)
		}
		_ = os.Remove(path)
		if err := syscall.Mkfifo(path, 0o644); err != nil {
			t.Fatal(err)
		}
		damaged(t, f, e, file, "a pipe")
		_ = os.Remove(path)
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		damaged(t, f, e, file, "a folder")
		_ = os.Remove(path)
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(f.path(e.name, manifestFile), maxManifest+1); err != nil {
		t.Fatal(err)
	}
	damaged(t, f, e, manifestFile, "a huge manifest")
}

// A manifest is read as it was written or not at all.
func FuzzManifest(f *testing.F) {
	m := manifest{Format: format, Checkpoint: example(5), State: file{123, strings.Repeat("0", sumLength)}}
	text, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)-1])
	f.Add([]byte(beforeSum + sumOf(nil) + afterSum))
	body := []byte(`{"format": 1, "step": 1e99`)
	f.Add([]byte(string(body) + beforeSum + sumOf(append(body, beforeSum...)) + afterSum))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeManifest(text)
		// A second chance for what the checksum alone keeps out.
		if err != nil && len(text) > len(afterSum)+sumLength {
			body := append(text[:len(text)-len(afterSum)-sumLength:len(text)-len(afterSum)-sumLength], beforeSum...)
			m, err = decodeManifest([]byte(string(body) + sumOf(body) + afterSum))
		}
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", m, err)
		}
		if _, err := decodeManifest(again); err != nil {
			t.Fatalf("%s was written and cannot be read: %v", again, err)
		}
	})
}
