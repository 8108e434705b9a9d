package trainers

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/backends"
	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// judged is a spec with a criterion, of a Gaussian with mean 0 and the identity for its precision at first.
func judged(metric string, dim int) Spec {
	data := normalData(256, make([]float64, dim), 2)
	data.Validation = normalData(75, make([]float64, dim), 1.5).Train
	return Spec{
		Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: data, Seed: 3,
		Loop: Loop{Steps: 40, BatchSize: 32, LogEvery: 10, EarlyStopping: EarlyStopping{Metric: metric, Every: 4, Patience: 3}},
	}
}

// criterion is that of the parameters as they are.
func criterion(t *testing.T, trainer *Trainer) []float64 {
	t.Helper()
	values, err := trainer.criteria()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// Before the first step the energy is ½‖x‖², of which everything is known. The validation points are taken as often as the
// last batch is filled up with them.
func TestCriteriaOfAGaussian(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dim := range []int{1, 2} {
			for _, replicas := range []int{1, 2} {
				if backendtest.OnXLA(backend) && (dim == 1 || replicas == 1) {
					continue // compiling takes its time
				}
				for metric, want := range map[string]func(squares float64) float64{
					byScores:     func(squares float64) float64 { return squares/2 - float64(dim) },
					byLikelihood: func(squares float64) float64 { return squares/2 + float64(dim)/2*math.Log(2*math.Pi) + math.Log(3) },
				} {
					spec := judged(metric, dim)
					spec.Data.Transform = &datasets.Standardizer{Mean: make([]float64, dim), Std: []float64{3, 1}[:dim]}
					if replicas == 2 {
						other := *judged(metric, dim).Data
						other.Transform, other.Validation = spec.Data.Transform, normalData(75, make([]float64, dim), 0.5).Test.Rows(make([]int, 75))
						spec.Replicas = []Replica{{&other, 4}}
					}
					trainer := newTrainer(t, backend, spec)
					for i, got := range criterion(t, trainer) {
						points, squares := trainer.replicas[i].Data.Validation, 0.0
						for _, x := range points.Values {
							squares += x * x / float64(points.N)
						}
						near(t, fmt.Sprintf("%s of replica %d in %d dimensions", metric, i, dim), got, want(squares), 2e-4)
					}
				}
			}
		}
	})
}

// A method's own loss is computed with the same random numbers every time, on every backend, and is about what it is in
// training.
func TestCriterionOfTheLoss(t *testing.T) {
	got := map[string]float64{}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind, method := range map[string]Method{"dsm": NewDSM(), "nce": NewNCE(), "ssm": NewSSM()} {
			if backendtest.OnXLA(backend) && kind != "nce" {
				continue
			}
			spec := judged(byLoss, 2)
			spec.Method, spec.Data.Validation = method, normalData(2000, []float64{0, 0}, 2).Train
			trainer := newTrainer(t, backend, spec)
			first := criterion(t, trainer)[0]
			if again := criterion(t, trainer)[0]; again != first {
				t.Errorf("%s: %v, and again %v", kind, first, again)
			}
			if other, ok := got[kind]; ok {
				near(t, kind+" on two backends", first, other, 1e-5*math.Abs(other))
			}
			got[kind] = first
			report, err := trainer.Block(1)
			if err != nil {
				t.Fatal(err)
			}
			// A batch has 32 points, and a loss of a point varies by about as much as it is.
			near(t, kind+" beside that of a batch", first, report.Values[0][0], 5*math.Abs(first)*2/math.Sqrt(32)+0.5)
		}
	})
}

// Where nothing is better than the first look, the run stops after as many more as it has patience for, and the parameters are
// those of the first, to the bit.
func TestStoppingRestoresTheBest(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, ema := range []float64{0, 0.9} {
			if backendtest.OnXLA(backend) && ema == 0 {
				continue
			}
			spec := judged(byScores, 2)
			spec.Loop.EarlyStopping.MinDelta, spec.Loop.EMA = 1e9, ema
			trainer := newTrainer(t, backend, spec)
			var looks []int
			var checkpoints, logs []int
			err := trainer.Run(t.Context(), Hooks{
				Evaluated:  func(e Evaluation) error { looks = append(looks, e.Step); return nil },
				Logged:     func(r Report) error { logs = append(logs, r.Step); return nil },
				Checkpoint: func([]int) error { checkpoints = append(checkpoints, trainer.Step()); return nil },
			})
			if err != nil || !trainer.StoppedEarly(0) || trainer.StepOf(0) != 16 || trainer.Best(0).Step != 4 || trainer.Best(0).Since != 3 {
				t.Errorf("error %v, stopped early %v at step %d, best %+v", err, trainer.StoppedEarly(0), trainer.StepOf(0), trainer.Best(0))
			}
			if !reflect.DeepEqual([][]int{looks, logs, checkpoints}, [][]int{{4, 8, 12, 16}, {10, 16}, {16}}) {
				t.Errorf("looks after steps %v, logs %v, checkpoints %v", looks, logs, checkpoints)
			}
			spec.Loop.EarlyStopping = NewEarlyStopping()
			plain := newTrainer(t, backend, spec)
			run(t, plain, 4)
			if got, want := parameters(t, trainer), parameters(t, plain); !reflect.DeepEqual(got, want) {
				t.Errorf("parameters %v, and after the fourth step they were %v", got, want)
			}
		}
	})
}

// A run that is taken apart anywhere goes on to the same best, and stops at the same step.
func TestStoppingSurvivesRestoring(t *testing.T) {
	spec := judged(byLoss, 2)
	spec.Loop.EarlyStopping.Patience, spec.Optimizer.LearningRate = 2, 0.3 // so that it jumps about
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		logged(t, trainer)
		want := snapshots(t, trainer)
		end, best := trainer.Step(), trainer.Best(0)
		if !trainer.StoppedEarly(0) || best.Step == 4 {
			t.Fatalf("stopped early %v at step %d, best %+v: the test needs another setting", trainer.StoppedEarly(0), end, best)
		}
		for _, at := range []int{3, 4, 6, best.Step, end - 1} {
			if err := trainer.restart(spec.Seed); err != nil {
				t.Fatal(err)
			}
			for step := 1; step <= at; step++ { // as Run does
				steps(t, trainer, 1)
				if err := trainer.arrived([]int{0}, Hooks{}); err != nil {
					t.Fatal(err)
				}
			}
			half := snapshots(t, trainer)
			if err := trainer.restart(spec.Seed); err != nil {
				t.Fatal(err)
			}
			if err := trainer.Restore(0, half[0]); err != nil {
				t.Fatal(err)
			}
			logged(t, trainer)
			if got := snapshots(t, trainer); !reflect.DeepEqual(got, want) {
				t.Errorf("taken apart after step %d: the end is step %d with best %+v, and at one go %d and %+v", at, got[0].Step, got[0].Best, end, best)
			}
		}
		logged(t, trainer)
		if trainer.Step() != end {
			t.Errorf("after it has stopped, it goes on to step %d", trainer.Step())
		}
		if backendtest.OnXLA(backend) {
			return
		}
		patient := spec
		patient.Loop.EarlyStopping.Patience = 0
		going := goOn(t, backend, patient, want)
		logged(t, going)
		if going.Step() != spec.Loop.Steps {
			t.Errorf("with more patience it goes on to step %d", going.Step())
		}
		spec := spec
		spec.Loop.EarlyStopping.Metric = byScores
		if other := goOn(t, backend, spec, want); other.Best(0) != nil {
			t.Errorf("another criterion begins with %+v", other.Best(0))
		}
	})
}

// Replicas stop each by itself, where they would alone.
func TestReplicasStopAlone(t *testing.T) {
	spec := judged(byScores, 2)
	spec.Loop.Steps, spec.Optimizer.LearningRate = 200, 0.1
	far := judged(byScores, 2).Data
	for i := range far.Train.Values {
		far.Train.Values[i] += 8
	}
	for i := range far.Validation.Values {
		far.Validation.Values[i] += 8
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		alone := []Spec{spec, spec}
		alone[1].Data, alone[1].Seed = far, 9
		both := spec
		both.Replicas = []Replica{{far, 9}}
		together := newTrainer(t, backend, both)
		logged(t, together)
		if together.StepOf(0) == together.StepOf(1) {
			t.Errorf("both stop after step %d: the test needs other data", together.StepOf(0))
		}
		for i, spec := range alone {
			trainer := newTrainer(t, backend, spec)
			logged(t, trainer)
			if trainer.StepOf(0) != together.StepOf(i) || trainer.Best(0).Step != together.Best(i).Step {
				t.Errorf("replica %d stops after step %d with its best at %d, and alone after %d, %d", i, together.StepOf(i), together.Best(i).Step, trainer.StepOf(0), trainer.Best(0).Step)
			}
		}
	})
}

// Devices that share a batch stop where one does.
func TestStoppingOnDevices(t *testing.T) {
	backendtest.Open(t, "xla:cpu")
	two, err := backends.Open("xla:cpu", backends.Options{Devices: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	spec := judged(byScores, 2)
	spec.Loop.EarlyStopping.MinDelta, spec.Loop.Devices = 1e9, 2
	trainer := newTrainer(t, two.Backend, spec)
	logged(t, trainer)
	if trainer.Step() != 16 || trainer.Best(0).Step != 4 {
		t.Errorf("it stops after step %d, the best at %d", trainer.Step(), trainer.Best(0).Step)
	}
	trainer.Close()
}

func TestCriteriaRefused(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for _, test := range []struct {
		change func(*Spec)
		want   string
	}{
		{func(s *Spec) { s.Data.Validation = datasets.Points{} }, "train.early_stopping.metric is \"loss\", and there are 0 validation points; data.validation_fraction keeps some"},
		{func(s *Spec) { s.Method = NewMLE() }, "train.early_stopping.metric is \"loss\", and the loss of this method says nothing about how good the model is; want score_matching or nll"},
		{func(s *Spec) { // whose loss takes labels
			s.Model = &models.MLP{Hidden: []int{4}, Activation: "tanh", Head: models.Head{Number: 2}}
			s.Method = &JEM{Generative: NewDSM(), Classification: 1}
			s.Data.Labels = &datasets.Labels{Classes: []string{"a", "b"}, Train: make([]int, s.Data.Train.N), Validation: make([]int, s.Data.Validation.N)}
		}, "train.early_stopping.metric is \"loss\", and the loss of this method says nothing about how good the model is; want score_matching or nll"},
		{func(s *Spec) { s.Loop.EarlyStopping.Metric = byLikelihood }, "train.early_stopping.metric is \"nll\", and log Z is cheap in one or two dimensions only, of which the data has 3; want score_matching, or loss if the method's tells models apart"},
		{func(s *Spec) { s.Loop.KeepBest = "validation_nll" }, `train.keep_best is "validation_nll", which is not logged; there are loss, gradient_norm, learning_rate, validation_loss`},
	} {
		spec := judged(byLoss, 3)
		test.change(&spec)
		if _, err := New(backend, spec); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
