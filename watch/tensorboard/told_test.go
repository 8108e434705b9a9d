package tensorboard

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The last step is that of the last scalar that is not void, in whichever file it is, and up to where a file is whole.
func TestLastStep(t *testing.T) {
	folder, begun := filepath.Join(t.TempDir(), "run"), time.Now().Truncate(time.Millisecond)
	expect := func(want int64) {
		t.Helper()
		got, when, err := LastStep(folder)
		if err != nil || got != want || want >= 0 && (when.Before(begun) || when.After(time.Now())) {
			t.Errorf("the last step is %d at %v, error %v, want %d", got, when, err, want)
		}
	}
	add := func(restart int64, events ...Event) string {
		t.Helper()
		l, err := Open(folder, "v0", restart, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		l.Add(events...)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return l.Path()
	}
	expect(-1)
	add(0, Event{Time: time.Now(), Step: 3, Values: []Value{Histogram{Tag: "parameters/w"}}})
	expect(-1)
	add(1, at(1), at(4), Event{Time: time.Now(), Step: 9, Values: []Value{Histogram{Tag: "parameters/w"}}})
	expect(4)
	path := add(3, at(5))
	expect(5)
	add(9, at(9), Event{Step: 6, Restart: true})
	expect(5)
	if err := os.Truncate(path, int64(len(header(time.Now(), "v0")))+20); err != nil { // within the next record
		t.Fatal(err)
	}
	expect(4) // in the file that is cut neither a step nor what is void is told
}
