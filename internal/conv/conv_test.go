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

// geometry is a convolution of small images.
type geometry struct {
	Window
	x, kernel []int // [batch, height, width, in] and [height, width, in, out]
}

func (g geometry) String() string {
	return fmt.Sprintf("x %v, kernel %v, stride %d, padding %d and %d", g.x, g.kernel, g.Stride, g.Low, g.High)
}

func (g geometry) y() []int {
	return []int{g.x[0], g.Out(g.x[1], g.kernel[0]), g.Out(g.x[2], g.kernel[1]), g.kernel[3]}
}

// geometries are what networks have, and odd ones: even and odd sizes and kernels, strides above the kernel, padding above
// the kernel, pixels that no output sees.
var geometries = []geometry{
	{Window{1, 0, 0}, []int{2, 4, 5, 2}, []int{1, 1, 2, 3}},
	{Window{1, 1, 1}, []int{2, 4, 5, 2}, []int{3, 3, 2, 3}},
	{Window{2, 1, 1}, []int{2, 6, 6, 2}, []int{3, 3, 2, 3}},
	{Window{2, 1, 1}, []int{1, 7, 4, 2}, []int{3, 3, 2, 2}},
	{Window{2, 4, 4}, []int{2, 7, 8, 1}, []int{5, 5, 1, 2}},
	{Window{2, 0, 1}, []int{1, 6, 5, 2}, []int{2, 3, 2, 1}},
	{Window{3, 2, 0}, []int{1, 8, 7, 1}, []int{4, 5, 1, 2}},
	{Window{3, 0, 0}, []int{1, 8, 9, 2}, []int{2, 1, 2, 1}},
	{Window{2, 5, 3}, []int{1, 3, 4, 1}, []int{2, 3, 1, 2}},
	{Window{2, 2, 0}, []int{1, 1, 1, 1}, []int{2, 2, 1, 1}},
	{Window{1, 0, 0}, []int{2, 3, 3, 2}, []int{3, 3, 2, 4}},
}

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

func randomTensor(seed uint64, shape ...int) *tensors.Tensor {
	return tensor.From(numbers(seed, shape), dtypes.Float64, shape...)
}

// execute runs a graph function and returns its outputs' numbers.
func execute(t *testing.T, backend compute.Backend, f func(in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	out, err := graph.ExecOnceN(backend, f, in...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float64, len(out))
	for i, o := range out {
		values[i] = tensors.MustCopyFlatData[float64](o)
	}
	return values
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

// direct is T's gradients by y, x and w by its definition.
func (g geometry) direct(x, w, y []float64) (byY, byX, byW []float64) {
	X, K, Y := g.x, g.kernel, g.y()
	byY, byX, byW = make([]float64, len(y)), make([]float64, len(x)), make([]float64, len(w))
	for b := range Y[0] {
		for i := range Y[1] {
			for j := range Y[2] {
				for k := range K[0] {
					for l := range K[1] {
						row, column := i*g.Stride+k-g.Low, j*g.Stride+l-g.Low
						if row < 0 || row >= X[1] || column < 0 || column >= X[2] {
							continue
						}
						for c := range K[2] {
							for o := range K[3] {
								at, tap, out := ((b*X[1]+row)*X[2]+column)*X[3]+c, ((k*K[1]+l)*K[2]+c)*K[3]+o, ((b*Y[1]+i)*Y[2]+j)*Y[3]+o
								byY[out] += x[at] * w[tap]
								byX[at] += y[out] * w[tap]
								byW[tap] += x[at] * y[out]
							}
						}
					}
				}
			}
		}
	}
	return byY, byX, byW
}

// The convolution, its transpose and the gradient by the kernel are what the definition says.
func TestDefinition(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range geometries {
			t.Run(g.String(), func(t *testing.T) {
				x, w, y := numbers(1, g.x), numbers(2, g.kernel), numbers(3, g.y())
				got := execute(t, backend, func(in []*graph.Node) []*graph.Node {
					out := g.Convolve(in[0], in[1])
					form := graph.ReduceAllSum(graph.Mul(out, in[2]))
					return append([]*graph.Node{out, g.Transposed(in[2], in[1], g.x[1], g.x[2])}, graph.Gradient(form, in...)...)
				}, randomTensor(1, g.x...), randomTensor(2, g.kernel...), randomTensor(3, g.y()...))
				byY, byX, byW := g.direct(x, w, y)
				near(t, "the convolution", got[0], byY, 1e-13)
				near(t, "the transposed convolution", got[1], byX, 1e-13)
				near(t, "the gradient by the image", got[2], byX, 1e-13)
				near(t, "the gradient by the kernel", got[3], byW, 1e-13)
				near(t, "the gradient by the factor", got[4], byY, 1e-13)
			})
		}
	})
}

// The convolution and its first derivatives are those of GoMLX's own.
func TestAgainstConvolve(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range geometries[:5] { // with stride and uneven padding its gradient by x is another than the definition's
			theirs := func(x, w *graph.Node) *graph.Node {
				return graph.Convolve(x, w).Strides(g.Stride).PaddingPerDim([][2]int{{g.Low, g.High}, {g.Low, g.High}}).Done()
			}
			outputs := func(f func(x, w *graph.Node) *graph.Node) [][]float64 {
				return execute(t, backend, func(in []*graph.Node) []*graph.Node {
					y := f(in[0], in[1])
					return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Sin(y)), in...)...)
				}, randomTensor(1, g.x...), randomTensor(2, g.kernel...))
			}
			got := outputs(g.Convolve)
			for i, want := range outputs(theirs) {
				near(t, fmt.Sprintf("%v: output %d", g, i), got[i], want, 1e-12)
			}
		}
	})
}

// Derivatives up to the third, by image and kernel, are differences of those one order below.
func TestDerivatives(t *testing.T) {
	const h = 1e-5
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range geometries[1:5] {
			x, w := numbers(1, g.x), numbers(2, g.kernel)
			exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
				x, w := in[0], in[1]
				value := graph.ReduceAllSum(graph.Sin(g.Convolve(x, w)))
				out := []*graph.Node{value}
				for order := range 3 { // each value is a sum of the squares of the last one's derivatives
					by := graph.Gradient(value, x, w)
					out = append(out, by...)
					if order < 2 {
						value = graph.Add(graph.ReduceAllMean(graph.Square(by[0])), graph.ReduceAllMean(graph.Square(by[1])))
						out = append(out, value)
					}
				}
				return out
			})
			if err != nil {
				t.Fatal(err)
			}
			run := func() [][]float64 {
				out, err := exec.Exec(tensor.From(x, dtypes.Float64, g.x...), tensor.From(w, dtypes.Float64, g.kernel...))
				if err != nil {
					t.Fatal(err)
				}
				var values [][]float64
				for _, o := range out {
					values = append(values, tensors.MustCopyFlatData[float64](o))
				}
				return values
			}
			got := run()
			for argument, numbers := range [][]float64{x, w} {
				for _, i := range []int{0, len(numbers) / 3, len(numbers) - 1} {
					kept := numbers[i]
					numbers[i] = kept + h
					up := run()
					numbers[i] = kept - h
					down := run()
					numbers[i] = kept
					for order := range 3 {
						want := (up[3*order][0] - down[3*order][0]) / (2 * h)
						near(t, fmt.Sprintf("%v: derivative %d by number %d of argument %d", g, order+1, i, argument),
							[]float64{got[3*order+1+argument][i]}, []float64{want}, 1e-7)
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
		for _, g := range geometries[:4] {
			loss := func(x, w *graph.Node) []*graph.Node {
				y := g.Convolve(x, w)
				by := graph.Gradient(graph.ReduceAllSum(graph.Sin(y)), x, w)
				second := graph.Gradient(graph.ReduceAllSum(graph.Square(by[0])), x, w)
				return []*graph.Node{y, g.Transposed(y, w, g.x[1], g.x[2]), by[0], by[1], second[0], second[1]}
			}
			x, w := append([]int{replicas}, g.x...), append([]int{replicas}, g.kernel...)
			together := execute(t, backend, func(in []*graph.Node) []*graph.Node { return loss(in[0], in[1]) },
				randomTensor(1, x...), randomTensor(2, w...))
			shared := execute(t, backend, func(in []*graph.Node) []*graph.Node {
				first := graph.Squeeze(graph.SliceAxis(in[1], 0, graph.AxisElem(0)), 0)
				return []*graph.Node{g.Convolve(in[0], first), g.Transposed(g.Convolve(in[0], first), first, g.x[1], g.x[2])}
			}, randomTensor(1, x...), randomTensor(2, w...))
			for r := range replicas {
				alone := func(kernel int) [][]float64 {
					return execute(t, backend, func(in []*graph.Node) []*graph.Node {
						part := func(n *graph.Node, i int) *graph.Node {
							return graph.Squeeze(graph.SliceAxis(n, 0, graph.AxisElem(i)), 0)
						}
						return loss(part(in[0], r), part(in[1], kernel))
					}, randomTensor(1, x...), randomTensor(2, w...))
				}
				for i, want := range alone(r) {
					near(t, fmt.Sprintf("%v: output %d of replica %d", g, i, r), together[i][r*len(want):(r+1)*len(want)], want, 1e-12)
				}
				for i, want := range alone(0)[:2] {
					near(t, fmt.Sprintf("%v: output %d of replica %d with the first one's kernel", g, i, r), shared[i][r*len(want):(r+1)*len(want)], want, 1e-12)
				}
			}
		}
	})
}

// <conv(x, w), y> = <x, transposed(y, w)> = <w, gradient by the kernel>, over all small strides, paddings and kernels.
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
					x, w, y := numbers(1, g.x), numbers(2, g.kernel), numbers(3, g.y())
					got := execute(t, backend, func(in []*graph.Node) []*graph.Node {
						out := g.Convolve(in[0], in[1])
						by := graph.Gradient(graph.ReduceAllSum(graph.Mul(out, in[2])), in[1])[0]
						return []*graph.Node{out, g.Transposed(in[2], in[1], g.x[1], g.x[2]), by}
					}, randomTensor(1, g.x...), randomTensor(2, g.kernel...), randomTensor(3, g.y()...))
					want := []float64{dot(got[0], y)}
					near(t, fmt.Sprintf("%v: by the image", g), []float64{dot(got[1], x)}, want, 1e-12)
					near(t, fmt.Sprintf("%v: by the kernel", g), []float64{dot(got[2], w)}, want, 1e-12)
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

// Shapes that do not fit are refused in words.
func TestErrors(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for want, f := range map[string]func(x, w *graph.Node) *graph.Node{
		"channels": func(x, w *graph.Node) *graph.Node {
			return Window{1, 0, 0}.Convolve(x, graph.Concatenate([]*graph.Node{w, w}, 2))
		},
		"no convolution of images": func(x, w *graph.Node) *graph.Node {
			return Window{1, 0, 0}.Convolve(graph.SliceAxis(x, 1, graph.AxisElem(0)), w)
		},
		"stride 0":                   func(x, w *graph.Node) *graph.Node { return Window{0, 0, 0}.Convolve(x, w) },
		"is not the convolution of":  func(x, w *graph.Node) *graph.Node { return Window{1, 0, 0}.Transposed(x, w, 9, 9) },
		"no whole number of squares": func(x, w *graph.Node) *graph.Node { return AveragePool(x, 3) },
		"has no four axes":           func(x, w *graph.Node) *graph.Node { return AveragePool(graph.Reshape(x, -1), 3) },
	} {
		_, err := graph.ExecOnceN(backend, func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in[0], in[1])} },
			randomTensor(1, 1, 4, 4, 2), randomTensor(2, 3, 3, 2, 2))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
