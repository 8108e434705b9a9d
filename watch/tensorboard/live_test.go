package tensorboard

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"joule/internal/faults"
	"joule/rundir"
)

// told is what a folder's event files have, in the order in which they are read: "step tag" of each value, and "void step".
func told(t *testing.T, folder string) (list []string) {
	t.Helper()
	names, err := namesOf(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		err := readFile(filepath.Join(folder, name), func(event []byte) error {
			fields, err := fieldsOf(event)
			step := uint64(0)
			for _, f := range fields {
				switch f.number {
				case eventStep:
					step = f.bits
				case eventSession:
					list = append(list, fmt.Sprint("void ", step))
				case eventSummary:
					values, err := fieldsOf(f.bytes)
					if err != nil {
						return err
					}
					for _, v := range values {
						list = append(list, fmt.Sprint(step, " ", string(within(v.bytes, valueTag))))
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func at(step int64) Event {
	return Scalars(rundir.Record{Step: step, Values: map[string]float64{"loss": float64(step), "b": math.NaN()}}, time.Now())
}

func TestLive(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	for k, restart := range []int64{7, 3, 2} { // in one second, and read in this order
		l, err := Open(folder, "v0", restart, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		l.Add(at(int64(k + 1)))
		l.Add()
		l.Add(Event{Step: 1, Restart: true})
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	want := []string{"void 0", "1 b", "1 loss", "void 1", "void 3", "2 b", "2 loss", "void 1", "void 2", "3 b", "3 loss", "void 1"}
	if got := told(t, folder); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A disk that fails for some time loses nothing; what is on it meanwhile is whole records. It is said once.
func TestLiveOnAFailingDisk(t *testing.T) {
	var mutex sync.Mutex
	isFailing, tries, warnings := true, 0, 0
	defer faults.Inject(func(op faults.Op, name string) error {
		mutex.Lock()
		defer mutex.Unlock()
		if op != faults.Write || !strings.HasSuffix(name, liveEnd) {
			return nil
		}
		tries++
		if isFailing {
			return syscall.ENOSPC
		}
		return nil
	})()
	folder := t.TempDir()
	l, err := Open(folder, "v0", 0, func(err error) {
		mutex.Lock()
		defer mutex.Unlock()
		if warnings++; !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), folder) {
			t.Errorf("the warning is %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	tried := func(n int) {
		t.Helper()
		for range 6000 {
			mutex.Lock()
			ok := tries >= n
			mutex.Unlock()
			if ok {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("it was not tried %d times", n)
	}
	tried(1)
	for step := range int64(3) {
		l.Add(at(step))
		tried(int(step) + 2)
	}
	if got := told(t, folder); len(got) != 0 {
		t.Errorf("there is %q on a full disk", got)
	}
	mutex.Lock()
	isFailing = false
	mutex.Unlock()
	l.AddState(func() []Event { return []Event{at(9)} })
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	want := []string{"void 0", "0 b", "0 loss", "1 b", "1 loss", "2 b", "2 loss", "9 b", "9 loss"}
	if got := told(t, folder); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if warnings != 1 {
		t.Errorf("%d warnings", warnings)
	}
}

// What never can be written is an error at the end, and not before.
func TestLiveOnAFullDisk(t *testing.T) {
	defer faults.Inject(func(op faults.Op, name string) error {
		if op == faults.Write {
			return syscall.ENOSPC
		}
		return nil
	})()
	folder := t.TempDir()
	l, err := Open(folder, "v0", 0, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	l.Add(at(1))
	if err := l.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if got := told(t, folder); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// While the disk hangs, states do not heap up: the newest counts.
func TestLiveOnASlowDisk(t *testing.T) {
	blocked, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	defer faults.Inject(func(op faults.Op, name string) error {
		if op == faults.Write {
			once.Do(func() { close(blocked); <-release })
		}
		return nil
	})()
	folder := t.TempDir()
	l, err := Open(folder, "v0", 0, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	<-blocked
	for step := range int64(5) {
		l.AddState(func() []Event { return []Event{at(step)} })
	}
	close(release)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if got, want := told(t, folder), []string{"void 0", "4 b", "4 loss"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(folder, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(folder, "v0", 0, nil); err == nil || !strings.Contains(err.Error(), folder) {
		t.Errorf("%v", err)
	}
}
