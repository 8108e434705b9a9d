package trainers

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.10g, want %.10g ± %.2g", what, got, want, within)
	}
}

// learned is a quadratic energy in two dimensions with a mean and a factor F of its precision FFᵀ, and the same on the
// host.
type learned struct {
	mean   [2]float64
	factor [2][2]float64
}

var tilted = learned{[2]float64{0.5, -0.25}, [2][2]float64{{1.2, -0.3}, {0.4, 0.9}}}

func (q learned) precision() (p [2][2]float64) {
	for i := range 2 {
		for j := range 2 {
			p[i][j] = q.factor[i][0]*q.factor[j][0] + q.factor[i][1]*q.factor[j][1]
		}
	}
	return p
}

func (q learned) score(x []float64) (s [2]float64) {
	for i, row := range q.precision() {
		s[i] = -row[0]*(x[0]-q.mean[0]) - row[1]*(x[1]-q.mean[1])
	}
	return s
}

func (q learned) energy(x []float64) float64 {
	s := q.score(x)
	return -0.5 * (s[0]*(x[0]-q.mean[0]) + s[1]*(x[1]-q.mean[1]))
}

// evaluate runs a graph function of that energy and further inputs in float64, and returns the numbers of its nodes.
func (q learned) evaluate(t *testing.T, backend compute.Backend, define func(net models.Net, in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	f := q.factor
	all := []any{tensor.From(q.mean[:], dtypes.Float64, 2), tensor.From([]float64{f[0][0], f[0][1], f[1][0], f[1][1]}, dtypes.Float64, 2, 2)}
	return evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
		return define(models.Net{Model: models.NewQuadratic(), Theta: in[:2]}, in[2:])
	}, append(all, in...)...)
}

// evaluate runs a graph function and returns the numbers of its nodes.
func evaluate(t *testing.T, backend compute.Backend, define func(in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	out, err := graph.CallOnceN(backend, define, in...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float64, len(out))
	for i, o := range out {
		if values[i], err = tensor.Values(o); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// dtype is what training computes in unless told otherwise.
const dtype = dtypes.Float32

// five points and noise to go with them.
var (
	fivePoints = [][]float64{{0, 0}, {1, -1}, {0.5, 2}, {-1.5, 0.25}, {3, 1}}
	fiveNoises = [][]float64{{0.3, -0.7}, {1, 1}, {-2, 0.1}, {0, 0.4}, {0.6, -1.1}}
)

// normalData are n points of N(mean, variance), each coordinate on its own; half as many to test on.
func normalData(n int, mean []float64, variance float64) *datasets.Set {
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) datasets.Points {
		p := datasets.NewPoints(n, len(mean))
		for i := range p.Values {
			p.Values[i] = mean[i%len(mean)] + math.Sqrt(variance)*r.NormFloat64()
		}
		return p
	}
	return &datasets.Set{Train: draw(n), Test: draw(n / 2)}
}

// newTrainer is New, and Close at the end of the test.
func newTrainer(t *testing.T, backend compute.Backend, spec Spec) *Trainer {
	t.Helper()
	trainer, err := New(backend, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trainer.Close)
	return trainer
}

// restart takes a trainer back to before its first step, with another seed: cheaper than compiling it anew.
func (t *Trainer) restart(seed int64) error {
	c := t.crews[0]
	for device, state := range c.states {
		tensor.Free(append(state, c.fixed[device]...)...)
	}
	t.spec.Seed, c.fixed = seed, nil
	t.replicas[0].Seed = seed
	for i, m := range t.replicas {
		t.replicas[i] = member{Replica: m.Replica, rate: 1}
	}
	return c.initialise()
}

// parameters are the learned values by name.
func parameters(t *testing.T, trainer *Trainer) map[string][]float64 {
	t.Helper()
	return parametersOf(t, trainer, 0)
}

// parametersOf are those of one replica.
func parametersOf(t *testing.T, trainer *Trainer, replica int) map[string][]float64 {
	t.Helper()
	values, err := trainer.Parameters(replica)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string][]float64{}
	for _, v := range values {
		byName[v.Name] = v.Numbers
	}
	return byName
}

// cosine is Adam with a rate that falls to a thousandth.
func cosine(rate float64) Optimizer {
	o := NewOptimizer()
	o.LearningRate, o.Schedule, o.FinalFraction = rate, "cosine", 1e-3
	return o
}

// trained runs a spec to its end and returns the parameters by name.
func trained(t *testing.T, backend compute.Backend, spec Spec) map[string][]float64 {
	t.Helper()
	trainer := newTrainer(t, backend, spec)
	if err := trainer.Run(t.Context(), Hooks{}); err != nil {
		t.Fatal(err)
	}
	return parameters(t, trainer)
}
