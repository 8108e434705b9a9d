package metrics

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/stein"
	"joule/internal/tensor"
	"joule/models"
)

// KSD are the settings of the kernelised Stein discrepancy of points and a density (Liu, Lee & Jordan 2016; Chwialkowski et al. 2016),
// of which it needs the score alone, not Z. The kernel is the inverse multiquadric (1 + ‖x − y‖²/ℓ²)^β (Gorham & Mackey 2017).
type KSD struct {
	// Exponent is β, between −1 and 0.
	Exponent float64
	// Bandwidth is ℓ, in the coordinates of the points; 0 is their median distance.
	Bandwidth float64
}

// NewKSD returns the default settings: β = −½, and the median distance.
func NewKSD() KSD { return KSD{Exponent: -0.5} }

// Check says what is wrong with the settings; nil: nothing is.
func (k KSD) Check() error {
	switch {
	case !(k.Exponent > -1 && k.Exponent < 0):
		return fmt.Errorf("exponent %v of the Stein discrepancy; want one between -1 and 0", k.Exponent)
	case !(k.Bandwidth >= 0) || math.IsInf(k.Bandwidth, 1):
		return fmt.Errorf("bandwidth %v of the Stein discrepancy; want a positive number, or 0 for the median distance", k.Bandwidth)
	}
	return nil
}

// SteinDiscrepancy is how far points x₁ … xₙ are from a density, by u(x, y) of package stein, whose mean over points of the density
// is 0.
type SteinDiscrepancy struct {
	// KSD is √(Σᵢⱼ u(xᵢ, xⱼ)/n²), the root of the V-statistic: the discrepancy of the points themselves, which is not 0 however well
	// they fit.
	KSD float64
	// Floor is √(Σᵢ u(xᵢ, xᵢ)/n²), the root of what the V-statistic is in the mean for points of the density.
	Floor float64
	// Squared is Σᵢ≠ⱼ u(xᵢ, xⱼ)/(n(n − 1)), the U-statistic: an estimate without bias of the squared discrepancy of the density that
	// the points are from, which may be below 0.
	Squared float64
	// SquaredStd is √(2 Σᵢ≠ⱼ u(xᵢ, xⱼ)²)/(n(n − 1)): the standard deviation of Squared for points of the density.
	SquaredStd float64
	// Bandwidth is ℓ.
	Bandwidth float64
}

// KSD compares points with the score of a model, in whose coordinates they are.
func (p *Panel) KSD(model *models.Compiled, points datasets.Points, k KSD) (*SteinDiscrepancy, error) {
	if err := checkPoints("the points", points, model.Dim, 2); err != nil {
		return nil, err
	}
	scores, err := model.Scores(points.Values)
	if err != nil {
		return nil, err
	}
	return p.KSDOfScores(points, scores, k)
}

// KSDOfScores compares points with a density, given its scores ∇ log p at the points, row by row.
func (p *Panel) KSDOfScores(points datasets.Points, scores []float64, k KSD) (*SteinDiscrepancy, error) {
	if err := checkPoints("the points", points, points.Dim, 2); err != nil {
		return nil, err
	}
	if err := k.Check(); err != nil {
		return nil, err
	}
	if len(scores) != len(points.Values) {
		return nil, fmt.Errorf("%d numbers are no scores of %d points of %d coordinates", len(scores), points.N, points.Dim)
	}
	bandwidth, err := p.bandwidthOf(k.Bandwidth, points)
	if err != nil {
		return nil, err
	}
	origin, _ := points.Moments()
	rows := rowsFor(points.N)
	slopes := datasets.Points{N: points.N, Dim: points.Dim, Values: scores}
	got, err := p.run(fmt.Sprint("ksd ", k.Exponent), k.sums,
		padded(rows, origin, points), padded(rows, make([]float64, points.Dim), slopes), tensor.From([]float64{bandwidth}, models.DType), whole(points.N))
	if err != nil {
		return nil, err
	}
	different, own, squares := got[0], got[1], got[2]
	if !isNumber(different + own + squares) {
		return nil, unmeasured("the Stein discrepancy is left out: the model's score is not finite at some points, or too large")
	}
	n := float64(points.N)
	return &SteinDiscrepancy{
		KSD:        math.Sqrt(max(0, different+own)) / n,
		Floor:      math.Sqrt(max(0, own)) / n,
		Squared:    different / (n * (n - 1)),
		SquaredStd: math.Sqrt(2*squares) / (n * (n - 1)),
		Bandwidth:  bandwidth,
	}, nil
}

// sums are Σᵢ≠ⱼ u, Σᵢ u(xᵢ, xᵢ) and Σᵢ≠ⱼ u² over the first n of points x with scores s: [rows, dim], [rows, dim], bandwidth, n -> 3 scalars.
func (k KSD) sums(in []*graph.Node) []*graph.Node {
	x, s, bandwidth, n := in[0], in[1], in[2], in[3]
	is := chosen(n, x.Shape().Dimensions[0])
	return sumPairs(n, []*graph.Node{x, s, is}, []*graph.Node{bandwidth}, 3, func(a, b []*graph.Node, own *graph.Node, shared []*graph.Node) []*graph.Node {
		u := stein.Matrix(stein.IMQ{Bandwidth: shared[0], Exponent: k.Exponent}, a[0], a[1], b[0], b[1])
		u = graph.Mul(u, graph.Mul(graph.InsertAxes(a[2], -1), graph.InsertAxes(b[2], 0)))
		ofOne := graph.Mul(u, own)
		u = graph.Sub(u, ofOne)
		return []*graph.Node{total(u), total(ofOne), total(graph.Square(u))}
	})
}
