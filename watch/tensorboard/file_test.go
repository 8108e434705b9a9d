package tensorboard

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// Write replaces its own file, whatever its time, leaves one alone that would be the same, and touches those of no other.
func TestWrite(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "run")
	begun := time.Unix(1_700_000_000, 0)
	path, err := Write(folder, begun, "v0", []Event{at(1)})
	if err != nil || filepath.Base(path) != "events.out.tfevents.1700000000.joule" {
		t.Fatalf("%s, %v", path, err)
	}
	then := begun.Add(time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	e := at(1)
	for range 2 {
		e.Time = begun
		if _, err := Write(folder, begun, "v0", []Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Write(folder, begun, "v0", []Event{e}); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("the same content was written again: %v", err)
	}
	if path, err = Write(folder, begun.Add(time.Minute), "v0", []Event{at(2)}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("there are %v, %v", entries, err)
	}
	if got, want := told(t, folder), []string{"2 b", "2 loss"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}

	other := filepath.Join(folder, "events.out.tfevents.1.elsewhere")
	if err := os.WriteFile(other, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Write(folder, begun, "v0", []Event{at(3)})
	if is, ok := errors.AsType[*OtherError](err); !ok || is.Path != other {
		t.Errorf("%v", err)
	}
	if err := CheckUnused(folder); err == nil {
		t.Error("the folder counts as unused")
	}
	if err := CheckUnused(filepath.Join(folder, "none")); err != nil {
		t.Error(err)
	}
}

// A file that is damaged or cut off does not keep a log directory from being described.
func TestDescribeDamaged(t *testing.T) {
	logdir := t.TempDir()
	start := Event{Values: []Value{Start{Hparams: map[string]string{"sigma": "0.5"}}, Scalar{"loss", 1}}}
	path, err := Write(filepath.Join(logdir, "run"), time.Unix(1, 0), "v0", []Event{start, at(1)})
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for cut := len(whole); cut > len(whole)-20; cut-- {
		content := whole[:cut]
		if cut%2 == 0 {
			content = append(bytes.Clone(content[:cut-1]), ^content[cut-1])
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		described, err := Describe(logdir, "v0", []Metric{{"loss", "loss", ""}, {"none", "none", ""}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(described)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) || !bytes.Contains(got, []byte("sigma")) || !bytes.Contains(got, []byte("loss")) || bytes.Contains(got, []byte("none")) {
			t.Fatalf("cut to %d: %q", cut, got)
		}
	}
}

func TestImage(t *testing.T) {
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 5, 3))); err != nil {
		t.Fatal(err)
	}
	if i, err := NewImage("x", file.Bytes()); err != nil || i.Width != 5 || i.Height != 3 {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := NewImage("x", []byte("no")); err == nil {
		t.Error("anything is a picture")
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]any{
		"0.5": 0.5, "1e-3": 1e-3, "true": true, "false": false, "dsm": "dsm", `"null"`: "null", "NaN": "NaN", "Infinity": "Infinity", "[8, 8]": "[8, 8]", `""`: "", "": "",
	} {
		if got := setting(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
