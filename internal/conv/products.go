package conv

import "github.com/gomlx/gomlx/core/graph"

// Each of the three is a matrix product with the taps: the pixels that a place of the kernel sees at all its positions, a
// row [in·outHeight·outWidth·batch] for each place.

// convolution multiplies the kernel with the taps.
func (f form) convolution(x, kernel *graph.Node) *graph.Node {
	x, rows := f.framed(x), f.rowsAtOnce()
	var y *graph.Node
	for i := 0; i < f.kernelHeight; i += rows {
		weight := reshaped(graph.SliceAxis(kernel, -4, graph.AxisRange(i, i+rows)), rows*f.kernelWidth*f.in, f.out)
		// XLA's library wants the matrix this way round, and without the barrier gets it the other way.
		part := product("ok,kn->on", barrier(permuted(weight, 1, 0)), f.taps(x, i, rows))
		if i > 0 {
			part = graph.Add(y, part)
		}
		y = part
	}
	return reshaped(y, f.out, f.outHeight, f.outWidth, f.batch)
}

// correlation multiplies the taps with the output.
func (f form) correlation(x, y *graph.Node) *graph.Node {
	rows := f.rowsAtOnce()
	if rows < f.kernelHeight {
		x = barrier(x) // or XLA would keep the taps of the convolution in memory until it comes here
	}
	x, y = f.framed(x), reshaped(y, f.out, f.outHeight*f.outWidth*f.batch)
	var parts []*graph.Node
	for i := 0; i < f.kernelHeight; i += rows {
		part := product("kn,on->ko", f.taps(x, i, rows), y)
		parts = append(parts, reshaped(part, rows, f.kernelWidth, f.in, f.out))
	}
	return joined(parts, -4)
}

// transposedConvolution multiplies the kernel with the output, which gives what each place of the kernel adds to the image at
// its positions, and adds it up. Pixels of the padded image fall in blocks of s×s, where s is the stride. Those in the same
// place of their blocks get something from the same places of the kernel, every s-th row and column of it: they are added
// up by themselves, and put side by side.
func (f form) transposedConvolution(y, kernel *graph.Node) *graph.Node {
	kernel = reshaped(kernel, f.kernelHeight*f.kernelWidth*f.in, f.out)
	added := product("ko,on->kn", kernel, reshaped(y, f.out, f.outHeight*f.outWidth*f.batch))
	added = reshaped(added, f.kernelHeight*f.kernelWidth*f.in, f.outHeight, f.outWidth, f.batch)

	rows, columns := f.blocks(f.height), f.blocks(f.width)
	var x []*graph.Node
	for i := range f.Stride {
		var row []*graph.Node
		for j := range f.Stride {
			pixels := f.sameInBlocks(added, i, j, rows, columns)
			row = append(row, reshaped(pixels, f.in, rows.count, 1, columns.count, 1, f.batch))
		}
		x = append(x, joined(row, -2))
	}
	image := reshaped(joined(x, -4), f.in, rows.count*f.Stride, columns.count*f.Stride, f.batch)
	image = span(span(image, -3, f.Low-rows.first*f.Stride, f.height), -2, f.Low-columns.first*f.Stride, f.width)
	return barrier(image) // what becomes of the pixels would otherwise be computed along with the sums, one by one
}

// sameInBlocks are the pixels in row i and column j of all blocks, [in, rows, columns, batch].
func (f form) sameInBlocks(added *graph.Node, i, j int, rows, columns blocks) *graph.Node {
	var sum *graph.Node
	for m := 0; i+m*f.Stride < f.kernelHeight; m++ {
		for n := 0; j+n*f.Stride < f.kernelWidth; n++ {
			at := ((i+m*f.Stride)*f.kernelWidth + j + n*f.Stride) * f.in
			part := graph.SliceAxis(added, -4, graph.AxisRange(at, at+f.in))
			part = span(span(part, -3, rows.first-m, rows.count), -2, columns.first-n, columns.count)
			if sum != nil {
				part = graph.Add(sum, part)
			}
			sum = part
		}
	}
	if sum == nil { // a stride above the kernel leaves pixels out
		return zeros(added, f.in, rows.count, columns.count, f.batch)
	}
	return sum
}

// blocks are the rows, or columns, of a padded image in groups as many as the stride.
type blocks struct {
	first int // the first with a pixel of the image that is not padding
	count int // how many of them there are
}

func (f form) blocks(size int) blocks {
	first := f.Low / f.Stride
	return blocks{first, (f.Low+size-1)/f.Stride - first + 1}
}

// framed are planes with their padding.
func (f form) framed(x *graph.Node) *graph.Node {
	return span(span(x, -3, -f.Low, f.Low+f.height+f.High), -2, -f.Low, f.Low+f.width+f.High)
}

// taps are those of some rows of the kernel, from row i of it, of framed planes: [rows·kernelWidth·in,
// outHeight·outWidth·batch].
func (f form) taps(x *graph.Node, i, rows int) *graph.Node {
	var all []*graph.Node
	for k := i; k < i+rows; k++ {
		row := graph.SliceAxis(x, -3, every(f.Stride, k, f.outHeight))
		for l := range f.kernelWidth {
			all = append(all, graph.SliceAxis(row, -2, every(f.Stride, l, f.outWidth)))
		}
	}
	return reshaped(joined(all, -4), rows*f.kernelWidth*f.in, f.outHeight*f.outWidth*f.batch)
}

// Taps beyond so many numbers do not stay in a processor's cache until they are multiplied; then it is better to have those of
// one row of the kernel at a time, if a product with them still has so many terms.
const (
	manyTaps = 1 << 20
	fewTerms = 32
)

// rowsAtOnce is the number of rows of the kernel that are multiplied at once.
func (f form) rowsAtOnce() int {
	terms := f.kernelWidth * f.in
	if terms >= fewTerms && f.kernelHeight*terms*f.outHeight*f.outWidth*f.batch > manyTaps {
		return 1
	}
	return f.kernelHeight
}
