// Package conv has the convolution of images in two dimensions, as a graph function that can be differentiated any number
// of times.
//
// Of an image x, a kernel w and an output y, the convolution is one of three parts of the same trilinear form
//
//	T(x, w, y) = Σ y[o, i, j, b] · x[c, i·s + k − p, j·s + l − p, b] · w[k, l, c, o]
//
// with the stride s and the padding p: its gradient by y is the convolution of x with w, that by x the transposed
// convolution of y with w, and that by w the correlation of x and y. Each is linear in both of its arguments, and its
// derivatives by them are the other two; so derivatives of any order are made of the three, and each is computed in the way
// that is fastest, whether or not that way could be differentiated.
//
// What is fast on a processor is images as planes, [channels, height, width, batch]: a row of a plane, with the whole batch,
// is one stretch of memory that is copied and multiplied at once. So networks keep images as planes from the first layer to
// the last: [ToPlanes] and [FromPlanes] go there and back. Kernels are [height, width, in, out].
//
// Where several replicas are trained at once, images have one axis more in front, and so have kernels, unless all replicas
// share one.
package conv

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Window is how a kernel moves over an image: by Stride pixels, in both directions, over the image with Low pixels of zeros
// before its first row and column and High behind its last.
type Window struct{ Stride, Low, High int }

// Out is the height (or width) of the convolution of an image of so many pixels with a kernel of so many. It is 0 where the
// kernel is larger than the padded image.
func (w Window) Out(size, kernel int) int {
	if last := size + w.Low + w.High - kernel; last >= 0 {
		return last/w.Stride + 1
	}
	return 0
}

// Convolve is the convolution of images [batch, height, width, in] with a kernel [k, l, in, out], as networks understand it,
// without a reflection: [batch, Out(height, k), Out(width, l), out]. It is slower than [Window.ConvolvePlanes] by the way to
// planes and back.
//
// It panics, as graph functions do, when the shapes do not fit.
func (w Window) Convolve(x, kernel *graph.Node) *graph.Node {
	return FromPlanes(w.ConvolvePlanes(ToPlanes(x), kernel))
}

// ConvolvePlanes is the convolution of planes [in, height, width, batch] with a kernel [k, l, in, out]: [out, Out(height, k),
// Out(width, l), batch].
//
// It panics, as graph functions do, when the shapes do not fit.
func (w Window) ConvolvePlanes(x, kernel *graph.Node) *graph.Node {
	if x.Rank() == kernel.Rank()+1 {
		return apart(w.ConvolvePlanes(together(x), kernel), replicas(x))
	}
	f := w.form(dims(x), dims(kernel))
	if in := dims(x)[0]; in != f.in {
		panic(fmt.Errorf("conv: planes %v have %d channels, the kernel %v takes %d", x.Shape(), in, kernel.Shape(), f.in))
	}
	return f.convolve(x, kernel)
}

// TransposedPlanes is the gradient that planes of height×width pixels get from that of their convolution, y [out, Out, Out,
// batch]: [in, height, width, batch].
//
// It panics, as graph functions do, when the shapes do not fit.
func (w Window) TransposedPlanes(y, kernel *graph.Node, height, width int) *graph.Node {
	if y.Rank() == kernel.Rank()+1 {
		return apart(w.TransposedPlanes(together(y), kernel, height, width), replicas(y))
	}
	k, d := dims(kernel), dims(y)
	f := w.form([]int{k[2], height, width, d[3]}, k)
	if d[0] != f.out || d[1] != f.outHeight || d[2] != f.outWidth {
		panic(fmt.Errorf("conv: %v is not the convolution of %d×%d pixels with a kernel %v", y.Shape(), height, width, kernel.Shape()))
	}
	return f.transposed(y, kernel)
}

// form is T for planes and kernels of given sizes.
type form struct {
	Window
	in, height, width, batch  int
	kernelHeight, kernelWidth int
	out, outHeight, outWidth  int
}

func (w Window) form(x, kernel []int) form {
	f := form{
		Window: w, height: x[1], width: x[2], batch: x[3],
		kernelHeight: kernel[0], kernelWidth: kernel[1], in: kernel[2], out: kernel[3],
	}
	fits := w.Stride >= 1 && w.Low >= 0 && w.High >= 0
	if fits {
		f.outHeight, f.outWidth = w.Out(f.height, f.kernelHeight), w.Out(f.width, f.kernelWidth)
	}
	if !fits || f.outHeight < 1 || f.outWidth < 1 {
		panic(fmt.Errorf("conv: no convolution of planes %v with a kernel %v: stride %d, padding %d and %d", x, kernel, w.Stride, w.Low, w.High))
	}
	return f
}

func (f form) convolve(x, kernel *graph.Node) *graph.Node {
	return bilinear(f.convolution(x, kernel), x, kernel, func(v *graph.Node) (byX, byKernel *graph.Node) {
		return f.transposed(v, kernel), f.correlate(x, v)
	})
}

func (f form) transposed(y, kernel *graph.Node) *graph.Node {
	return bilinear(f.transposedConvolution(y, kernel), y, kernel, func(v *graph.Node) (byY, byKernel *graph.Node) {
		return f.convolve(v, kernel), f.correlate(v, y)
	})
}

func (f form) correlate(x, y *graph.Node) *graph.Node {
	return bilinear(f.correlation(x, y), x, y, func(v *graph.Node) (byX, byY *graph.Node) {
		return f.transposed(y, v), f.convolve(x, v)
	})
}
