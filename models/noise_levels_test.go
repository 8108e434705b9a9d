package models

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// pointsAndLevels reads points whose last coordinate is their level: [batch, dim+1] -> [batch, dim] and [batch].
func pointsAndLevels(x *graph.Node) (points, sigma *graph.Node) {
	dim := x.Shape().Dimensions[1] - 1
	points = graph.Slice(x, graph.AxisRange(), graph.AxisRange(0, dim))
	return points, graph.Squeeze(graph.Slice(x, graph.AxisRange(), graph.AxisElem(dim)), -1)
}

// withLevels is a model for points of one coordinate less than prepare thinks.
type withLevels struct{ Conditional }

func (m withLevels) Parameters(dim int) ([]Parameter, error) {
	return m.Conditional.Parameters(dim - 1)
}

// ∂E/∂σ, its gradients by the points and the parameters, and the score are those of finite differences at each point's own
// level, within the range of levels and beyond it.
func TestConditionalDerivatives(t *testing.T) {
	levels := NoiseLevels{SigmaMin: 0.2, SigmaMax: 3, DataStd: 1.3, Embedding: 4}
	for _, model := range []Conditional{
		&ConditionalMLP{Hidden: []int{4, 3}, Activation: "silu", NoiseLevels: levels},
		&ConditionalAutoencoder{Hidden: []int{4, 3}, Activation: "gelu", NoiseLevels: levels},
	} {
		t.Run(fmt.Sprintf("%T", model), func(t *testing.T) { checkConditionalDerivatives(t, model) })
	}
}

func checkConditionalDerivatives(t *testing.T, model Conditional) {
	const dim, n, h = 2, 3, 1e-5
	x := []float64{0.4, -1, 0.2, 1.2, 0.3, 0.9, -2, 0.7, 4}
	theta := moved(t, model, dim, 5, 0.4)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		run := prepare(t, backend, withLevels{model}, dim+1, func(net Net, x *graph.Node) []*graph.Node {
			points, sigma := pointsAndLevels(x)
			total := graph.ReduceAllSum(model.EnergyAt(net.Theta, points, sigma))
			by := graph.Gradient(total, points, sigma)
			slope := graph.ReduceAllSum(by[1]) // the sum of ∂E/∂σ
			out := []*graph.Node{total, slope, graph.Neg(net.levels(sigma).Score(points)), by[0], by[1]}
			return append(out, graph.Gradient(slope, append([]*graph.Node{points, sigma}, net.Theta...)...)...)
		})
		got := run(theta, x)
		central := func(i int, by *float64) float64 {
			defer func(value float64) { *by = value }(*by)
			*by += h
			up := run(theta, x)[i][0]
			*by -= 2 * h
			return (up - run(theta, x)[i][0]) / (2 * h)
		}
		for i := range n {
			at := x[i*(dim+1):]
			near(t, "∂E/∂σ", got[4][i], central(0, &at[dim]), 1e-7*max(1, math.Abs(got[4][i])))
			near(t, "∂²E/∂σ²", got[6][i], central(1, &at[dim]), 1e-7*max(1, math.Abs(got[6][i])))
			for k := range dim {
				near(t, "∂E/∂x", got[3][i*dim+k], central(0, &at[k]), 1e-7)
				near(t, "the score", got[2][i*dim+k], got[3][i*dim+k], 1e-12)
				near(t, "∂²E/∂σ∂x", got[5][i*dim+k], central(1, &at[k]), 1e-7)
			}
		}
		for k := range theta {
			for j := range theta[k] {
				near(t, fmt.Sprintf("the derivative of ∂E/∂σ by parameter %d, number %d", k, j), got[7+k][j], central(1, &theta[k][j]), 1e-7*max(1, math.Abs(got[7+k][j])))
			}
		}
	})
}

// levels is At, of a net whose model a test has wrapped.
func (n Net) levels(sigma *graph.Node) Net {
	return Net{n.Model.(withLevels).Conditional, n.Theta}.At(sigma)
}

// A level shared by all points is that level at each; and an energy without a level is that of the smallest.
func TestConditionalLevels(t *testing.T) {
	const dim = 2
	model := NewConditionalMLP()
	x := []float64{0.4, -1, 1.2, 0.3, -2, 0.7}
	theta := moved(t, model, dim, 5, 0.2)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, model, theta, x, dim, func(net Net, x *graph.Node) []*graph.Node {
			g := x.Graph()
			at, smallest := net.At(graph.Const(g, 0.6)), net.At(graph.Const(g, model.SigmaMin))
			each := net.At(graph.Const(g, []float64{0.6, 0.6, 0.6}))
			return []*graph.Node{at.Energy(x), each.Energy(x), at.Score(x), each.Score(x), net.Energy(x), smallest.Energy(x)}
		})
		for i := 0; i < len(got); i += 2 {
			for j, want := range got[i] {
				near(t, fmt.Sprintf("number %d of output %d", j, i+1), got[i+1][j], want, 1e-12)
			}
		}
	})
}

// With much noise, and far away at any level, what the network adds is small beside the Gaussian N(0, (s² + σ²)I).
func TestConditionalTendsToTheGaussian(t *testing.T) {
	const dim = 2
	model := &ConditionalMLP{Hidden: []int{16, 16}, Activation: "tanh", NoiseLevels: NoiseLevels{SigmaMin: 0.1, SigmaMax: 1e4, DataStd: 2, Embedding: 4}}
	theta := moved(t, model, dim, 5, 0.2)
	theta[len(theta)-1] = make([]float64, 4) // no offset
	x := []float64{7000, -8000, 4000, 3, -4000, 3, 3e5, -1e5, 0.1}
	got := evaluate(t, backendtest.Open(t, "go"), withLevels{model}, theta, x, dim+1, func(net Net, x *graph.Node) []*graph.Node {
		points, sigma := pointsAndLevels(x)
		return []*graph.Node{model.EnergyAt(net.Theta, points, sigma)}
	})[0]
	for i, e := range got {
		at := x[3*i:]
		variance := 4 + at[2]*at[2]
		want := 0.5*(at[0]*at[0]+at[1]*at[1])/variance + math.Log(2*math.Pi*variance)
		near(t, fmt.Sprintf("the energy at %v", at[:3]), e, want, 1e-3*want)
	}
}

func TestConditionalMLPCheck(t *testing.T) {
	m := NewConditionalMLP()
	m.SigmaMin = 5
	var got []string
	m.Check(func(key, problem string) { got = append(got, key+" "+problem) })
	if want := []string{"sigma_max is 5; it has to be above sigma_min, which is 5"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
