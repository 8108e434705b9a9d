package conv

import "github.com/gomlx/gomlx/core/graph"

// convolution multiplies the patches of the images that the kernel sees with the kernel.
func (f form) convolution(x, kernel *graph.Node) *graph.Node {
	kernel = reshaped(kernel, f.kernelHeight*f.kernelWidth*f.in, f.out)
	return reshaped(product(f.patches(x), kernel), f.batch, f.outHeight, f.outWidth, f.out)
}

// correlation multiplies the same patches with the output.
func (f form) correlation(x, y *graph.Node) *graph.Node {
	y = reshaped(y, f.batch*f.outHeight*f.outWidth, f.out)
	return reshaped(productOfColumns(f.patches(x), y), f.kernelHeight, f.kernelWidth, f.in, f.out)
}

// patches are the parts of the images that the kernel sees, [batch·outHeight·outWidth, kernelHeight·kernelWidth·in].
func (f form) patches(x *graph.Node) *graph.Node {
	x = span(x, -3, -f.Low, f.Low+f.height+f.High)
	x = span(x, -2, -f.Low, f.Low+f.width+f.High)
	taps := taps(x, f.kernelHeight, f.kernelWidth, f.outHeight, f.outWidth, f.Stride)
	return reshaped(taps, f.batch*f.outHeight*f.outWidth, f.kernelHeight*f.kernelWidth*f.in)
}

// transposedConvolution is a convolution of stride 1 with the output as its images. Pixels of the padded image fall in blocks
// of s×s, where s is the stride: those in the same place of their blocks see the same part of the kernel, every s-th row and
// column of it. So with s·s·in channels, for each place and channel, it gives a block at each of its places.
func (f form) transposedConvolution(y, kernel *graph.Node) *graph.Node {
	s := f.Stride
	rows, columns := f.blocks(f.kernelHeight, f.height), f.blocks(f.kernelWidth, f.width)
	y = span(y, -3, rows.first-rows.reach+1, rows.count+rows.reach-1)
	y = span(y, -2, columns.first-columns.reach+1, columns.count+columns.reach-1)
	y = taps(y, rows.reach, columns.reach, rows.count, columns.count, 1)
	y = reshaped(y, f.batch*rows.count*columns.count, rows.reach*columns.reach*f.out)

	kernel = span(span(kernel, -4, 0, rows.reach*s), -3, 0, columns.reach*s)
	kernel = reshaped(kernel, rows.reach, s, columns.reach, s, f.in, f.out)
	kernel = graph.Reverse(kernel, -6, -4) // the last output that a block sees has the first rows of the kernel
	kernel = permuted(kernel, 0, 2, 5, 1, 3, 4)
	kernel = reshaped(kernel, rows.reach*columns.reach*f.out, s*s*f.in)

	x := reshaped(product(y, kernel), f.batch, rows.count, columns.count, s, s, f.in)
	x = permuted(x, 0, 1, 3, 2, 4, 5)
	x = reshaped(x, f.batch, rows.count*s, columns.count*s, f.in)
	return span(span(x, -3, f.Low-rows.first*s, f.height), -2, f.Low-columns.first*s, f.width)
}

// blocks are the rows, or columns, of a padded image in groups as many as the stride.
type blocks struct {
	reach int // how many outputs see a block: the last one is that of the same number
	first int // the first with a pixel of the image that is not padding
	count int // how many of them there are
}

func (f form) blocks(kernel, size int) blocks {
	first := f.Low / f.Stride
	return blocks{(kernel + f.Stride - 1) / f.Stride, first, (f.Low+size-1)/f.Stride - first + 1}
}

// taps are the pixels that a kernel of height×width sees at its rows×columns places: [batch, rows, columns,
// height·width·channels].
func taps(x *graph.Node, height, width, rows, columns, stride int) *graph.Node {
	var all []*graph.Node
	for i := range height {
		row := graph.SliceAxis(x, -3, every(stride, i, rows))
		for j := range width {
			all = append(all, graph.SliceAxis(row, -2, every(stride, j, columns)))
		}
	}
	return graph.Concatenate(all, -1)
}

// every takes count places from a first one in steps.
func every(step, first, count int) graph.SliceAxisSpec {
	return graph.AxisRange(first, first+(count-1)*step+1).Stride(step)
}
