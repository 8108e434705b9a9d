package rundir

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"joule/checkpoints"
	"joule/internal/faults"
	"joule/internal/safetensors"
)

// stateAt is what is saved at a step.
func stateAt(step int) Save {
	tensors := []safetensors.Tensor{safetensors.New("w", nil, []float32{float32(step)})}
	return Save{checkpoints.Checkpoint{Step: step, Rate: 1, Tensors: tensors}, Parameters{Step: int64(step), Tensors: tensors}}
}

func recordAt(step int) Record {
	return Record{Step: int64(step), Values: map[string]float64{"loss": float64(step)}}
}

// warnings collects what a recorder warns of.
type warnings struct {
	sync.Mutex
	all []string
}

func (w *warnings) add(err error) {
	w.Lock()
	defer w.Unlock()
	w.all = append(w.all, err.Error())
}

// onDisk is what a run has: the steps of its records, of its checkpoints, and of its parameters.
func onDisk(t *testing.T, run *Run) string {
	t.Helper()
	var logged, saved []int64
	m, err := run.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Records {
		logged = append(logged, r.Step)
	}
	entries, err := run.Checkpoints().List()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := run.Checkpoints().Load(e); err != nil {
			t.Error(err)
		}
		saved = append(saved, int64(e.Step))
	}
	p, _ := run.Parameters() // of step 0 where there are none
	return fmt.Sprint(logged, saved, p.Step)
}

func TestRecorder(t *testing.T) {
	runs := []*Run{newRun(t), newRun(t)}
	var warned warnings
	r := NewRecorder(runs, checkpoints.Keep{Last: 9}, warned.add)
	for step := 10; step <= 30; step += 10 {
		for i := range runs {
			r.Append(i, recordAt(step))
		}
	}
	r.Save(1, stateAt(30))
	r.Truncate(0, 20)
	r.Append(0, recordAt(25))
	for i, err := range r.Close() {
		if err != nil {
			t.Errorf("run %d: %v", i, err)
		}
	}
	if got := onDisk(t, runs[0]); got != "[10 20 25] [] 0" {
		t.Errorf("the first run has %s", got)
	}
	if got := onDisk(t, runs[1]); got != "[10 20 30] [30] 30" || len(warned.all) > 0 {
		t.Errorf("the second run has %s, warnings %v", got, warned.all)
	}
}

// While the disk is full, everything but old states is kept in memory; once there is room, it is written.
func TestRecorderOutlivesAFullDisk(t *testing.T) {
	run := newRun(t)
	var warned warnings
	var full atomic.Bool
	var tries sync.WaitGroup
	tries.Add(1)
	var once sync.Once
	defer faults.Inject(func(faults.Op, string) error {
		if full.Load() {
			once.Do(tries.Done)
			return syscall.ENOSPC
		}
		return nil
	})()
	r := NewRecorder([]*Run{run}, checkpoints.Keep{Last: 9}, warned.add)
	full.Store(true)
	r.Append(0, recordAt(10))
	tries.Wait()
	for step := 20; step <= 40; step += 10 {
		r.Append(0, recordAt(step))
		r.Save(0, stateAt(step))
	}
	r.Truncate(0, 30)
	full.Store(false)
	r.Append(0, recordAt(50))
	if err := r.Close()[0]; err != nil {
		t.Errorf("error %v", err)
	}
	// An older state may have been on its way when there was room again.
	if got := onDisk(t, run); !strings.HasPrefix(got, "[10 20 30 50] [") || !strings.HasSuffix(got, "40] 40") {
		t.Errorf("the run has %s", got)
	}
	want := "append to " + run.path(metricsFile) + ": no space left on device; training goes on, keeps it in memory and tries again"
	if len(warned.all) == 0 || warned.all[0] != want {
		t.Errorf("warnings %q, want %q", warned.all, want)
	}
}

// What cannot be written at the end is an error, and what was there before is as it was.
func TestRecorderSaysWhatIsNotWritten(t *testing.T) {
	for n := 1; ; n++ {
		run := newRun(t)
		r := NewRecorder([]*Run{run}, checkpoints.Keep{Last: 1}, func(error) {})
		r.Append(0, recordAt(10))
		r.Save(0, stateAt(10))
		if err := r.Close()[0]; err != nil {
			t.Fatal(err)
		}
		var count atomic.Int64
		var first atomic.Value
		restore := faults.Inject(func(op faults.Op, name string) error {
			if k := count.Add(1); k >= int64(n) {
				first.CompareAndSwap(nil, fmt.Sprint(op, " ", name))
				return syscall.EIO
			}
			return nil
		})
		r = NewRecorder([]*Run{run}, checkpoints.Keep{Last: 1}, func(error) {})
		r.Append(0, recordAt(20))
		r.Save(0, stateAt(20))
		err := r.Close()[0]
		restore()
		if first.Load() == nil {
			if got := onDisk(t, run); err != nil || got != "[10 20] [20] 20" || n < 20 {
				t.Errorf("without a fault: %v, %s after %d operations", err, got, n-1)
			}
			return
		}
		got := onDisk(t, run)
		if !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), run.Dir()) {
			t.Errorf("%s: error %v", first.Load(), err)
		}
		if !strings.HasPrefix(got, "[10") || !strings.Contains(got, "] [10") && !strings.Contains(got, "] [20]") {
			t.Errorf("%s: the run has %s", first.Load(), got)
		}
	}
}

// A disk that is slower than the training costs checkpoints, not steps, and never the last one.
func TestRecorderOnASlowDisk(t *testing.T) {
	run := newRun(t)
	var warned warnings
	saving, goOn := make(chan bool), make(chan bool)
	var once sync.Once
	defer faults.Inject(func(op faults.Op, name string) error {
		if op == faults.Rename {
			once.Do(func() { saving <- true; <-goOn })
		}
		return nil
	})()
	r := NewRecorder([]*Run{run}, checkpoints.Keep{Last: 9}, warned.add)
	r.Save(0, stateAt(1))
	<-saving
	for step := 2; step <= 5; step++ {
		r.Save(0, stateAt(step))
	}
	goOn <- true
	if err := r.Close()[0]; err != nil {
		t.Error(err)
	}
	if got := onDisk(t, run); got != "[] [1 5] 5" {
		t.Errorf("the run has %s", got)
	}
	if len(warned.all) != 3 || warned.all[0] != run.Dir()+": the checkpoint of step 2 is left out for that of step 3: the disk is slower than the training" {
		t.Errorf("warnings %q", warned.all)
	}
}

func TestTruncateMetrics(t *testing.T) {
	run := newRun(t)
	if err := run.TruncateMetrics(0); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if err := run.AppendMetrics(recordAt(1), recordAt(2), recordAt(3)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		step int64
		want []int64
	}{{7, []int64{1, 2, 3}}, {2, []int64{1, 2}}, {0, nil}} {
		if err := run.TruncateMetrics(test.step); err != nil {
			t.Fatal(err)
		}
		m, err := run.Metrics()
		var got []int64
		for _, r := range m.Records {
			got = append(got, r.Step)
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("up to %d there are %v, %v; want %v", test.step, got, err, test.want)
		}
	}
	put(t, run, metricsFile, "{\"format\":1}\n{\"step\":1}\n{\"step\":2")
	if err := run.TruncateMetrics(5); err != nil {
		t.Fatal(err)
	}
	if m, err := run.Metrics(); err != nil || m.Torn != 0 || len(m.Records) != 1 {
		t.Errorf("after a torn line: %+v, %v", m, err)
	}
	put(t, run, metricsFile, "{\"format\":1}\nrubbish\n")
	if err := run.TruncateMetrics(5); message(err) != run.path(metricsFile)+":2: \"rubbish\" is not a JSON object" {
		t.Errorf("error %v", err)
	}
}
