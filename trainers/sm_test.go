package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// withGradients is a loss followed by its gradients.
func withGradients(loss *graph.Node, net models.Net) []*graph.Node {
	return append([]*graph.Node{loss}, graph.Gradient(loss, net.Theta...)...)
}

// nearAll compares the numbers of nodes.
func nearAll(t *testing.T, what string, got, want [][]float64, within float64) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			near(t, what, got[i][j], want[i][j], within)
		}
	}
}

// On a quadratic energy the Hessian is Λ everywhere: the loss is −tr Λ + ½ mean ‖s‖².
func TestSMLoss(t *testing.T) {
	p := tilted.precision()
	want := -p[0][0] - p[1][1]
	for _, x := range fivePoints {
		for _, s := range tilted.score(x) {
			want += 0.5 * s * s / float64(len(fivePoints))
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{NewSM().Loss(net, in[0])}
		}, fivePoints)
		near(t, "the loss", got[0][0], want, 1e-13)
	})
}

// In expectation over a density p score matching is the Fisher divergence to it less ½ E‖∇ log p‖², and its gradient that
// of the divergence. The four points m ± √(2v) along each axis have the moments of N(m, vI) up to the third, all that the
// losses of a quadratic energy ask for: for them it is exact.
func TestSMIsFisherDivergence(t *testing.T) {
	m, v := []float64{1, -2}, 0.8
	r := math.Sqrt(2 * v)
	points := [][]float64{{m[0] + r, m[1]}, {m[0] - r, m[1]}, {m[0], m[1] + r}, {m[0], m[1] - r}}
	density := gaussian(t, m, v)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return withGradients(NewSM().Loss(net, in[0]), net)
		}, points)
		want := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return withGradients(NewFisher().Loss(net, density, in[0]), net)
		}, points)
		want[0][0] -= 0.5 * 2 / v // ½ E‖∇ log p‖²
		nearAll(t, "the loss or its gradient", got, want, 1e-13)
	})
}

func TestSMRefusesManyCoordinates(t *testing.T) {
	_, err := NewSM().Prepare(Problem{Data: []*datasets.Set{{Train: datasets.NewPoints(2, 200)}}})
	want := "method sm needs a backward pass for each coordinate, and the data has 200, more than 128; ssm and fdsm draw random directions instead"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
