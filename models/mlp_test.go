package models

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// functions are the activations once more, on the host.
var functions = map[string]func(float64) float64{
	"silu":     func(x float64) float64 { return x / (1 + math.Exp(-x)) },
	"softplus": func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
	"tanh":     math.Tanh,
	"gelu":     func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) },
}

// energyOnHost is the energy of one point.
func energyOnHost(m *MLP, theta [][]float64, x []float64) float64 {
	h := x
	for i := 0; i < len(theta); i += 2 {
		weight, bias := theta[i], theta[i+1]
		next := slices.Clone(bias)
		for o := range next {
			for j := range h {
				next[o] += h[j] * weight[j*len(next)+o]
			}
			if i+2 < len(theta) {
				next[o] = functions[m.Activation](next[o])
			}
		}
		h = next
	}
	if m.Confinement > 0 {
		for _, v := range x {
			h[0] += 0.5 * v * v / (m.Confinement * m.Confinement)
		}
	}
	return h[0]
}

// prepare compiles a graph function of a net and points on a backend, and returns what runs it, in float64.
func prepare(t *testing.T, backend compute.Backend, model Energy, dim int, define func(net Net, x *graph.Node) []*graph.Node) func(theta [][]float64, x []float64) [][]float64 {
	t.Helper()
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		last := len(in) - 1
		return define(Net{model, in[:last]}, in[last])
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return func(theta [][]float64, x []float64) [][]float64 {
		t.Helper()
		var in []any
		for i, p := range parameters {
			in = append(in, tensor.From(theta[i], dtypes.Float64, p.Shape...))
		}
		out, err := exec.Call(append(in, tensor.From(x, dtypes.Float64, len(x)/dim, dim))...)
		if err != nil {
			t.Fatal(err)
		}
		return numbers(t, out)
	}
}

// evaluate is prepare, and what it returns run once.
func evaluate(t *testing.T, backend compute.Backend, model Energy, theta [][]float64, x []float64, dim int, define func(net Net, x *graph.Node) []*graph.Node) [][]float64 {
	t.Helper()
	return prepare(t, backend, model, dim, define)(theta, x)
}

func numbers(t *testing.T, out []*tensors.Tensor) [][]float64 {
	t.Helper()
	values := make([][]float64, len(out))
	for i, o := range out {
		var err error
		if values[i], err = tensor.Values(o); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.12g, want %.12g ± %.2g", what, got, want, within)
	}
}

// The energy is that of the same network on the host; the score its negative central difference, and the parameters'
// gradient of v·score, which differentiates twice, a difference in both directions.
func TestMLP(t *testing.T) {
	const dim = 3
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for activation := range functions {
			for _, confinement := range []float64{0, 2.5} {
				m := &MLP{Hidden: []int{5, 4}, Activation: activation, Confinement: confinement}
				r := rand.New(rand.NewPCG(1, 2))
				parameters, err := m.Parameters(dim)
				if err != nil {
					t.Fatal(err)
				}
				theta := make([][]float64, len(parameters))
				for i, p := range parameters {
					theta[i] = p.Init(r)
				}
				x, v := []float64{0.3, -1.2, 0.8, -2, 0.1, 1.5}, []float64{0.7, -0.4, 1.1, 0.2, 0.9, -1.3}
				got := evaluate(t, backend, m, theta, x, dim, func(net Net, x *graph.Node) []*graph.Node {
					score := net.Score(x)
					directed := graph.ReduceAllSum(graph.Mul(score, graph.Reshape(graph.Const(x.Graph(), v), 2, dim)))
					return append([]*graph.Node{net.Energy(x), score}, graph.Gradient(directed, net.Theta...)...)
				})
				name := fmt.Sprintf("%s, confinement %v: ", activation, confinement)
				checkMLP(t, name, m, theta, x, v, got[0], got[1], got[2:])
			}
		}
	})
}

func checkMLP(t *testing.T, name string, m *MLP, theta [][]float64, x, v, energy, score []float64, gradients [][]float64) {
	t.Helper()
	dim := len(x) / len(energy)
	total := func() (sum float64) { // of both points: each number of x acts on its own point only
		for from := 0; from < len(x); from += dim {
			sum += energyOnHost(m, theta, x[from:from+dim])
		}
		return sum
	}
	// central is the derivative along a direction; its error is of order h² and 1e-16/h.
	central := func(h float64, move func(by float64), f func() float64) float64 {
		move(h)
		up := f()
		move(-2 * h)
		down := f()
		move(h)
		return (up - down) / (2 * h)
	}
	for i := range energy {
		near(t, name+"an energy", energy[i], energyOnHost(m, theta, x[i*dim:(i+1)*dim]), 1e-13)
	}
	for i := range x {
		near(t, name+"a score", score[i], -central(1e-5, func(by float64) { x[i] += by }, total), 1e-8)
	}
	along := func(by float64) {
		for i := range x {
			x[i] += by * v[i]
		}
	}
	for k := range theta {
		for j := range theta[k] {
			want := -central(1e-3, along, func() float64 {
				return central(1e-3, func(by float64) { theta[k][j] += by }, total)
			})
			near(t, fmt.Sprintf("%sthe derivative of the score by parameter %d, number %d", name, k, j), gradients[k][j], want, 2e-5)
		}
	}
}

// Far out an activation neither overflows nor loses its derivatives.
func TestActivationsFarOut(t *testing.T) {
	x := []float64{-1e4, -100, -35, -2, 0, 0.5, 33, 33.9, 35, 100, 1e4}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, activation := range activations {
			for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
				out, err := graph.CallOnceN(backend, func(x *graph.Node) []*graph.Node {
					y := activation.value(x)
					first := graph.Gradient(graph.ReduceAllSum(y), x)[0]
					value, slope := activation.both(x)
					return []*graph.Node{y, first, graph.Gradient(graph.ReduceAllSum(first), x)[0],
						value, slope, graph.Gradient(graph.ReduceAllSum(slope), x)[0]}
				}, tensor.From(x, dtype, len(x)))
				if err != nil {
					t.Fatal(err)
				}
				values := numbers(t, out)
				f, precision := functions[name], 1e-6
				if dtype == dtypes.Float64 {
					precision = 1e-15
				}
				for i, x := range x {
					what := fmt.Sprintf("%s(%v) in %s", name, x, dtype)
					for k, way := range []string{"", ", by its derivative"} {
						near(t, what+way, values[3*k][i], f(x), precision*max(1, math.Abs(x)))
						near(t, what+", first derivative"+way, values[3*k+1][i], (f(x+1e-4)-f(x-1e-4))/2e-4, 1e-6)
						near(t, what+", second derivative"+way, values[3*k+2][i], (f(x+1e-3)-2*f(x)+f(x-1e-3))/1e-6, 2e-5)
					}
				}
			}
		}
	})
}

// Names, shapes and initial values are what files and results refer to.
func TestMLPParameters(t *testing.T) {
	parameters, err := (&MLP{Hidden: []int{400, 9}, Activation: "tanh"}).Parameters(4)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		name  string
		shape []int
		in    int
	}{
		{"layers.0.weight", []int{4, 400}, 4}, {"layers.0.bias", []int{400}, 4},
		{"layers.1.weight", []int{400, 9}, 400}, {"layers.1.bias", []int{9}, 400},
		{"layers.2.weight", []int{9, 1}, 9}, {"layers.2.bias", []int{1}, 9},
	}
	if len(parameters) != len(want) {
		t.Fatalf("%d parameters, want %d", len(parameters), len(want))
	}
	r := rand.New(rand.NewPCG(1, 1))
	size := 0
	for i, w := range want {
		p := parameters[i]
		if p.Name != w.name || !slices.Equal(p.Shape, w.shape) {
			t.Errorf("parameter %d is %s %v, want %s %v", i, p.Name, p.Shape, w.name, w.shape)
		}
		values := p.Init(r)
		if len(values) != p.Size() {
			t.Errorf("%s starts with %d values, want %d", p.Name, len(values), p.Size())
		}
		size += len(values)
		bound := 1 / math.Sqrt(float64(w.in))
		if slices.Min(values) < -bound || slices.Max(values) > bound {
			t.Errorf("%s starts from %v to %v, beyond ±%v", p.Name, slices.Min(values), slices.Max(values), bound)
		}
		// U(−b, b) has the variance b²/3, and its square the variance 4b⁴/45: five standard errors.
		mean, square := 0.0, 0.0
		for _, v := range values {
			mean += v / float64(len(values))
			square += v * v / float64(len(values))
		}
		n := float64(len(values))
		near(t, p.Name+": the mean", mean, 0, 5*bound/math.Sqrt(3*n))
		near(t, p.Name+": the mean square", square, bound*bound/3, 5*bound*bound*math.Sqrt(4.0/45/n))
	}
	if Count(parameters) != size {
		t.Errorf("Count is %d, want %d", Count(parameters), size)
	}
	if again := parameters[0].Init(rand.New(rand.NewPCG(1, 1))); !slices.Equal(again, parameters[0].Init(rand.New(rand.NewPCG(1, 1)))) {
		t.Error("the same generator gives other initial values the second time")
	}
	_, err = (&MLP{Hidden: []int{2}, Activation: "relu"}).Parameters(2)
	if want := `activation "relu" is unknown; use silu, softplus, tanh or gelu`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// The drift is the score, also for several replicas at once, in one dimension as in many; and the score can be
// differentiated by the points: its divergence is −tr ∇²E.
func TestMLPDrift(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dim := range []int{1, 2, 5} {
			m := &MLP{Hidden: []int{4, 3}, Activation: "gelu", Confinement: 3}
			parameters, err := m.Parameters(dim)
			if err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, uint64(dim)))
			const replicas, n = 2, 3
			var in []any
			for _, p := range parameters {
				values := append(p.Init(r), p.Init(r)...)
				in = append(in, tensor.From(values, dtypes.Float64, append([]int{replicas}, p.Shape...)...))
			}
			points := uniform(replicas*n*dim, 2)(r)
			in = append(in, tensor.From(points, dtypes.Float64, replicas, n, dim))
			out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
				theta, x := in[:len(in)-1], in[len(in)-1]
				net := Net{m, theta}
				all := []*graph.Node{net.Energy(x), net.Score(x), net.Drift(x)}
				for i := range replicas {
					one := func(x *graph.Node) *graph.Node { return graph.Squeeze(graph.Slice(x, graph.AxisElem(i)), 0) }
					alone := Net{Model: m}
					for _, p := range theta {
						alone.Theta = append(alone.Theta, one(p))
					}
					x := one(x)
					all = append(all, alone.Energy(x), alone.Score(x), alone.Drift(x))
					if i == 0 {
						divergence := graph.Gradient(graph.ReduceAllSum(graph.Slice(alone.Score(x), graph.AxisRange(), graph.AxisElem(0))), x)[0]
						all = append(all, divergence)
					}
				}
				return all
			}, in...)
			if err != nil {
				t.Fatal(err)
			}
			got := numbers(t, out)
			compare := func(what string, got, want []float64) {
				t.Helper()
				for i := range want {
					near(t, fmt.Sprintf("%d coordinates: %s %d", dim, what, i), got[i], want[i], 1e-12)
				}
			}
			compare("drift", got[2], got[1])
			half := len(got[0]) / replicas
			for i, from := range []int{3, 7} {
				compare("energy of a replica", got[0][i*half:(i+1)*half], got[from])
				compare("score of a replica", got[1][i*half*dim:(i+1)*half*dim], got[from+1])
				compare("drift of a replica", got[2][i*half*dim:(i+1)*half*dim], got[from+1])
			}
			if dim == 1 { // E″ by finite differences of the score, at the first point
				const h = 1e-5
				theta := make([][]float64, len(parameters))
				for k, p := range in[:len(parameters)] {
					values := numbers(t, []*tensors.Tensor{p.(*tensors.Tensor)})[0]
					theta[k] = values[:len(values)/replicas]
				}
				slope := func(x float64) float64 {
					return -(energyOnHost(m, theta, []float64{x + h}) - energyOnHost(m, theta, []float64{x - h})) / (2 * h)
				}
				near(t, "the divergence of the score", got[6][0], (slope(points[0]+1e-3)-slope(points[0]-1e-3))/2e-3, 1e-5)
			}
		}
	})
}
