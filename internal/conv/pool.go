package conv

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// AveragePool averages squares of size×size pixels, of planes or images: height and width are the second and third of their
// four axes in both. It can be differentiated any number of times.
//
// It panics, as graph functions do, when the pixels are no whole number of squares.
func AveragePool(x *graph.Node, size int) *graph.Node {
	d := dims(x)
	if size < 1 || d[1]%size != 0 || d[2]%size != 0 {
		panic(fmt.Errorf("conv: %v is no whole number of squares of %d pixels by %d", x.Shape(), size, size))
	}
	return graph.ReduceMean(reshaped(x, d[0], d[1]/size, size, d[2]/size, size, d[3]), -4, -2)
}

// Upsample repeats each pixel of planes or images as size×size ones. It can be differentiated any number of times.
func Upsample(x *graph.Node, size int) *graph.Node {
	d := dims(x)
	x = reshaped(x, d[0], d[1], 1, d[2], 1, d[3])
	x = graph.BroadcastToDims(x, forReplicas(x, []int{d[0], d[1], size, d[2], size, d[3]})...)
	return reshaped(x, d[0], d[1]*size, d[2]*size, d[3])
}
