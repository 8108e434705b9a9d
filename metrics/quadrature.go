package metrics

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

// Integrals are what a grid gives of a model in one or two dimensions, and of the true density where it is known.
// All are in nats, and exact up to the grid.
type Integrals struct {
	// LogZ is log ∫ exp(−E).
	LogZ float64
	// BorderMass is the model's probability near the border of the grid: what it misses beyond is of that order.
	BorderMass float64
	// GridError is how far log Z is from that of the grid of every second point. The error of log Z itself is much
	// smaller where this is small, and of that order where it is not.
	GridError float64
	// True holds what needs the true density; nil when there is none.
	True *Divergences
}

// Divergences compare a model with the true density p.
type Divergences struct {
	// KL is ∫ p log(p/p_θ).
	KL float64
	// Fisher is ½ ∫ p ‖∇ log p − ∇ log p_θ‖²; nil where p has no score.
	Fisher *float64
	// Mass is ∫ p over the grid; how far it is from 1 tells what the grid misses or misjudges.
	Mass float64
}

// The number of grid points of one call: many on XLA, where calls take their time, and few on the Go backend, which has memory for all that
// it makes of them at once.
const (
	chunkOnXLA = 16384
	chunkOnGo  = 2048
)

// Integrate evaluates the model, and the density unless it is nil, on a grid, on the model's backend. The network is
// evaluated in its own precision; sums are in float64.
func Integrate(model *models.Compiled, grid Grid, density datasets.Density) (*Integrals, error) {
	i, err := NewIntegrator(model, grid, density)
	if err != nil {
		return nil, err
	}
	defer i.Close()
	return i.Integrate(model)
}

// Integrator integrates one model after the other that differ in the values of their parameters alone, as one does that is being
// trained, and compiles its programs once.
type Integrator struct {
	grid     Grid
	chunk    int
	density  datasets.Density // nil: there is none
	mass     *graph.Exec
	distance *graph.Exec // nil without a density
}

// NewIntegrator makes an integrator for models like the given one, with a density unless it is nil. Close frees what it compiles.
func NewIntegrator(model *models.Compiled, grid Grid, density datasets.Density) (*Integrator, error) {
	if model.Dim != grid.Dim() {
		return nil, fmt.Errorf("a grid of %d dimensions does not fit points of %d coordinates", grid.Dim(), model.Dim)
	}
	i := &Integrator{grid: grid, chunk: chunkOnGo, density: density}
	if model.Backend.Name() == "xla" {
		i.chunk = chunkOnXLA
	}
	var err error
	if i.mass, err = stacked(model, 4, mass); err != nil || density == nil {
		return i, err
	}
	scalars := 2
	if datasets.HasScore(density) {
		scalars++
	}
	i.distance, err = stacked(model, scalars, i.distances)
	return i, err
}

// Close frees the programs.
func (i *Integrator) Close() {
	i.mass.Finalize()
	if i.distance != nil {
		i.distance.Finalize()
	}
}

// Integrate gives the integrals of a model like that which the integrator was made for.
func (i *Integrator) Integrate(model *models.Compiled) (*Integrals, error) {
	result, err := i.partition(model)
	if err != nil || i.density == nil {
		return result, err
	}
	result.True, err = i.divergences(model, result.LogZ)
	return result, err
}

// integrand is a graph function whose scalars are summed over the chunks of a grid. It gets the points x [chunk, dim], and in
// float64 their weights [chunk], 0 for padding; whether they are near the border, 0 or 1; what their weights are multiplied by in
// the grid of every second point; and log Z, a scalar.
type integrand func(net models.Net, x, weight, nearBorder, coarser, logZ *graph.Node) []*graph.Node

// stacked prepares an integrand of so many scalars, which it stacks.
func stacked(model *models.Compiled, scalars int, f integrand) (*graph.Exec, error) {
	return model.Once(func(net models.Net, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Stack(f(net, in[0], in[1], in[2], in[3], in[4]), 0)}
	}, func([]*graph.Node) []shapes.Shape { return []shapes.Shape{shapes.Make(dtypes.Float64, scalars)} })
}

// partition integrates exp(−E).
func (i *Integrator) partition(model *models.Compiled) (*Integrals, error) {
	var total, outer, coarse logSum
	err := i.sums(model, i.mass, 0, func(got []float64) {
		total.add(got[0], got[1])
		outer.add(got[0], got[2])
		coarse.add(got[0], got[3])
	})
	if err != nil {
		return nil, err
	}
	logZ := total.log()
	if math.IsNaN(logZ) || math.IsInf(logZ, 0) {
		return nil, fmt.Errorf("exp(−E) has no finite integral on the grid: the energy is not finite, or not a number, at some of its points")
	}
	return &Integrals{LogZ: logZ, BorderMass: math.Exp(outer.log() - logZ), GridError: math.Abs(logZ - coarse.log())}, nil
}

// mass is exp(−E) beside its largest value, which comes first, as a whole, near the border and on the coarser grid.
func mass(net models.Net, x, weight, nearBorder, coarser, _ *graph.Node) []*graph.Node {
	exponent := double(graph.Neg(net.Energy(x)))
	inside := graph.GreaterThan(weight, graph.ScalarZero(weight.Graph(), weight.DType()))
	largest := graph.ReduceAllMax(graph.Where(inside, exponent, graph.MulScalar(graph.OnesLike(exponent), -math.MaxFloat64)))
	mass := graph.Mul(weight, graph.Exp(graph.Where(inside, graph.Sub(exponent, largest), graph.ZerosLike(exponent))))
	return []*graph.Node{largest, graph.ReduceAllSum(mass), graph.ReduceAllSum(graph.Mul(mass, nearBorder)), graph.ReduceAllSum(graph.Mul(mass, coarser))}
}

// divergences integrates against the true density p.
func (i *Integrator) divergences(model *models.Compiled, logZ float64) (*Divergences, error) {
	var d Divergences
	hasScore := datasets.HasScore(i.density)
	if hasScore {
		d.Fisher = new(float64)
	}
	err := i.sums(model, i.distance, logZ, func(got []float64) {
		d.KL += got[0]
		d.Mass += got[1]
		if hasScore {
			*d.Fisher += got[2]
		}
	})
	return &d, err
}

// distances are the terms of KL, the mass of p, and where it has a score those of the Fisher divergence. Where p is 0 so are they,
// whatever it is multiplied by.
func (i *Integrator) distances(net models.Net, x, weight, _, _, logZ *graph.Node) []*graph.Node {
	logP := i.density.LogDensity(x)
	p := graph.Mul(weight, graph.Exp(double(logP)))
	integrate := func(f *graph.Node) *graph.Node {
		zero := graph.ZerosLike(p)
		return graph.ReduceAllSum(graph.Where(graph.GreaterThan(p, zero), graph.Mul(p, f), zero))
	}
	ratio := graph.Add(graph.Add(double(logP), double(net.Energy(x))), logZ)
	out := []*graph.Node{integrate(ratio), graph.ReduceAllSum(p)}
	if datasets.HasScore(i.density) {
		apart := graph.Sub(net.Score(x), datasets.Score(i.density, x))
		squared := double(graph.ReduceSum(graph.Square(apart), -1))
		out = append(out, graph.MulScalar(integrate(squared), 0.5))
	}
	return out
}

// sums calls an integrand for the grid a chunk at a time and hands its scalars to collect.
func (i *Integrator) sums(model *models.Compiled, exec *graph.Exec, logZ float64, collect func([]float64)) error {
	for from := 0; from < i.grid.Size(); from += i.chunk {
		points, weights, border, coarser := i.grid.chunk(from, i.chunk)
		out, err := model.Call(exec, tensor.From(points, models.DType, i.chunk, i.grid.Dim()), weights, border, coarser, logZ)
		if err != nil {
			return fmt.Errorf("cannot integrate over the grid: %w", err)
		}
		got, err := tensor.Values(out[0])
		if err != nil {
			return fmt.Errorf("cannot integrate over the grid: %w", err)
		}
		tensor.Free(out...)
		collect(got)
	}
	return nil
}

func double(x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtypes.Float64) }

// logSum adds up numbers that are given as mantissa·exp(exponent).
type logSum struct{ exponent, mantissa float64 }

func (s *logSum) add(exponent, mantissa float64) {
	switch {
	case mantissa == 0:
	case s.mantissa == 0:
		s.exponent, s.mantissa = exponent, mantissa
	case exponent > s.exponent:
		s.exponent, s.mantissa = exponent, mantissa+s.mantissa*math.Exp(s.exponent-exponent)
	default:
		s.mantissa += mantissa * math.Exp(exponent-s.exponent)
	}
}

func (s *logSum) log() float64 { return s.exponent + math.Log(s.mantissa) }
