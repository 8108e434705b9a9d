package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// geometry is a convolution of some planes.
type geometry struct {
	Window
	x, kernel []int // [in, height, width, batch] and [height, width, in, out]
}

func (g geometry) String() string {
	return fmt.Sprintf("planes %v, kernel %v, stride %d, padding %d and %d", g.x, g.kernel, g.Stride, g.Low, g.High)
}

func (g geometry) y() []int {
	return []int{g.kernel[3], g.Out(g.x[1], g.kernel[0]), g.Out(g.x[2], g.kernel[1]), g.x[3]}
}

// The geometries of networks, and odd ones: sizes and kernels even and odd, strides and padding above the kernel, pixels that no
// output sees, more taps than are multiplied at once.
var (
	usual = []geometry{
		{Window{1, 1, 1}, []int{2, 4, 5, 2}, []int{3, 3, 2, 3}},
		{Window{2, 1, 1}, []int{2, 6, 6, 2}, []int{3, 3, 2, 3}},
		{Window{2, 4, 4}, []int{1, 7, 8, 2}, []int{5, 5, 1, 2}},
		{Window{1, 0, 0}, []int{2, 4, 5, 2}, []int{1, 1, 2, 3}},
	}
	odd = []geometry{
		{Window{2, 1, 1}, []int{2, 7, 4, 1}, []int{3, 3, 2, 2}},
		{Window{2, 0, 1}, []int{2, 6, 5, 1}, []int{2, 3, 2, 1}},
		{Window{3, 2, 0}, []int{1, 8, 7, 1}, []int{4, 5, 1, 2}},
		{Window{3, 0, 0}, []int{2, 8, 9, 1}, []int{2, 1, 2, 1}},
		{Window{2, 5, 3}, []int{1, 3, 4, 1}, []int{2, 3, 1, 2}},
		{Window{2, 2, 0}, []int{1, 1, 1, 1}, []int{2, 2, 1, 1}},
		{Window{1, 0, 0}, []int{2, 3, 3, 2}, []int{3, 3, 2, 4}},
	}
	large = geometry{Window{1, 1, 1}, []int{12, 110, 100, 1}, []int{3, 3, 12, 2}}
)

func numbers(seed uint64, shape []int) []float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	n := 1
	for _, d := range shape {
		n *= d
	}
	values := make([]float64, n)
	for i := range values {
		values[i] = r.NormFloat64()
	}
	return values
}

// normal is a tensor of the numbers of a seed.
func normal(seed uint64, shape ...int) *tensors.Tensor {
	return tensor.From(numbers(seed, shape), dtypes.Float64, shape...)
}

// execute runs a graph function and returns its outputs' numbers.
func execute(t *testing.T, backend compute.Backend, f func(in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	out, err := graph.CallOnceN(backend, f, in...)
	if err != nil {
		t.Fatal(err)
	}
	return values(out)
}

func values(out []*tensors.Tensor) [][]float64 {
	all := make([][]float64, len(out))
	for i, o := range out {
		all[i] = tensors.MustCopyFlatData[float64](o)
	}
	return all
}

// near fails where numbers differ by more than a tolerance relative to the largest.
func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*scale) {
			t.Fatalf("%s: number %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// direct are T's gradients by y, x and w, by its definition.
func (g geometry) direct(x, w, y []float64) (byY, byX, byW []float64) {
	X, K, Y := g.x, g.kernel, g.y()
	byY, byX, byW = make([]float64, len(y)), make([]float64, len(x)), make([]float64, len(w))
	term := func(o, i, j, k, l, c int) {
		row, column := i*g.Stride+k-g.Low, j*g.Stride+l-g.Low
		if row < 0 || row >= X[1] || column < 0 || column >= X[2] {
			return
		}
		tap := ((k*K[1]+l)*K[2]+c)*K[3] + o
		for b := range X[3] {
			at, out := ((c*X[1]+row)*X[2]+column)*X[3]+b, ((o*Y[1]+i)*Y[2]+j)*Y[3]+b
			byY[out] += x[at] * w[tap]
			byX[at] += y[out] * w[tap]
			byW[tap] += x[at] * y[out]
		}
	}
	for o := range Y[0] {
		for i := range Y[1] {
			for j := range Y[2] {
				for k := range K[0] {
					for l := range K[1] {
						for c := range K[2] {
							term(o, i, j, k, l, c)
						}
					}
				}
			}
		}
	}
	return byY, byX, byW
}

// three are the convolution, the transposed convolution and the correlation of x, w and y.
func (g geometry) three(x, w, y *graph.Node) []*graph.Node {
	out := g.ConvolvePlanes(x, w)
	form := graph.ReduceAllSum(graph.Mul(out, y))
	return []*graph.Node{out, g.TransposedPlanes(y, w, g.x[1], g.x[2]), graph.Gradient(form, w)[0]}
}

// The convolution, its transpose and the correlation are what the definition says, in steps of one row of the kernel too.
func TestDefinition(t *testing.T) {
	if large.form(large.x, large.kernel).rowsAtOnce() != 1 || usual[0].form(usual[0].x, usual[0].kernel).rowsAtOnce() != 3 {
		t.Fatal("the geometries are not multiplied in both ways")
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		all := append(append([]geometry{large}, usual...), odd...)
		if backendtest.OnXLA(backend) {
			all = all[:6]
		}
		for _, g := range all {
			got := execute(t, backend, func(in []*graph.Node) []*graph.Node { return g.three(in[0], in[1], in[2]) },
				normal(1, g.x...), normal(2, g.kernel...), normal(3, g.y()...))
			byY, byX, byW := g.direct(numbers(1, g.x), numbers(2, g.kernel), numbers(3, g.y()))
			near(t, g.String()+": the convolution", got[0], byY, 1e-12)
			near(t, g.String()+": the transposed convolution", got[1], byX, 1e-12)
			near(t, g.String()+": the correlation", got[2], byW, 1e-12)
		}
	})
}

// <conv(x, w), y> = <x, transposed(y, w)> = <w, correlation(x, y)> for all small strides, paddings and kernels.
func TestAdjoints(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for size := 1; size <= 7; size += 2 {
		for kernel := 1; kernel <= 4; kernel++ {
			for stride := 1; stride <= 3; stride++ {
				for low := 0; low <= 3; low++ {
					g := geometry{Window{stride, low, (low + kernel) % 3}, []int{2, size, size + 1, 2}, []int{kernel, kernel, 2, 2}}
					if g.Out(size, kernel) == 0 {
						continue
					}
					got := execute(t, backend, func(in []*graph.Node) []*graph.Node { return g.three(in[0], in[1], in[2]) },
						normal(1, g.x...), normal(2, g.kernel...), normal(3, g.y()...))
					want := []float64{dot(got[0], numbers(3, g.y()))}
					near(t, g.String()+": by the image", []float64{dot(got[1], numbers(1, g.x))}, want, 1e-12)
					near(t, g.String()+": by the kernel", []float64{dot(got[2], numbers(2, g.kernel))}, want, 1e-12)
				}
			}
		}
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// Of images, the convolution and its first derivatives are those of GoMLX's own, and so is a mean over squares.
func TestAgainstGoMLX(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range append(usual[:3:3], odd[0]) { // where stride and padding are uneven, GoMLX's gradient by x is wrong
			ours, theirs := func(x, w *graph.Node) *graph.Node { return g.Convolve(x, w) }, func(x, w *graph.Node) *graph.Node {
				return graph.Convolve(x, w).Strides(g.Stride).PaddingPerDim([][2]int{{g.Low, g.High}, {g.Low, g.High}}).Done()
			}
			outputs := func(f func(x, w *graph.Node) *graph.Node) func(in []*graph.Node) []*graph.Node {
				return func(in []*graph.Node) []*graph.Node {
					y := f(in[0], in[1])
					return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Sin(y)), in...)...)
				}
			}
			x, w := normal(1, g.x[3], g.x[1], g.x[2], g.x[0]), normal(2, g.kernel...)
			got := execute(t, backend, outputs(ours), x, w)
			for i, want := range execute(t, backend, outputs(theirs), x, w) {
				near(t, fmt.Sprintf("%v: output %d", g, i), got[i], want, 1e-12)
			}
		}
		got := execute(t, backend, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{AveragePool(in[0], 2), graph.MeanPool(in[0]).Window(2).Done()}
		}, normal(1, 2, 4, 6, 3))
		near(t, "averages", got[0], got[1], 1e-12)
	})
}

// To upsample is to give each pixel's square its value; its transpose is the sum over the square.
func TestUpsample(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := execute(t, backend, func(in []*graph.Node) []*graph.Node {
			up := Upsample(in[0], 2)
			by := graph.Gradient(graph.ReduceAllSum(graph.Mul(up, in[1])), in[0])[0]
			return []*graph.Node{up, AveragePool(up, 2), by, graph.MulScalar(AveragePool(in[1], 2), 4)}
		}, normal(1, 2, 1, 2, 2, 1), normal(2, 2, 1, 4, 4, 1)) // two replicas
		x := numbers(1, []int{2, 2, 2})
		near(t, "the first rows", got[0][:8], []float64{x[0], x[0], x[1], x[1], x[0], x[0], x[1], x[1]}, 0)
		near(t, "the average of what was upsampled", got[1], x, 1e-15)
		near(t, "the gradient", got[2], got[3], 1e-15)
	})
}

// Derivatives up to the third, by image and kernel, are differences of what they are derivatives of.
func TestDerivatives(t *testing.T) {
	const h, orders = 1e-5, 3
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range append(usual[1:3:3], odd[5]) {
			exec, err := graph.NewExec(backend, func(in []*graph.Node) (out []*graph.Node) {
				value := graph.ReduceAllSum(graph.Sin(g.ConvolvePlanes(in[0], in[1])))
				for range orders { // each value is made of all of the last one's derivatives
					by := graph.Gradient(value, in...)
					out = append(out, value, by[0], by[1])
					value = graph.Add(graph.ReduceAllMean(graph.Square(by[0])), graph.ReduceAllMean(graph.Square(by[1])))
				}
				return out
			})
			if err != nil {
				t.Fatal(err)
			}
			arguments := [][]float64{numbers(1, g.x), numbers(2, g.kernel)}
			run := func() [][]float64 {
				out, err := exec.Call(tensor.From(arguments[0], dtypes.Float64, g.x...), tensor.From(arguments[1], dtypes.Float64, g.kernel...))
				if err != nil {
					t.Fatal(err)
				}
				return values(out)
			}
			got := run()
			for a, argument := range arguments {
				for _, i := range []int{0, len(argument) / 3, len(argument) - 1} {
					kept := argument[i]
					argument[i] = kept + h
					up := run()
					argument[i] = kept - h
					down := run()
					argument[i] = kept
					for order := range orders {
						want := (up[3*order][0] - down[3*order][0]) / (2 * h)
						near(t, fmt.Sprintf("%v: derivative %d by number %d of argument %d", g, order+1, i, a),
							[]float64{got[3*order+1+a][i]}, []float64{want}, 1e-7)
					}
				}
			}
		}
	})
}

// Replicas are each what they are alone, with a kernel each and with one for all.
func TestReplicas(t *testing.T) {
	const replicas = 3
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		g := usual[1]
		define := func(x, w *graph.Node) []*graph.Node {
			y := g.ConvolvePlanes(x, w)
			first := graph.Gradient(graph.ReduceAllSum(graph.Sin(y)), x, w)
			second := graph.Gradient(graph.ReduceAllSum(graph.Square(first[0])), x)
			return []*graph.Node{y, g.TransposedPlanes(y, w, g.x[1], g.x[2]), first[0], second[0], first[1]}
		}
		part := func(x *graph.Node, i int) *graph.Node {
			return graph.Squeeze(graph.SliceAxis(x, 0, graph.AxisElem(i)), 0)
		}
		got := execute(t, backend, func(in []*graph.Node) []*graph.Node {
			out := append(define(in[0], in[1]), define(in[0], part(in[1], 0))[:4]...)
			for r := range replicas {
				out = append(out, define(part(in[0], r), part(in[1], r))...)
				out = append(out, define(part(in[0], r), part(in[1], 0))[:4]...)
			}
			return out
		}, normal(1, append([]int{replicas}, g.x...)...), normal(2, append([]int{replicas}, g.kernel...)...))
		const outputs = 9
		for i, together := range got[:outputs] {
			for r := range replicas {
				want := got[outputs*(r+1)+i]
				near(t, fmt.Sprintf("output %d of replica %d", i, r), together[r*len(want):(r+1)*len(want)], want, 1e-12)
			}
		}
	})
}

// Shapes that do not fit are refused in words.
func TestErrors(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for want, f := range map[string]func(x, w *graph.Node) *graph.Node{
		"have 2 channels, the kernel": func(x, w *graph.Node) *graph.Node {
			return Window{1, 0, 0}.ConvolvePlanes(x, graph.Concatenate([]*graph.Node{w, w}, 2))
		},
		"no convolution of planes": func(x, w *graph.Node) *graph.Node {
			return Window{1, 0, 0}.ConvolvePlanes(x, graph.Concatenate([]*graph.Node{w, w}, 0))
		},
		"stride 0":                   func(x, w *graph.Node) *graph.Node { return Window{0, 0, 0}.ConvolvePlanes(x, w) },
		"is not the convolution of":  func(x, w *graph.Node) *graph.Node { return Window{1, 0, 0}.TransposedPlanes(x, w, 9, 9) },
		"no whole number of squares": func(x, w *graph.Node) *graph.Node { return AveragePool(x, 3) },
		"has no four axes":           func(x, w *graph.Node) *graph.Node { return ToPlanes(graph.Reshape(x, -1)) },
	} {
		_, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in[0], in[1])} },
			normal(1, 2, 4, 4, 1), normal(2, 3, 3, 2, 2))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
