package inference

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/loop"
	"joule/internal/tensor"
	"joule/models"
)

// String is the simplified string method for minimum energy paths (E, Ren & Vanden-Eijnden 2007): a string of points from one point
// to another moves down the energy, x ← x − ε∇E(x), and after each step its points are spread evenly along it again, by linear
// interpolation, so that what is left of the descent is across the string. Where it comes to rest it lies along the valleys and
// over the lowest passes between them that descent from a straight line leads to. Its ends stay where they are.
type String struct {
	// Points is the number of points, both ends included.
	Points int
	// Steps is the number of steps.
	Steps int
	// StepSize is ε, in squared coordinates of the model. A step is cut to half of the distance between neighbours, so that the
	// string stays in one piece.
	StepSize float64
}

// NewString returns the default settings: 33 points, 2000 steps of 0.01.
func NewString() String { return String{Points: 33, Steps: 2000, StepSize: 0.01} }

// Check says what is wrong with the settings; nil: nothing is.
func (s String) Check() error {
	switch {
	case s.Points < 3 || s.Points > 1024:
		return fmt.Errorf("%d points; want 3 to 1024", s.Points)
	case s.Steps < 0 || s.Steps > math.MaxInt32:
		return fmt.Errorf("%d steps; want 0 to %d", s.Steps, math.MaxInt32)
	case !(s.StepSize > 0) || math.IsInf(s.StepSize, 0):
		return fmt.Errorf("a step size of %v; want one above 0", s.StepSize)
	}
	return nil
}

// Path is where a string has come to.
type Path struct {
	Points   datasets.Points // in order, evenly along the path
	Energies []float64
	// Slope is the largest slope of the energy across the path, at points between its ends: 0 for a minimum energy path.
	Slope float64
}

// Path finds the path between two points. Both being the same is an error.
func (s String) Path(model *models.Compiled, from, to []float64) (*Path, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	straight, length := datasets.NewPoints(s.Points, model.Dim), 0.0
	for k := range model.Dim {
		length += math.Pow(to[k]-from[k], 2)
		for i := range s.Points {
			t := float64(i) / float64(s.Points-1)
			straight.Row(i)[k] = (1-t)*from[k] + t*to[k]
		}
	}
	if length == 0 {
		return nil, fmt.Errorf("both ends of the path are the same point")
	}
	exec, err := model.Exec(s.graph)
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := model.Call(exec, tensor.From(straight.Values, models.DType, s.Points, model.Dim), int32(s.Steps))
	if err != nil {
		return nil, fmt.Errorf("cannot find a path: %w", err)
	}
	defer tensor.Free(out...)
	p := &Path{Points: datasets.Points{N: s.Points, Dim: model.Dim}}
	if p.Points.Values, err = tensor.Values(out[0]); err != nil {
		return nil, err
	}
	if p.Points, err = finite(p.Points); err != nil {
		return nil, err
	}
	if p.Energies, err = tensor.Values(out[1]); err != nil {
		return nil, err
	}
	slope, err := tensor.Values(out[2])
	if err != nil {
		return nil, err
	}
	p.Slope = slope[0]
	return p, nil
}

// graph makes steps (int32) from the straight string [points, dim], and gives the string, its energies [points], and the largest
// slope across it.
func (s String) graph(net models.Net, in []*graph.Node) []*graph.Node {
	straight, steps := in[0], in[1]
	out := loop.Repeat(steps, func(_ *graph.Node, carry []*graph.Node) []*graph.Node {
		x, straight, theta := carry[0], carry[1], carry[2:]
		x = s.step(models.Net{Model: net.Model, Theta: theta}, x, straight)
		return append([]*graph.Node{x, straight}, theta...)
	}, append([]*graph.Node{straight, straight}, net.Theta...)...)
	x := out[0]
	return []*graph.Node{x, net.Energy(x), across(net.Drift(x), x)}
}

// step moves the string down and spreads it evenly. Its ends are those of the straight one.
func (s String) step(net models.Net, x, straight *graph.Node) *graph.Node {
	move := graph.MulScalar(net.Drift(x), s.StepSize)
	length := norms(move)                                                    // [points]
	most := graph.MulScalar(graph.ReduceMean(norms(differences(x)), -1), .5) // a scalar
	factor := graph.Div(graph.BroadcastToDims(most, s.Points), graph.MaxScalar(length, tiny))
	x = graph.Add(x, graph.Mul(move, wide(graph.MinScalar(factor, 1), x)))
	inside := make([]float64, s.Points)
	for i := 1; i < s.Points-1; i++ {
		inside[i] = 1
	}
	isInside := wide(graph.ConvertDType(graph.Const(x.Graph(), inside), x.DType()), x)
	held := func(x *graph.Node) *graph.Node {
		return graph.Add(graph.Mul(x, isInside), graph.Mul(straight, graph.OneMinus(isInside)))
	}
	return held(spreadEvenly(held(x)))
}

// tiny keeps quotients of lengths finite.
const tiny = 1e-30

// spreadEvenly gives points at equal distances along the polygon of x [points, dim], from its first point to its last: with s the
// length up to each of its corners and d the pieces between them, the point at t is x₀ + Σⱼ clip((t − sⱼ)/‖dⱼ‖, 0, 1)·dⱼ.
func spreadEvenly(x *graph.Node) *graph.Node {
	n := x.Shape().Dimensions[0]
	g := x.Graph()
	before, shares := make([][]float64, n-1), make([]float64, n)
	for j := range before {
		before[j] = make([]float64, n-1)
		for i := range j {
			before[j][i] = 1
		}
	}
	for k := range shares {
		shares[k] = float64(k) / float64(n-1)
	}
	number := func(values any) *graph.Node { return graph.ConvertDType(graph.Const(g, values), x.DType()) }
	d := differences(x)
	pieces := norms(d) // [points−1]
	corners := graph.ReduceSum(graph.Mul(number(before), graph.BroadcastToDims(graph.InsertAxes(pieces, 0), n-1, n-1)), -1)
	total := graph.ReduceAllSum(pieces)
	at := graph.Mul(number(shares), graph.BroadcastToDims(total, n)) // [points]
	table := func(row *graph.Node) *graph.Node { return graph.BroadcastToDims(graph.InsertAxes(row, 0), n, n-1) }
	passed := graph.Sub(graph.BroadcastToDims(graph.InsertAxes(at, -1), n, n-1), table(corners)) // [points, points−1]
	share := graph.MaxScalar(graph.MinScalar(graph.Div(passed, table(graph.MaxScalar(pieces, tiny))), 1), 0)
	first := graph.BroadcastToDims(graph.Slice(x, graph.AxisRange(0, 1), graph.AxisRange()), x.Shape().Dimensions...)
	return graph.Add(first, graph.Einsum("pj,jd->pd", share, d))
}

// across is the largest slope of the energy across the string, given its score, at the points between the ends.
func across(score, x *graph.Node) *graph.Node {
	n := x.Shape().Dimensions[0]
	tangent := graph.Sub(graph.Slice(x, graph.AxisRange(2, n), graph.AxisRange()), graph.Slice(x, graph.AxisRange(0, n-2), graph.AxisRange()))
	tangent = graph.Div(tangent, wide(graph.MaxScalar(norms(tangent), tiny), tangent))
	inner := graph.Slice(score, graph.AxisRange(1, n-1), graph.AxisRange())
	along := graph.ReduceSum(graph.Mul(inner, tangent), -1)
	return graph.ReduceAllMax(norms(graph.Sub(inner, graph.Mul(tangent, wide(along, tangent)))))
}

// differences are those of neighbours: [points, dim] -> [points−1, dim].
func differences(x *graph.Node) *graph.Node {
	n := x.Shape().Dimensions[0]
	return graph.Sub(graph.Slice(x, graph.AxisRange(1, n), graph.AxisRange()), graph.Slice(x, graph.AxisRange(0, n-1), graph.AxisRange()))
}

// norms are those of rows: [n, dim] -> [n].
func norms(x *graph.Node) *graph.Node {
	return graph.Sqrt(graph.ReduceSum(graph.Square(x), -1))
}
