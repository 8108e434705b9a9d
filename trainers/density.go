package trainers

import (
	"reflect"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
)

// Density is what training needs of a known density; see datasets.Density.
type Density interface {
	// LogDensity maps points [n, dim], or [replicas, n, dim], to log p(x), in nats.
	LogDensity(x *graph.Node) *graph.Node
	// Draw returns points of such a shape.
	Draw(shape shapes.Shape, draws Draws) *graph.Node
}

// densityOf is the density of each replica's data: of points [batch, dim] where there is one replica, and
// [replicas, batch, dim] where there are several. It is nil if one of them is not known.
func densityOf(data []*datasets.Set) Density {
	each := make([]datasets.Density, len(data))
	for i, set := range data {
		if set.Density == nil {
			return nil
		}
		each[i] = set.Density
	}
	return together(each)
}

// together are the densities of all replicas as one.
func together(each []datasets.Density) Density {
	if len(each) == 1 {
		return each[0]
	}
	for _, density := range each {
		if !reflect.DeepEqual(density, each[0]) {
			return densities(each)
		}
	}
	return sameDensity{each[0]}
}

// sameDensity is one density for all replicas: their points are one large batch to it.
type sameDensity struct{ datasets.Density }

// LogDensity implements Density.
func (d sameDensity) LogDensity(x *graph.Node) *graph.Node {
	n := x.Shape().Dimensions
	return graph.Reshape(d.Density.LogDensity(graph.Reshape(x, n[0]*n[1], n[2])), n[:2]...)
}

// Draw implements Density.
func (d sameDensity) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	n := shape.Dimensions
	points := d.Density.Draw(shapes.Make(shape.DType, n[0]*n[1], n[2]), inOneBatch{draws, n[0]})
	return graph.Reshape(points, n...)
}

// inOneBatch draws for all replicas together what is asked for as one batch.
type inOneBatch struct {
	random.Draws
	replicas int
}

func (d inOneBatch) Normal(shape shapes.Shape) *graph.Node  { return d.draw(d.Draws.Normal, shape) }
func (d inOneBatch) Uniform(shape shapes.Shape) *graph.Node { return d.draw(d.Draws.Uniform, shape) }

func (d inOneBatch) draw(draw func(shapes.Shape) *graph.Node, shape shapes.Shape) *graph.Node {
	n := shape.Dimensions
	each := append([]int{d.replicas, n[0] / d.replicas}, n[1:]...)
	return graph.Reshape(draw(shapes.Make(shape.DType, each...)), n...)
}

// densities are one for each replica.
type densities []datasets.Density

// LogDensity implements Density.
func (d densities) LogDensity(x *graph.Node) *graph.Node {
	rows := make([]*graph.Node, len(d))
	for i, density := range d {
		rows[i] = density.LogDensity(replica(x, i))
	}
	return graph.Stack(rows, 0)
}

// Draw implements Density. The densities are asked one after the other; each takes its own part of the same draws.
func (d densities) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	points := make([]*graph.Node, len(d))
	var common []*graph.Node
	for i, density := range d {
		points[i] = density.Draw(shapes.Make(shape.DType, shape.Dimensions[1:]...), &ofOne{Draws: draws, replicas: len(d), index: i, common: &common})
	}
	return graph.Stack(points, 0)
}

// ofOne draws for one of several replicas.
type ofOne struct {
	random.Draws
	replicas, index int
	common          *[]*graph.Node // draws for all replicas, made by the first that needs them
	drawn           int            // by this one
}

func (d *ofOne) Normal(shape shapes.Shape) *graph.Node  { return d.draw(d.Draws.Normal, shape) }
func (d *ofOne) Uniform(shape shapes.Shape) *graph.Node { return d.draw(d.Draws.Uniform, shape) }

func (d *ofOne) draw(draw func(shapes.Shape) *graph.Node, shape shapes.Shape) *graph.Node {
	if d.drawn == len(*d.common) {
		all := shapes.Make(shape.DType, append([]int{d.replicas}, shape.Dimensions...)...)
		*d.common = append(*d.common, draw(all))
	}
	d.drawn++
	return replica((*d.common)[d.drawn-1], d.index)
}

// replica takes one replica out of a node [replicas, …].
func replica(x *graph.Node, index int) *graph.Node {
	return graph.Squeeze(graph.Slice(x, graph.AxisElem(index)), 0)
}
