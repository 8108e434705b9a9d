package trainers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/tensor"
	"joule/models"
)

// streamedSpec is a small run of a method on a file of 90 points, of which 72 are for training: three steps with a window of
// 12 points, in blocks of 5.
func streamedSpec(t *testing.T, method string) (spec Spec, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "points.npy")
	if err := datasets.WriteNPY(path, normalData(90, []float64{1, -1}, 2).Train, datasets.Float64); err != nil {
		t.Fatal(err)
	}
	spec = smallSpecs(t)[method]
	spec.Model = models.NewQuadratic() // compiles fast
	spec.Loop.Steps, spec.Loop.BatchSize, spec.Loop.LogEvery = 20, 4, 4
	spec.Data = streamOf(t, path, spec.Seed)
	return spec, path
}

// streamOf is the stream of a file.
func streamOf(t *testing.T, path string, seed int64) *datasets.Set {
	t.Helper()
	source := &datasets.NPY{
		FileData: datasets.FileData{Path: path}, Preparation: datasets.Preparation{TestFraction: 0.2},
		Stream: &datasets.Streaming{Window: 12, Block: 5},
	}
	set, err := source.Load(datasets.Env{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// until runs a trainer up to a step.
func until(t *testing.T, trainer *Trainer, step int) {
	t.Helper()
	for at := trainer.Step(); at < step; at = trainer.Step() {
		if err := trainer.bring(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if _, sick, err := trainer.advance(trainer.All(), step-at); err != nil || len(sick) > 0 {
			t.Fatal(sick, err)
		}
	}
}

// A run on a stream is a run on the points of one window after the other.
func TestStreamedRunIsThatOfItsWindows(t *testing.T) {
	for _, precision := range []string{float32bits, float64bits} {
		spec, _ := streamedSpec(t, "dsm")
		spec.Loop.Precision = precision
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			streamed := newTrainer(t, backend, spec)
			until(t, streamed, 20)
			inMemory := spec
			inMemory.Data = normalData(12, []float64{0, 0}, 1)
			byHand := newTrainer(t, backend, inMemory)
			for k := range 7 {
				points := datasets.NewPoints(12, 2)
				err := spec.Data.Stream.Window(t.Context(), k, func(slot int, point []float64) { copy(points.Row(slot), point) })
				if err != nil {
					t.Fatal(err)
				}
				byHand.crews[0].fixed[0][atData] = tensor.From(points.Values, byHand.program.dtype, 12, 2)
				until(t, byHand, min(3*(k+1), 20))
			}
			if !reflect.DeepEqual(snapshots(t, streamed), snapshots(t, byHand)) {
				t.Error("the bits at the end differ")
			}
		})
	}
}

// A run on a stream that is taken apart, at the edge of a window or within one, ends with the same bits; and so do replicas with
// streams of their own.
func TestRestoredStreamsGiveTheSameBits(t *testing.T) {
	for _, method := range []string{"dsm", "mle"} {
		spec, path := streamedSpec(t, method)
		if method == "mle" {
			spec.Replicas = []Replica{{streamOf(t, path, 8), 8}}
		}
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			whole, half := newTrainer(t, backend, spec), map[int][]Snapshot{}
			for _, at := range []int{3, 7, 20} {
				until(t, whole, at)
				half[at] = snapshots(t, whole)
			}
			for _, at := range []int{7, 3} {
				second := goOn(t, backend, spec, half[at])
				until(t, second, 20)
				if !reflect.DeepEqual(snapshots(t, second), half[20]) {
					t.Errorf("%s, taken apart after %d steps: the bits at the end differ", method, at)
				}
			}
		})
	}
}

// A rollback over the edge of a window reads the earlier one again: the run is the same wherever it is interrupted before it.
func TestRollbackReadsAgain(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		spec, path := streamedSpec(t, "dsm")
		points := normalData(90, []float64{1, -1}, 2).Train
		points.Values[100] = 1e25 // sick whenever it is drawn
		if err := datasets.WriteNPY(path, points, datasets.Float64); err != nil {
			t.Fatal(err)
		}
		spec.Data, spec.Loop.Steps = streamOf(t, path, 8), 40
		spec.Loop.CheckpointEvery, spec.Loop.Health = 5, Health{Policy: Rollback, Retries: 100, RateFactor: 0.5}
		whole := newTrainer(t, backend, spec)
		kept := map[int]Snapshot{}
		var incidents []Incident
		err := whole.Run(t.Context(), Hooks{
			Checkpoint: func([]int) error { kept[whole.Step()] = snapshots(t, whole)[0]; return nil },
			Incident:   func(i Incident) { incidents = append(incidents, i) },
		})
		if err != nil || len(incidents) == 0 {
			t.Fatalf("incidents %+v, error %v", incidents, err)
		}
		crossed := 0
		for _, i := range incidents {
			if i.To/3 != (i.Step-1)/3 {
				crossed++
			}
		}
		if crossed == 0 {
			t.Fatalf("no rollback goes over the edge of a window: %+v", incidents)
		}
		again := newTrainer(t, backend, spec)
		for step, s := range kept {
			if err := again.Restore(0, s); err != nil {
				t.Fatal(err)
			}
			if err := again.Run(t.Context(), Hooks{}); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(snapshots(t, again), snapshots(t, whole)) {
				t.Errorf("from step %d on, the bits at the end differ", step)
			}
		}
	})
}

// A file that vanishes ends the run where its window is due, with an error that names it. Once it is back, the run goes on,
// and ends with the bits of one that was never disturbed.
func TestStreamThatVanishes(t *testing.T) {
	spec, path := streamedSpec(t, "dsm")
	spec.Loop.LogEvery = 1
	trainer := newTrainer(t, backendtest.Open(t, "go"), spec)
	err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error {
		if r.Step == 5 { // window 1 is there, and so may be window 2
			return os.Rename(path, path+".away")
		}
		return nil
	}})
	if _, ok := errors.AsType[*datasets.ChangedError](err); !ok || !strings.HasPrefix(err.Error(), path+": no such file") {
		t.Fatalf("error %v", err)
	}
	if step := trainer.Step(); step != 6 && step != 9 {
		t.Errorf("the run ends after step %d, which is no edge of a window", step)
	}
	state := snapshots(t, trainer)
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	whole, restored := newTrainer(t, trainer.backend, spec), goOn(t, trainer.backend, spec, state)
	for _, trainer := range []*Trainer{whole, trainer, restored} {
		if err := trainer.Run(t.Context(), Hooks{}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(snapshots(t, trainer), snapshots(t, whole)) {
			t.Error("the bits at the end differ")
		}
	}
}

// Devices that share a batch have the same window, and so have devices that replicas are spread over.
func TestStreamOnDevices(t *testing.T) {
	two := severalDevices(t, 2)
	spec, _ := streamedSpec(t, "dsm")
	spec.Loop.Precision = float64bits
	for _, replicas := range [][]Replica{nil, {{spec.Data, 9}}} {
		spec.Replicas, spec.Loop.Devices = replicas, 1
		alone := newTrainer(t, backendtest.Open(t, "go"), spec)
		until(t, alone, 20)
		spec.Loop.Devices = 2
		shared := newTrainer(t, two, spec)
		until(t, shared, 20)
		if spread := len(shared.crews) > 1; spread != (replicas != nil) {
			t.Errorf("%d more replicas: they are spread: %t", len(replicas), spread)
		}
		for i := range alone.replicas {
			same(t, "on two devices", parametersOf(t, shared, i), parametersOf(t, alone, i), 1e-10)
		}
	}
}

// Windows that were used do not stay in memory.
func TestMemoryDoesNotGrowOverWindows(t *testing.T) {
	spec, _ := streamedSpec(t, "dsm")
	spec.Loop.Steps = 3000
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		until(t, trainer, 1000)
		first := resident(t)
		until(t, trainer, 3000)
		if grown := resident(t) - first; grown > 2<<20 {
			t.Errorf("the process grew by %d bytes over 660 windows", grown)
		}
	})
}

// A trainer that is closed leaves nothing that reads, and one whose context is done does not wait for a window.
func TestFeedEnds(t *testing.T) {
	spec, _ := streamedSpec(t, "dsm")
	backend := backendtest.Open(t, "go")
	before := runtime.NumGoroutine()
	for range 20 {
		trainer, err := New(backend, spec)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := trainer.bring(ctx, 0); err != nil && err != context.Canceled {
			t.Errorf("error %v of a context that is done", err)
		}
		until(t, trainer, 4) // the next window is being read
		trainer.Close()
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, and %d before", after, before)
	}
}

// Replicas on streams with windows of other sizes, or in memory beside one on a stream, are refused.
func TestStreamsHaveToBeAlike(t *testing.T) {
	spec, path := streamedSpec(t, "dsm")
	inMemory := normalData(12, []float64{1, -1}, 1)
	wider := streamOf(t, path, 1)
	wider.Stream.Size = 13
	for _, other := range []*datasets.Set{inMemory, wider} {
		spec.Replicas = []Replica{{other, 1}}
		if _, err := New(backendtest.Open(t, "go"), spec); err == nil || !strings.HasSuffix(err.Error(), "they have to be alike") {
			t.Errorf("error %v", err)
		}
	}
}
