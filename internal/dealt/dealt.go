// Package dealt is how devices that run one program share a batch: each has a part of its rows, and what has to be known of all
// of them goes from device to device within the program.
//
// Of the rows of a batch, counted from 0, device d of D has d, d + D, d + 2D, …: they are dealt out like cards. So the rows that
// come next after some of a batch are again dealt to all devices alike, wherever in a queue the batch begins; and of a batch that is
// several blocks of rows, one after the other, each device has its part of every block.
package dealt

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// Part is that of the device on which a graph runs. A nil one is the whole batch, on one device, and its methods give back what
// they are given. No gradient flows through what comes from other devices.
//
// All devices have to come to a method of theirs together: in a loop, all of them make as many passes.
type Part struct {
	// Devices is their number, D.
	Devices int
	// Device is d, an int32 scalar. In the body of a loop it has to be one that the loop carries.
	Device *graph.Node
}

// Of is the number of devices that share the batch.
func (p *Part) Of() int {
	if p == nil {
		return 1
	}
	return p.Devices
}

// Sum adds up x, of any one shape, over the devices.
func (p *Part) Sum(x *graph.Node) *graph.Node { return p.reduce(x, compute.ReduceOpSum) }

// Mean averages x, of any one shape, over the devices.
func (p *Part) Mean(x *graph.Node) *graph.Node {
	if p == nil {
		return x
	}
	return graph.DivScalar(p.Sum(x), float64(p.Devices))
}

// Max is the largest of x over the devices, number by number.
func (p *Part) Max(x *graph.Node) *graph.Node { return p.reduce(x, compute.ReduceOpMax) }

func (p *Part) reduce(x *graph.Node, by compute.ReduceOpType) *graph.Node {
	if p == nil {
		return x
	}
	return graph.StopGradient(x.Graph().Distributed().AllReduceOne(graph.StopGradient(x), by))
}

// Rows are the rows of all devices in the order of the batch, along an axis counted from the end, such as −2 of points:
// [n, dim] -> [n·D, dim]. GoMLX has no operation that gathers. So each device adds its rows to zeros in place of the others'.
func (p *Part) Rows(x *graph.Node, axis int) *graph.Node {
	if p == nil {
		return x
	}
	at := x.Rank() + axis + 1 // of the devices: after the rows, as rows of a batch in turn are of different devices
	spread := graph.InsertAxes(x, at)
	dims := spread.Shape().Clone().Dimensions
	dims[at] = p.Devices
	own := graph.Equal(graph.Iota(x.Graph(), shapes.Make(dtypes.Int32, dims...), at), graph.BroadcastToDims(p.Device, dims...))
	spread = graph.BroadcastToDims(spread, dims...)
	all := p.Sum(graph.Where(own, spread, graph.ZerosLike(spread)))
	whole := x.Shape().Clone().Dimensions
	whole[at-1] *= p.Devices
	return graph.Reshape(all, whole...)
}

// Numbers are the numbers in the whole batch of n rows of this device: int32 [n].
func (p *Part) Numbers(g *graph.Graph, n int) *graph.Node {
	own := graph.Iota(g, shapes.Make(dtypes.Int32, n), 0)
	if p == nil {
		return own
	}
	return graph.Add(graph.MulScalar(own, float64(p.Devices)), graph.BroadcastToDims(p.Device, n))
}
