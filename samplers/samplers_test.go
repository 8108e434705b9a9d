package samplers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// mixture is the energy of 0.3·N((−a, 0, …), vI) + 0.7·N((a, 0, …), vI), up to a constant.
type mixture struct{ a, v float64 }

func (mixture) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (m mixture) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	mode := func(weight, a float64) *graph.Node {
		mean := make([]float64, x.Shape().Dimensions[x.Rank()-1])
		mean[0] = a
		d := graph.Sub(x, graph.ExpandLeftToRank(graph.ConvertDType(graph.Const(x.Graph(), mean), x.DType()), x.Rank()))
		return graph.AddScalar(graph.MulScalar(squaredNorm(d), -0.5/m.v), math.Log(weight))
	}
	left, right := mode(0.3, -m.a), mode(0.7, m.a)
	tail := graph.Log1p(graph.Exp(graph.Neg(graph.Abs(graph.Sub(left, right)))))
	return graph.Neg(graph.Add(graph.Max(left, right), tail))
}

func (m mixture) draw(r *rand.Rand, dim int) []float64 {
	x := make([]float64, dim)
	for k := range x {
		x[k] = math.Sqrt(m.v) * r.NormFloat64()
	}
	if r.Float64() < 0.3 {
		x[0] -= m.a
	} else {
		x[0] += m.a
	}
	return x
}

// drawAt draws from exp(−E/T) by rejection from the mixture of variance T·v: a power of a sum is less than the sum of powers, and
// the coordinates beside the first are the same in both.
func (m mixture) drawAt(r *rand.Rand, dim int, temperature float64) []float64 {
	power := func(p float64) float64 { return math.Pow(p, 1/temperature) }
	mode := func(d float64) float64 { return math.Exp(-d * d / (2 * m.v)) }
	most := max(power(0.3)/0.3, power(0.7)/0.7)
	for {
		x := mixture{m.a, temperature * m.v}.draw(r, dim)
		left, right := mode(x[0]+m.a), mode(x[0]-m.a)
		proposed := 0.3*power(left) + 0.7*power(right)
		if r.Float64()*most*proposed < power(0.3*left+0.7*right) {
			return x
		}
	}
}

// levelled is the energy of N(1, (0.25 + σ²)I): that of N(1, ¼I) at the noise level σ.
type levelled struct{}

func (levelled) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (l levelled) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	sigma := graph.Scalar(x.Graph(), x.DType(), 0.01)
	return l.EnergyAt(theta, x, graph.BroadcastToDims(sigma, x.Shape().Dimensions[:x.Rank()-1]...))
}

func (levelled) EnergyAt(_ []*graph.Node, x, sigma *graph.Node) *graph.Node {
	variance := graph.AddScalar(graph.Square(sigma), 0.25)
	return graph.Div(graph.MulScalar(squaredNorm(graph.AddScalar(x, -1)), 0.5), variance)
}

func (levelled) Levels() (smallest, largest float64) { return 0.01, 5 }

// evaluate runs a graph function of inputs on a backend.
func evaluate(t *testing.T, backend compute.Backend, define func(in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	exec, err := graph.NewExec(backend, define)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	return call(t, exec, in...)
}

func call(t *testing.T, exec *graph.Exec, in ...any) [][]float64 {
	t.Helper()
	out, err := exec.Call(in...)
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

// ends are where the chains of a model without parameters are after a run, in float64, and what else a function reads
// from their state.
func ends(t *testing.T, backend compute.Backend, model models.Energy, s Sampler, start []float64, dim int, seed int64, more func(State) []*graph.Node) [][]float64 {
	t.Helper()
	return evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
		end := Run(s, models.Net{Model: model}, in[1], Options{}, random.NewStream(in[0]))
		if more == nil {
			return []*graph.Node{end.X}
		}
		return append([]*graph.Node{end.X}, more(end)...)
	}, random.Seed(seed, 1), tensor.From(start, dtypes.Float64, len(start)/dim, dim))
}

// expect compares the mean over independent points of a function with what it should be, within five standard errors.
func expect(t *testing.T, what string, points []float64, dim int, f func(x []float64) float64, want float64) {
	t.Helper()
	n, sum, square := float64(len(points)/dim), 0.0, 0.0
	for x := range slices.Chunk(points, dim) {
		v := f(x) - want
		sum += v
		square += v * v
	}
	mean := sum / n
	near(t, what, want+mean, want, 5*math.Sqrt((square/n-mean*mean)/n))
}

// Every kernel treats replicas as so many separate runs, which are those of the Go backend: with points, parameters and random numbers of
// their own, and nothing that goes from one to another.
func TestReplicasAreSeparateRuns(t *testing.T) {
	const replicas, chains, dim = 2, 3, 2
	r := rand.New(rand.NewPCG(1, 2))
	numbers := func(n int) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = r.NormFloat64()
		}
		return values
	}
	x, mean, factor := numbers(replicas*chains*dim), numbers(replicas*dim), numbers(replicas*dim*dim)
	keys := []int64{5, 6}
	reference := backendtest.Open(t, "go")
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind, construct := range Kinds {
			s, model := construct(), models.Energy(&models.Quadratic{})
			shorten(s)
			if s.Fit(model) != nil {
				model = levelled{}
			}
			run := func(in []*graph.Node) []*graph.Node {
				end := Run(s, models.Net{Model: model, Theta: in[2:4]}, in[1], Options{Scale: in[4], Gain: 0.5}, random.NewStream(in[0]))
				return end.flatten()
			}
			f64 := dtypes.Float64
			together := evaluate(t, backend, run, random.Seeds(keys, 1), tensor.From(x, f64, replicas, chains, dim),
				tensor.From(mean, f64, replicas, dim), tensor.From(factor, f64, replicas, dim, dim), tensor.From([]float64{0.5, 2}, f64, replicas))
			for i := range replicas {
				part := func(of []float64) []float64 { return of[i*len(of)/replicas : (i+1)*len(of)/replicas] }
				alone := evaluate(t, reference, run, random.Seed(keys[i], 1), tensor.From(part(x), f64, chains, dim),
					tensor.From(part(mean), f64, dim), tensor.From(part(factor), f64, dim, dim), tensor.From(part([]float64{0.5, 2}), f64))
				for k := range alone {
					for j, want := range alone[k] {
						near(t, fmt.Sprintf("%s: replica %d: number %d of part %d of the state", kind, i, j, k), part(together[k])[j], want, 1e-9*(1+math.Abs(want)))
					}
				}
			}
		}
	})
}

// shorten makes a run a few transitions.
func shorten(s Sampler) { reflect.ValueOf(s).Elem().FieldByName("Steps").SetInt(6) }

// Every kernel is a sampler for Draw, too, in float32.
func TestDrawWithEveryKind(t *testing.T) {
	start := Start{Mean: []float64{1, 1}, Std: []float64{1, 1}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind, construct := range Kinds {
			s, model := construct(), models.Energy(&models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1, 0}, {0, 1}}})
			shorten(s)
			if s.Fit(model) != nil {
				model = levelled{}
			}
			c, err := models.Compile(backend, model, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Draw(c, s, Sampling{Chains: 4, Thinning: 2, Precondition: "none"}, start, 10, 3)
			if err != nil {
				t.Fatal(kind, err)
			}
			if got.Chains != 4 || got.Draws != 3 || len(got.Points) != 24 || len(got.Energies) != 12 {
				t.Errorf("%s: %d chains, %d draws, %d numbers, %d energies", kind, got.Chains, got.Draws, len(got.Points), len(got.Energies))
			}
			if counts := !math.IsNaN(got.Acceptance); counts != Accepts(s) {
				t.Errorf("%s counts what it accepts: %v, and says that it may refuse: %v", kind, counts, Accepts(s))
			}
			if slices.ContainsFunc(got.Points, math.IsNaN) {
				t.Errorf("%s: %v", kind, got.Points)
			}
		}
	})
}
