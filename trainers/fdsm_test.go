package trainers

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
)

// Differences of a quadratic energy are derivatives: for any ε the loss is that of sliced score matching, and so is its
// gradient.
func TestFDSMIsSSMOnQuadratics(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, epsilon := range []float64{0.01, 0.1, 3} {
			for _, several := range []int{1, 2} {
				differ := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
					return withGradients((&FDSM{Epsilon: epsilon}).Loss(net, in[0], in[1:1+several]), net)
				}, fivePoints, fiveNoises, negativePoints)
				want := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
					return withGradients((&SSM{}).Loss(net, in[0], in[1:1+several]), net)
				}, fivePoints, fiveNoises, negativePoints)
				nearAll(t, fmt.Sprintf("ε = %v: the loss or its gradient", epsilon), differ, want, 1e-11/min(1, epsilon*epsilon))
			}
		}
	})
}

// On other energies the error falls with the square of ε.
func TestFDSMConverges(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		want := small(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{(&SSM{}).Loss(net, in[0], in[1:])}
		}, fivePoints, fiveNoises)[0][0]
		off := func(epsilon float64) float64 {
			return small(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				return []*graph.Node{(&FDSM{Epsilon: epsilon}).Loss(net, in[0], in[1:])}
			}, fivePoints, fiveNoises)[0][0] - want
		}
		coarse, fine := off(0.02), off(0.01)
		if math.Abs(fine) < 1e-9 {
			t.Fatalf("the error at ε = 0.01 is %v: there is nothing to compare", fine)
		}
		near(t, "the ratio of the errors of ε and ε/2", coarse/fine, 4, 0.2)
	})
}

func TestFDSMRefusesBfloat16(t *testing.T) {
	spec := Spec{
		Model: models.NewQuadratic(), Method: NewFDSM(), Optimizer: NewOptimizer(), Data: normalData(16, []float64{0, 0}, 1),
		Loop: Loop{Steps: 1, BatchSize: 4, LogEvery: 1, Precision: bfloat16},
	}
	_, err := New(backendtest.Open(t, "go"), spec)
	if want := "method fdsm takes differences of energies, which in train.precision bfloat16 are all rounding; want float32 or float64"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	spec.Loop.Precision = float32bits
	newTrainer(t, backendtest.Open(t, "go"), spec)
}

func TestFDSMRefusesSmallSteps(t *testing.T) {
	m := NewFDSM()
	m.Epsilon = 1e-5
	got := ""
	m.Check(func(key, problem string) { got = key + ": " + problem })
	if want := "epsilon: 1e-05 leaves differences that are all rounding in float32; want at least 0.001"; got != want {
		t.Errorf("reported %q, want %q", got, want)
	}
}
