package checkpoints

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"joule/internal/faults"
	"joule/internal/safetensors"
)

// example is a checkpoint of a step, with a few tensors.
func example(step int) Checkpoint {
	return Checkpoint{
		Step: step, Summed: min(step, 2), Rate: 0.5, Seed: 7, Random: "threefry-2x32-13", Data: "sha256:00", Joule: "dev", Backend: "go",
		Seconds: 1.5, Written: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Incidents: []Incident{{Step: 1, Quantity: "loss", Value: Number(math.Inf(1)), Action: "rollback", To: 0, Rate: 0.5}},
		Tensors: []safetensors.Tensor{
			safetensors.New("parameters.w", []int{2}, []float32{float32(step), 2}), safetensors.New("log.sums", nil, []float32{-1}),
		},
	}
}

func newFolder(t testing.TB) Folder {
	t.Helper()
	return In(t.TempDir(), "checkpoints")
}

func save(t testing.TB, f Folder, all ...Checkpoint) {
	t.Helper()
	for _, c := range all {
		if err := f.Save(c); err != nil {
			t.Fatal(err)
		}
	}
}

// list are the names of the checkpoints.
func list(t testing.TB, f Folder) (names []string) {
	t.Helper()
	entries, err := f.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.name)
	}
	return names
}

func TestRoundTrip(t *testing.T) {
	f := newFolder(t)
	if entries, err := f.List(); err != nil || len(entries) > 0 {
		t.Errorf("a new folder has %v, %v", entries, err)
	}
	save(t, f, example(20), example(3))
	entries, err := f.List()
	if err != nil || len(entries) != 2 || entries[0].Step != 3 || entries[1].Step != 20 {
		t.Fatalf("entries %+v, %v", entries, err)
	}
	for _, e := range entries {
		want := example(e.Step)
		if got, err := f.Load(e); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("loaded %+v, %v; want %+v", got, err, want)
		}
		want.Tensors = nil
		if got, err := f.Manifest(e); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("the manifest says %+v, %v; want %+v", got, err, want)
		}
	}
}

// The same checkpoint is not written twice, and remains of others that cannot be removed are in nobody's way.
func TestSaveAgain(t *testing.T) {
	f := newFolder(t)
	save(t, f, example(5), example(5))
	if names := list(t, f); !slices.Equal(names, []string{"step-000000000005"}) {
		t.Errorf("the checkpoints are %v", names)
	}
	left, err := os.ReadDir(f.path())
	if err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
}

// A checkpoint of another version is not damaged.
func TestOtherVersion(t *testing.T) {
	f := newFolder(t)
	save(t, f, example(5))
	entries, _ := f.List()
	m := manifest{Format: format + 1, Checkpoint: example(5)}
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	path := f.path(entries[0].name, manifestFile)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = f.Load(entries[0])
	if _, isDamaged := errors.AsType[*DamagedError](err); isDamaged || err == nil || err.Error() != path+": has format 2, and this version of joule reads format 1: use the joule that wrote it, or a newer one" {
		t.Errorf("error %v", err)
	}
}

// A second checkpoint of a step does not touch the first, and is the one that counts.
func TestRevisions(t *testing.T) {
	f := newFolder(t)
	later := example(5)
	later.Rate = 0.25
	save(t, f, example(5), later, example(4))
	if names := list(t, f); !slices.Equal(names, []string{"step-000000000004", "step-000000000005", "step-000000000005.2"}) {
		t.Errorf("the checkpoints are %v", names)
	}
	entries, _ := f.List()
	if c, err := f.Load(entries[2]); err != nil || c.Rate != 0.25 {
		t.Errorf("the last one is %+v, %v", c, err)
	}
}

func TestSaveRefuses(t *testing.T) {
	f := newFolder(t)
	for _, test := range []struct {
		change func(*Checkpoint)
		want   string
	}{
		{func(c *Checkpoint) { c.Tensors[0] = safetensors.New("w", []int{2}, []float32{1, float32(math.NaN())}) }, "tensor w: value 1 is NaN; only finite states are kept"},
		{func(c *Checkpoint) { c.Tensors[1] = safetensors.New("s", nil, []float64{math.Inf(-1)}) }, "tensor s: value 0 is -Inf; only finite states are kept"},
		{func(c *Checkpoint) { c.Summed = 6 }, "summed: 6 is not within 0 and the step, 5"},
		{func(c *Checkpoint) { c.Rate = math.NaN() }, "rate: NaN is not above 0 and at most 1"},
		{func(c *Checkpoint) { c.Step = -1 }, "step: -1 is negative"},
		{func(c *Checkpoint) { c.Seconds = math.Inf(1) }, "seconds: +Inf is not a time"},
		{func(c *Checkpoint) { c.Criterion = &Criterion{"loss", math.NaN()} }, "criterion: NaN is not finite"},
		{func(c *Checkpoint) { c.Best = &Best{Criterion: Criterion{"validation_loss", math.Inf(1)}} }, "best: +Inf is not finite"},
	} {
		c := example(5)
		test.change(&c)
		if err := f.Save(c); err == nil || !strings.HasSuffix(err.Error(), ": "+test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
	if names := list(t, f); len(names) > 0 {
		t.Errorf("there are %v", names)
	}
}

func TestPrune(t *testing.T) {
	with := func(step int, loss float64) Checkpoint {
		c := example(step)
		c.Criterion = &Criterion{"loss", loss}
		return c
	}
	for _, test := range []struct {
		keep Keep
		want string
	}{
		{Keep{Last: 1}, "60"}, {Keep{Last: 2}, "50 60"}, {Keep{Last: 9}, "10 20 30 40 50 60"},
		{Keep{Last: 1, Every: 20}, "20 40 60"}, {Keep{Last: 1, Best: "loss"}, "30 60"}, {Keep{Last: 1, Every: 50, Best: "loss"}, "30 50 60"},
	} {
		f := newFolder(t)
		save(t, f, with(10, 5), with(20, 3), with(30, 1), with(40, 1), example(50), with(60, 2))
		if err := f.Prune(test.keep); err != nil {
			t.Fatal(err)
		}
		entries, _ := f.List()
		var steps []string
		for _, e := range entries {
			steps = append(steps, fmt.Sprint(e.Step))
		}
		if got := strings.Join(steps, " "); got != test.want {
			t.Errorf("%+v keeps %s, want %s", test.keep, got, test.want)
		}
	}
	f := newFolder(t)
	back, again := example(9), example(8)
	back.RollbackTo, again.Rate = new(int), 0.1
	*back.RollbackTo = 5
	save(t, f, example(5), example(7), example(8), again, back)
	if err := f.Prune(Keep{Last: 2}); err != nil {
		t.Fatal(err)
	}
	if names := list(t, f); !slices.Equal(names, []string{"step-000000000005", "step-000000000008.2", "step-000000000009"}) {
		t.Errorf("kept are %v", names)
	}
	f = newFolder(t)
	other := example(1)
	other.Criterion = &Criterion{"norm", 1}
	save(t, f, other)
	if _, err := f.Best("loss"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the best of none: %v", err)
	}
}

func TestSetAside(t *testing.T) {
	f := newFolder(t)
	for _, want := range []string{"aside-step-000000000007", "aside-step-000000000007-2"} {
		save(t, f, example(7))
		entries, _ := f.List()
		if path, err := f.SetAside(entries[0]); err != nil || filepath.Base(path) != want {
			t.Errorf("set aside as %s, %v; want %s", path, err, want)
		}
	}
	if err := f.Prune(Keep{Last: 1}); err != nil || len(list(t, f)) > 0 {
		t.Errorf("there are %v, %v", list(t, f), err)
	}
	if _, err := os.Stat(f.path("aside-step-000000000007", stateFile)); err != nil {
		t.Error(err)
	}
}

// Whatever operation fails, the error says where and why, the checkpoints from before are good, and the next one is written.
func TestFaults(t *testing.T) {
	for _, want := range []error{syscall.ENOSPC, syscall.EIO} {
		for n := 1; ; n++ {
			f := newFolder(t)
			save(t, f, example(1), example(2))
			count, op := 0, ""
			restore := faults.Inject(func(o faults.Op, name string) error {
				if count++; count == n {
					op = fmt.Sprint(o, " ", name)
					return want
				}
				return nil
			})
			err := errors.Join(f.Save(example(3)), f.Prune(Keep{Last: 2}))
			restore()
			if op == "" {
				if n < 12 {
					t.Errorf("there are only %d operations", n-1)
				}
				break
			}
			if !errors.Is(err, want) || !strings.Contains(err.Error(), filepath.Join(f.run, "checkpoints")) {
				t.Errorf("%s fails with %v: error %v", op, want, err)
			}
			entries, err := f.List()
			if err != nil || len(entries) < 2 {
				t.Errorf("%s: %v, %v", op, entries, err)
			}
			for _, e := range entries {
				if c, err := f.Load(e); err != nil || !reflect.DeepEqual(c, example(e.Step)) {
					t.Errorf("%s: checkpoint %d is %+v, %v", op, e.Step, c, err)
				}
			}
			save(t, f, example(4))
			left, err := os.ReadDir(f.path())
			for _, e := range left {
				if strings.HasPrefix(e.Name(), ".") {
					t.Errorf("%s: %s is left, %v", op, e.Name(), err)
				}
			}
		}
	}
}
