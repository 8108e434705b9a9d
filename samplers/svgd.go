package samplers

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/models"
)

// SVGD is Stein variational gradient descent (Liu & Wang 2016, algorithm 1): n points move together, without noise, by
//
//	xᵢ ← xᵢ + ε/n · Σⱼ [−k(xⱼ, xᵢ)∇E(xⱼ) + ∇k(xⱼ, xᵢ)],  k(x, y) = exp(−‖x − y‖²/h), ∇ by its first argument
//
// The first term draws them to low energy, the second apart. They end as a set that represents the density, and not as
// independent draws from it.
type SVGD struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// StepSize is ε, in squared units of the data.
	StepSize float64 `yaml:"step_size" check:"> 0"`
	// Bandwidth is h, in squared units of the data; 0 is the mean squared distance of two points divided by log(n + 1).
	Bandwidth float64 `yaml:"bandwidth" check:">= 0"`
}

// NewSVGD returns the default settings: 500 steps of size 0.1, and a bandwidth that follows the points.
func NewSVGD() *SVGD { return &SVGD{Steps: 500, StepSize: 0.1} }

// Length implements Sampler.
func (v *SVGD) Length() int { return v.Steps }

// Cost implements Sampler: a score a transition. The kernel is not counted.
func (v *SVGD) Cost() Cost { return Cost{Transition: models.CostOfScore} }

// Fit implements Sampler: any model will do.
func (v *SVGD) Fit(models.Energy) error { return nil }

// maxTogether is how many points can move together: every one is compared with every other, in memory.
const maxTogether = 1 << 14

// CheckChains implements Crowd. Replicas share the memory.
func (v *SVGD) CheckChains(chains, replicas, _ int) error {
	most := int(maxTogether / math.Sqrt(float64(replicas)))
	if chains <= most {
		return nil
	}
	of := ""
	if replicas > 1 {
		of = fmt.Sprintf(" in each of %d replicas", replicas)
	}
	return fmt.Errorf("a sampler of kind svgd compares every chain with every other, and %d%s are too many: at most %d", chains, of, most)
}

// Start implements Sampler.
func (v *SVGD) Start(_ models.Net, x *graph.Node, _ random.Draws) State { return State{X: x} }

// Transition implements Sampler. Where devices share the chains, each moves its own by all of them.
func (v *SVGD) Transition(net models.Net, s State, _ Clock, draws random.Draws) State {
	x, drift := s.X, net.Drift(s.X) // of all chains
	if part := draws.Part(); part.Of() > 1 {
		dim := x.Shape().Dimensions[x.Rank()-1]
		both := part.Rows(graph.Concatenate([]*graph.Node{x, drift}, -1), -2)
		x, drift = graph.SliceAxis(both, -1, graph.AxisRange(0, dim)), graph.SliceAxis(both, -1, graph.AxisRangeToEnd(dim))
	}
	n := float64(chainsOf(x))
	middle := graph.ReduceAndKeep(x, graph.ReduceMean, -2)
	centred, own := graph.Sub(x, middle), graph.Sub(s.X, middle)
	norms := squaredNorm(centred)                // [all]
	products := pairs("id,jd->ij", own, centred) // [chains, all]
	squares := graph.Add(graph.InsertAxes(squaredNorm(own), -1), graph.InsertAxes(norms, -2))
	squares = graph.MaxScalar(graph.Sub(squares, graph.MulScalar(products, 2)), 0)
	inverse := v.inverseBandwidth(norms) // a scalar, or [replicas]
	kernel := graph.Exp(graph.Neg(graph.Mul(squares, spread(inverse, squares))))
	drawn := pairs("ij,jd->id", kernel, drift)
	apart := graph.Sub(graph.Mul(own, perChain(graph.ReduceSum(kernel, -1), own)), pairs("ij,jd->id", kernel, centred))
	apart = graph.Mul(apart, spread(graph.MulScalar(inverse, 2), apart))
	s.X = graph.Add(s.X, times(graph.MulScalar(graph.Add(drawn, apart), v.StepSize/n), s.Scale))
	return s
}

// inverseBandwidth is 1/h, from the squared distances of points from their mean.
func (v *SVGD) inverseBandwidth(norms *graph.Node) *graph.Node {
	variance := graph.ReduceMean(norms, -1)
	if v.Bandwidth > 0 {
		return graph.MulScalar(graph.OnesLike(variance), 1/v.Bandwidth)
	}
	n := float64(norms.Shape().Dimensions[norms.Rank()-1])
	// The mean over pairs of different points is 2n/(n − 1) times that variance; points that are all the same have none.
	squares := graph.MaxScalar(graph.MulScalar(variance, 2*n/math.Max(n-1, 1)), 1e-30)
	return graph.MulScalar(graph.Reciprocal(squares), math.Log(n+1))
}

// pairs is an Einsum of matrices, or of matrices of each replica.
func pairs(equation string, a, b *graph.Node) *graph.Node {
	if a.Rank() == 3 {
		left, right := equation[:2], equation[3:5]
		equation = "r" + left + ",r" + right + "->r" + equation[7:]
	}
	return graph.Einsum(equation, a, b)
}
