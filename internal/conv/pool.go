package conv

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// AveragePool averages squares of size×size pixels: [batch, height, width, channels], with replicas in front if there are
// any, to [batch, height/size, width/size, channels]. It can be differentiated any number of times.
//
// It panics, as graph functions do, when the image is not a whole number of squares.
func AveragePool(x *graph.Node, size int) *graph.Node {
	d := dims(x)
	if d[1]%size != 0 || d[2]%size != 0 {
		panic(fmt.Errorf("conv: images %v are no whole number of squares of %d", x.Shape(), size))
	}
	x = reshaped(x, d[0], d[1]/size, size, d[2]/size, size, d[3])
	return graph.ReduceMean(x, -4, -2)
}

// Upsample repeats each pixel, as size×size ones: it is the nearest-neighbour way, and can be differentiated
// any number of times.
func Upsample(x *graph.Node, size int) *graph.Node {
	d := dims(x)
	to := append(leading(x), d[0], d[1], size, d[2], size, d[3])
	x = graph.BroadcastToDims(reshaped(x, d[0], d[1], 1, d[2], 1, d[3]), to...)
	return reshaped(x, d[0], d[1]*size, d[2]*size, d[3])
}
