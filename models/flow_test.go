package models

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// moved are initial parameters with normal noise added, so that what starts at 0 counts too.
func moved(t *testing.T, model Energy, dim int, seed uint64, by float64) [][]float64 {
	t.Helper()
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 5))
	theta := make([][]float64, len(parameters))
	for i, p := range parameters {
		theta[i] = p.Init(r)
		for j := range theta[i] {
			theta[i][j] += by * r.NormFloat64()
		}
	}
	return theta
}

func normals(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 6))
	values := make([]float64, n)
	for i := range values {
		values[i] = r.NormFloat64()
	}
	return values
}

func smallFlow() *Flow {
	return &Flow{Layers: 4, Hidden: []int{6, 5}, Activation: "tanh", ScaleBound: 1}
}

// The inverse undoes Sample, and the energy of what Sample makes of z is −log N(z) + log|det ∂x/∂z|, the determinant being one
// of finite differences.
func TestFlowInverts(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dim := range []int{1, 2, 3} {
			if dim != 2 && backendtest.OnXLA(backend) { // compiling takes a while there
				continue
			}
			const n, h = 5, 1e-5
			model, z := smallFlow(), normals(n*dim, 1)
			theta := moved(t, model, dim, 2, 0.5)
			got := evaluate(t, backend, model, theta, z, dim, func(net Net, z *graph.Node) []*graph.Node {
				x := model.Sample(net.Theta, z)
				again, _ := model.inverse(net.Theta, x)
				out := []*graph.Node{x, again, net.Energy(x)}
				for k := range dim { // the columns of the Jacobian
					step := make([]float64, dim)
					step[k] = h
					up := model.Sample(net.Theta, graph.Add(z, row(graph.Const(z.Graph(), step), z)))
					step[k] = -h
					down := model.Sample(net.Theta, graph.Add(z, row(graph.Const(z.Graph(), step), z)))
					out = append(out, graph.DivScalar(graph.Sub(up, down), 2*h))
				}
				return out
			})
			for i := range n {
				name := fmt.Sprintf("%d coordinates, point %d: ", dim, i)
				want := 0.5 * float64(dim) * math.Log(2*math.Pi)
				jacobian := make([][]float64, dim)
				for k := range dim {
					near(t, name+"z again", got[1][i*dim+k], z[i*dim+k], 1e-12)
					want += 0.5 * z[i*dim+k] * z[i*dim+k]
					jacobian[k] = got[3+k][i*dim : (i+1)*dim]
				}
				near(t, name+"the energy", got[2][i], want+math.Log(math.Abs(determinant(jacobian))), 1e-8)
			}
		}
	})
}

// determinant is by expansion along the first row.
func determinant(a [][]float64) float64 {
	if len(a) == 0 {
		return 1
	}
	sum, sign := 0.0, 1.0
	for k := range a {
		var minor [][]float64
		for _, r := range a[1:] {
			minor = append(minor, append(append([]float64(nil), r[:k]...), r[k+1:]...))
		}
		sum += sign * a[0][k] * determinant(minor)
		sign = -sign
	}
	return sum
}

// exp(−E) integrates to 1, and the moments of what is drawn are those of the density.
func TestFlowIsADensity(t *testing.T) {
	const side, half, n = 501, 25.0, 40000 // the sums over the grid converge faster than any power of its spacing
	model := smallFlow()
	theta := moved(t, model, 2, 7, 0.4)
	grid := make([]float64, 0, 2*side*side)
	at := func(i int) float64 { return half * (2*float64(i)/(side-1) - 1) }
	for i := range side {
		for j := range side {
			grid = append(grid, at(i), at(j))
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		energies := evaluate(t, backend, model, theta, grid, 2, func(net Net, x *graph.Node) []*graph.Node {
			return []*graph.Node{net.Energy(x)}
		})[0]
		drawn := evaluate(t, backend, model, theta, normals(2*n, 3), 2, func(net Net, z *graph.Node) []*graph.Node {
			return []*graph.Node{model.Sample(net.Theta, z)}
		})[0]
		functions := []func(x, y float64) float64{
			func(x, y float64) float64 { return 1 },
			func(x, y float64) float64 { return x },
			func(x, y float64) float64 { return y },
			func(x, y float64) float64 { return x * x },
			func(x, y float64) float64 { return x * y },
			func(x, y float64) float64 { return math.Cos(2 * y) },
		}
		for k, f := range functions {
			sum, square, mean := 0.0, 0.0, 0.0
			for i, e := range energies {
				value, p := f(grid[2*i], grid[2*i+1]), math.Exp(-e)*math.Pow(2*half/(side-1), 2)
				sum, square = sum+p*value, square+p*value*value
			}
			for i := range n {
				mean += f(drawn[2*i], drawn[2*i+1]) / n
			}
			near(t, fmt.Sprintf("the mean of function %d over draws", k), mean, sum, 5*math.Sqrt(max(0, square-sum*sum)/n)+1e-6)
		}
	})
}

// In one dimension as in two, what is drawn has the derivatives by z and by the parameters that finite differences give.
func TestFlowSampleIsDifferentiable(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dim := range []int{1, 2} {
			if dim != 2 && backendtest.OnXLA(backend) { // compiling takes a while there
				continue
			}
			model := smallFlow()
			theta, z := moved(t, model, dim, 4, 0.4), normals(2*dim, 9)
			got := evaluate(t, backend, model, theta, z, dim, func(net Net, z *graph.Node) []*graph.Node {
				total := graph.ReduceAllSum(graph.Sin(model.Sample(net.Theta, z)))
				first := graph.Gradient(total, append([]*graph.Node{z}, net.Theta...)...)
				second := graph.Gradient(graph.ReduceAllSum(first[0]), z)[0]
				return append([]*graph.Node{total, second}, first...)
			})
			again := prepare(t, backend, model, dim, func(net Net, z *graph.Node) []*graph.Node {
				total := graph.ReduceAllSum(graph.Sin(model.Sample(net.Theta, z)))
				return []*graph.Node{total, graph.ReduceAllSum(graph.Gradient(total, z)[0])}
			})
			value := func() (total, slope float64) {
				out := again(theta, z)
				return out[0][0], out[1][0]
			}
			check := func(what string, at *float64, first, second float64, twice bool) {
				t.Helper()
				const h = 1e-5
				*at += h
				up, upSlope := value()
				*at -= 2 * h
				down, downSlope := value()
				*at += h
				near(t, fmt.Sprintf("%d coordinates: the derivative by %s", dim, what), first, (up-down)/(2*h), 1e-8)
				if twice {
					near(t, fmt.Sprintf("%d coordinates: the second derivative by %s", dim, what), second, (upSlope-downSlope)/(2*h), 1e-7)
				}
			}
			check("a z", &z[1], got[2][1], got[1][1], true)
			for k := range theta {
				check(fmt.Sprintf("parameter %d", k), &theta[k][len(theta[k])-1], got[3+k][len(theta[k])-1], 0, false)
			}
		}
	})
}

// A flow starts at the standard normal distribution, exactly or nearly.
func TestFlowStartsNormal(t *testing.T) {
	x := []float64{0, 0, 1, -2, 3, 0.5}
	for dim, within := range map[int]float64{1: 0.3, 2: 1e-12, 3: 1e-12} {
		got := evaluate(t, backendtest.Open(t, "go"), NewFlow(), moved(t, NewFlow(), dim, 1, 0), x, dim, func(net Net, x *graph.Node) []*graph.Node {
			return []*graph.Node{net.Energy(x)}
		})[0]
		for i, e := range got {
			want := 0.5 * float64(dim) * math.Log(2*math.Pi)
			for _, v := range x[i*dim : (i+1)*dim] {
				want += 0.5 * v * v
			}
			near(t, fmt.Sprintf("%d coordinates: an energy", dim), e, want, within)
		}
	}
}

// One coupling would leave half of the coordinates as they are; in one dimension there are none.
func TestFlowRefusesOneCoupling(t *testing.T) {
	flow := smallFlow()
	flow.Layers = 1
	_, err := flow.Parameters(3)
	if want := "model.layers is 1, and a coupling moves half of the 3 coordinates; want at least 2"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if _, err := flow.Parameters(1); err != nil {
		t.Error(err)
	}
}

// Couplings move each coordinate by each other one: some coupling of a full round of them moves the one and not the other.
func TestFlowMasks(t *testing.T) {
	for dim := 2; dim <= 9; dim++ {
		rounds := 2 * bits.Len(uint(dim-1))
		for j := range dim {
			for k := range dim {
				moved := j == k
				for i := range rounds {
					m := mask(i, dim)
					moved = moved || m[j] == 1 && m[k] == 0
				}
				if !moved {
					t.Errorf("of %d coordinates, %d is never moved by %d", dim, j, k)
				}
			}
			for pair := range rounds / 2 {
				if mask(2*pair, dim)[j]+mask(2*pair+1, dim)[j] != 1 {
					t.Errorf("of %d coordinates, %d is not moved once by pair %d", dim, j, pair)
				}
			}
		}
	}
}
