package trainers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
)

// A loss, a gradient or an update that is not finite stops the run. The step is reported, and the parameters are those
// before it: finite, and the same as those of a run that ends there.
func TestDivergence(t *testing.T) {
	far := normalData(64, []float64{1e25}, 1e40)
	tests := []struct {
		name   string
		change func(*Spec)
		step   int // whose loss or gradient is not finite, counted from 1; 0: one after the second
	}{
		// The first update takes the parameters to 1e30, and the second loss is beyond float32.
		{"learning rate", func(s *Spec) { s.Optimizer.LearningRate = 1e30 }, 2},
		{"one point, wherever it is drawn", func(s *Spec) {
			s.Data, s.Loop.BatchSize, s.Loop.Steps = normalData(16, []float64{0}, 1), 1, 100
			s.Data.Train.Values[7], s.Seed = 1e25, 2
		}, 0},
		{"data", func(s *Spec) { s.Data = far }, 1},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			for _, ema := range []float64{0, 0.9} {
				name := fmt.Sprintf("%s, average %v: ", test.name, ema)
				spec := Spec{
					Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: normalData(64, []float64{0}, 1),
					Loop: Loop{Steps: 20, BatchSize: 8, LogEvery: 10, EMA: ema},
				}
				test.change(&spec)
				trainer := newTrainer(t, backend, spec)
				err := trainer.Run(t.Context(), Hooks{})
				var diverged *DivergedError
				if !errors.As(err, &diverged) {
					t.Errorf("%serror %v, want a DivergedError", name, err)
					continue
				}
				if test.step > 0 && diverged.Step != test.step || test.step == 0 && diverged.Step <= 2 || trainer.Step() != diverged.Step-1 {
					t.Errorf("%sthe run diverged at step %d, want %d, and %d steps are done", name, diverged.Step, test.step, trainer.Step())
				}
				got := parameters(t, trainer)
				for parameter, values := range got {
					for _, v := range values {
						if math.IsNaN(v) || math.IsInf(v, 0) {
							t.Errorf("%s%s is %v", name, parameter, v)
						}
					}
				}
				// It stays that way.
				if _, err := trainer.Block(1); !errors.As(err, &diverged) || !maps.EqualFunc(got, parameters(t, trainer), slices.Equal) {
					t.Errorf("%safterwards a step gives the error %v and the parameters %v", name, err, parameters(t, trainer))
				}
				if err := trainer.restart(spec.Seed); err != nil {
					t.Fatal(err)
				}
				run(t, trainer, slices.Repeat([]int{1}, diverged.Step-1)...)
				if want := parameters(t, trainer); !maps.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%sthe parameters are %v, and before step %d they were %v", name, got, diverged.Step, want)
				}
			}
		}
	})
}

// Settings that are infinite or 0 in float32 are refused before anything is trained.
func TestNewRefusesOptimizer(t *testing.T) {
	for _, test := range []struct {
		change func(*Optimizer)
		want   string
	}{
		{func(o *Optimizer) { o.LearningRate = 1e39 }, "optimizer.learning_rate is 1e+39; want more than 0 and at most 1e30"},
		{func(o *Optimizer) { o.LearningRate = math.NaN() }, "optimizer.learning_rate is NaN; want more than 0 and at most 1e30"},
		{func(o *Optimizer) { o.Epsilon = 1e-60 }, "optimizer.epsilon is 1e-60; want at least 1e-30"},
		{func(o *Optimizer) { o.ClipNorm = 1e50 }, "optimizer.clip_norm is 1e+50; want 0 or more, at most 1e30"},
	} {
		spec := fixedSpec(Loop{Steps: 1, LogEvery: 1})
		test.change(&spec.Optimizer)
		if _, err := New(backendtest.Open(t, "go"), spec); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// fixedSpec is a spec that compiles fast.
func fixedSpec(loop Loop) Spec {
	loop.BatchSize = 4
	return Spec{Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: normalData(16, []float64{0}, 1), Loop: loop}
}

// A block ends where a log, a checkpoint or the end of the run is due, and the hooks are called there.
func TestRunSchedule(t *testing.T) {
	tests := []struct {
		loop        Loop
		blocks      []int // where they end
		checkpoints []int
	}{
		{Loop{Steps: 10, LogEvery: 5}, []int{5, 10}, []int{10}},
		{Loop{Steps: 10, LogEvery: 4, CheckpointEvery: 4}, []int{4, 8, 10}, []int{4, 8, 10}},
		{Loop{Steps: 10, LogEvery: 4, CheckpointEvery: 3}, []int{4, 8, 10}, []int{3, 6, 9, 10}},
		{Loop{Steps: 6, LogEvery: 100, CheckpointEvery: 3}, []int{6}, []int{3, 6}},
		{Loop{Steps: 3, LogEvery: 1, CheckpointEvery: 100}, []int{1, 2, 3}, []int{3}},
	}
	backend := backendtest.Open(t, "go")
	for _, test := range tests {
		trainer := newTrainer(t, backend, fixedSpec(test.loop))
		var blocks, checkpoints []int
		err := trainer.Run(t.Context(), Hooks{
			Logged: func(r Report) error {
				if previous := append([]int{0}, blocks...); r.Count != r.Step-previous[len(previous)-1] || r.Step != trainer.Step() || r.Steps != test.loop.Steps {
					t.Errorf("%+v: the report after step %d is %+v", test.loop, trainer.Step(), r)
				}
				blocks = append(blocks, r.Step)
				return nil
			},
			Checkpoint: func([]int) error { checkpoints = append(checkpoints, trainer.Step()); return nil },
		})
		if err != nil || !slices.Equal(blocks, test.blocks) || !slices.Equal(checkpoints, test.checkpoints) {
			t.Errorf("%+v: blocks end at %v, want %v; checkpoints at %v, want %v; error %v", test.loop, blocks, test.blocks, checkpoints, test.checkpoints, err)
		}
	}
}

// A cancelled context stops the run between blocks, an error of a hook at once; both come back as they are.
func TestRunStops(t *testing.T) {
	backend := backendtest.Open(t, "go")
	full := errors.New("the disk is full")
	ctx, cancel := context.WithCancel(t.Context())
	tests := []struct {
		name  string
		hooks Hooks
		want  error
	}{
		{"cancelled", Hooks{Logged: func(r Report) error {
			if r.Step == 4 {
				cancel()
			}
			return nil
		}}, context.Canceled},
		{"log", Hooks{Logged: func(r Report) error {
			if r.Step == 4 {
				return full
			}
			return nil
		}}, full},
		{"checkpoint", Hooks{Checkpoint: func([]int) error { return full }}, full},
	}
	for _, test := range tests {
		runCtx := t.Context()
		if test.name == "cancelled" {
			runCtx = ctx
		}
		trainer := newTrainer(t, backend, fixedSpec(Loop{Steps: 10, LogEvery: 2, CheckpointEvery: 4}))
		if err := trainer.Run(runCtx, test.hooks); err != test.want || trainer.Step() != 4 {
			t.Errorf("%s: error %v after step %d, want %v after 4", test.name, err, trainer.Step(), test.want)
		}
		// A run that was stopped goes on where it was.
		if err := trainer.Run(t.Context(), Hooks{}); err != nil || trainer.Step() != 10 {
			t.Errorf("%s: going on gives the error %v after step %d", test.name, err, trainer.Step())
		}
	}
	done, cancelDone := context.WithCancel(t.Context())
	cancelDone()
	trainer := newTrainer(t, backend, fixedSpec(Loop{Steps: 2, LogEvery: 1}))
	if err := trainer.Run(done, Hooks{}); err != context.Canceled || trainer.Step() != 0 {
		t.Errorf("error %v after step %d with a context that is done", err, trainer.Step())
	}
}

// Before the first step the parameters are the initial ones, the same on every backend, with those of the method after
// those of the model; so are their running averages.
func TestInitialParameters(t *testing.T) {
	var first string
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, ema := range []float64{0, 0.99} {
			spec := smallSpecs(t)["nce"]
			spec.Loop.EMA = ema
			values, err := newTrainer(t, backend, spec).Parameters(0)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(values); first == "" {
				first = got
			} else if got != first {
				t.Errorf("the initial parameters are %s and %s", first, got)
			}
			var names []string
			for _, v := range values {
				names = append(names, v.Name)
			}
			want := []string{"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "layers.2.weight", "layers.2.bias", "method.log_z"}
			if !slices.Equal(names, want) {
				t.Errorf("the parameters are %v, want %v", names, want)
			}
			if last := values[len(values)-1]; len(last.Shape) != 0 || !slices.Equal(last.Numbers, []float64{0}) {
				t.Errorf("log Z starts as %+v", last)
			}
		}
	})
}

// What does not fit is an error before anything is compiled.
func TestNewErrors(t *testing.T) {
	backend := backendtest.Open(t, "go")
	given := &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{1}}}
	tests := []struct {
		change   func(*Spec)
		want     string
		byMethod bool
	}{
		{func(s *Spec) { s.Model = given }, "the model has nothing to learn: leave out model.mean or model.precision to have it learned", false},
		{func(s *Spec) { s.Model = &models.Quadratic{Mean: []float64{0, 0}} }, "model.mean has 2 coordinates, and the data 1", false},
		{func(s *Spec) { s.Method = &PCD{BufferSize: 3} }, "method.buffer_size is 3, less than train.batch_size 4: each step moves one batch of chains", true},
	}
	for _, test := range tests {
		spec := fixedSpec(Loop{Steps: 1, LogEvery: 1})
		test.change(&spec)
		_, err := New(backend, spec)
		if refusal, ok := errors.AsType[*SpecError](err); !ok || err.Error() != test.want || refusal.ByMethod != test.byMethod {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
}
