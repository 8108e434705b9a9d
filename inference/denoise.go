package inference

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/loop"
	"joule/models"
)

// Tweedie is the mean of x given y = x + σz, z standard normal, by a model of the density of y (Robbins 1956; Efron 2011):
//
//	E[x | y] = y + σ²∇ log p(y)
//
// It is exact for the density of the data with noise of this σ, which an energy with noise levels has at σ, and one that was trained
// by denoising score matching at its own.
func Tweedie(model *models.Compiled, noisy datasets.Points, sigma float64) (datasets.Points, error) {
	scores, err := model.Scores(noisy.Values)
	if err != nil {
		return datasets.Points{}, err
	}
	return finite(tweedie(noisy, scores, sigma))
}

// tweedie is Tweedie's formula, given the scores at y; these are overwritten.
func tweedie(y datasets.Points, scores []float64, sigma float64) datasets.Points {
	for i, v := range y.Values {
		scores[i] = v + sigma*sigma*scores[i]
	}
	return datasets.Points{N: y.N, Dim: y.Dim, Values: scores}
}

// MAP finds the most probable x given y = x + σz, z standard normal, by a model of the density of x: the minimum of
//
//	E(x) + ‖x − y‖²/(2σ²)
//
// that gradient descent from y leads to. Each point has its own step size, which grows while steps lead down, and a step that leads
// up is taken back, so that no step size has to be chosen.
type MAP struct {
	// Sigma is σ, in the coordinates of the model.
	Sigma float64
	// Steps is the number of steps.
	Steps int
}

// Check says what is wrong with the settings; nil: nothing is.
func (m MAP) Check() error {
	if !(m.Sigma > 0) || math.IsInf(m.Sigma, 0) {
		return fmt.Errorf("a noise of standard deviation %v; want one above 0", m.Sigma)
	}
	if m.Steps < 1 || m.Steps > math.MaxInt32 {
		return fmt.Errorf("%d steps; want 1 to %d", m.Steps, math.MaxInt32)
	}
	return nil
}

// What the step size is multiplied by after a step down, and after one that is taken back.
const (
	faster = 1.5
	slower = 0.5
)

// Denoise finds x for each of the points y.
func (m MAP) Denoise(model *models.Compiled, noisy datasets.Points) (datasets.Points, error) {
	if err := m.Check(); err != nil {
		return datasets.Points{}, err
	}
	exec, err := model.Exec(func(net models.Net, in []*graph.Node) []*graph.Node {
		return []*graph.Node{m.graph(net, in[0], in[1])}
	})
	if err != nil {
		return datasets.Points{}, err
	}
	defer exec.Finalize()
	values, err := model.Evaluate(exec, noisy.Values, noisy.Dim, int32(m.Steps))
	if err != nil {
		return datasets.Points{}, err
	}
	return finite(datasets.Points{N: noisy.N, Dim: noisy.Dim, Values: values})
}

// graph makes the steps (int32) from y [batch, dim].
func (m MAP) graph(net models.Net, y, steps *graph.Node) *graph.Node {
	value := m.objective(net, y, y)
	size := graph.MulScalar(graph.OnesLike(value), m.Sigma*m.Sigma/2) // the likelihood alone would be minimal after two steps
	out := loop.Repeat(steps, func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
		x, value, size, y, theta := carry[0], carry[1], carry[2], carry[3], carry[4:]
		net := models.Net{Model: net.Model, Theta: theta}
		slope := graph.Sub(graph.DivScalar(graph.Sub(x, y), m.Sigma*m.Sigma), net.Drift(x))
		next := graph.Sub(x, graph.Mul(slope, wide(size, x)))
		there := m.objective(net, next, y)
		isDown := graph.LessThan(there, value)
		x = graph.Where(wide(isDown, x), next, x)
		factor := graph.Where(isDown, graph.MulScalar(graph.OnesLike(size), faster), graph.MulScalar(graph.OnesLike(size), slower))
		return append([]*graph.Node{x, graph.Where(isDown, there, value), graph.Mul(size, factor), y}, theta...)
	}, append([]*graph.Node{y, value, size, y}, net.Theta...)...)
	return out[0]
}

// objective is E(x) + ‖x − y‖²/(2σ²), [batch].
func (m MAP) objective(net models.Net, x, y *graph.Node) *graph.Node {
	squares := graph.ReduceSum(graph.Square(graph.Sub(x, y)), -1)
	return graph.Add(net.Energy(x), graph.MulScalar(squares, 0.5/(m.Sigma*m.Sigma)))
}

// wide makes a value of each point, [batch], fit x [batch, dim].
func wide(value, x *graph.Node) *graph.Node {
	return graph.BroadcastToDims(graph.InsertAxes(value, -1), x.Shape().Dimensions...)
}

// finite passes points on unless one is not finite.
func finite(points datasets.Points) (datasets.Points, error) {
	for i, v := range points.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return datasets.Points{}, fmt.Errorf("point %d came out not finite (%v): the energy is too steep there, or has diverged", i/points.Dim+1, v)
		}
	}
	return points, nil
}
