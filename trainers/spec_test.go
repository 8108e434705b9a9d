package trainers

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// What is missing in a spec is told before anything is made of it.
func TestSpecRefuses(t *testing.T) {
	backend := backendtest.Open(t, "go")
	points := func(values ...float64) *datasets.Set {
		return &datasets.Set{Train: datasets.Points{N: 2, Dim: 2, Values: values}}
	}
	for want, change := range map[string]func(s *Spec){
		"no model (Spec.Model)":                        func(s *Spec) { s.Model = nil },
		"no method (Spec.Method)":                      func(s *Spec) { s.Method = nil },
		"no data (Spec.Data)":                          func(s *Spec) { s.Data = nil },
		"replica 2: the spec has no data (Spec.Data)":  func(s *Spec) { s.Replicas = []Replica{{}} },
		"train.steps is 0; want 1 or more":             func(s *Spec) { s.Loop = Loop{} },
		"train.batch_size is 0; want 1 or more":        func(s *Spec) { s.Loop.BatchSize = 0 },
		"0 training points of 0 coordinates":           func(s *Spec) { s.Data = &datasets.Set{} },
		"are 4 numbers, and there are 3":               func(s *Spec) { s.Data = points(1, 2, 3) },
		"training point 1 has the coordinate 0 NaN":    func(s *Spec) { s.Data = points(1, 2, math.NaN(), 4) },
		"optimizer.learning_rate is 0; want more than": func(s *Spec) { s.Optimizer = Optimizer{} },
	} {
		spec := Spec{Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Loop: NewLoop(), Data: points(1, 2, 3, 4)}
		change(&spec)
		if _, err := New(backend, spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := New(nil, Spec{}); err == nil || err.Error() != "there is no backend: backends.Open opens one" {
		t.Errorf("without a backend: %v", err)
	}
}

// The compiled model has the parameters as they are, and keeps them when training goes on and when the trainer is closed.
func TestCompile(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		loop := NewLoop()
		loop.Steps = 20
		trainer := newTrainer(t, backend, Spec{Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Loop: loop, Data: normalData(50, []float64{1, 2}, 1)})
		energies := func(model *models.Compiled) []float64 {
			values, err := model.Energies([]float64{1, 1, -2, 0.5})
			if err != nil {
				t.Fatal(err)
			}
			return values
		}
		compile := func() *models.Compiled {
			model, err := trainer.Compile(0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(model.Close)
			return model
		}
		first := compile()
		before := energies(first)
		near(t, "the energy at the start", before[0], 1, 1e-6) // ½‖x‖²
		if _, err := trainer.Block(20); err != nil {
			t.Fatal(err)
		}
		second := compile()
		after := energies(second)
		if slices.Equal(before, after) {
			t.Error("training has changed nothing")
		}
		trainer.Close()
		if got := energies(first); !slices.Equal(got, before) {
			t.Errorf("%v, and %v after training", before, got)
		}
		if got := energies(second); !slices.Equal(got, after) {
			t.Errorf("%v, and %v after the trainer was closed", after, got)
		}
	})
}
