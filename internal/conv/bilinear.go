package conv

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// bilinear is a value that was made of a and b in whatever way, with a gradient of its own: by says what a and b get from the
// gradient v of the value.
//
// It is graph.IdentityWithCustomGradient for two arguments, which gomlx v0.28.3 does not have: the node of an identity is
// told that it came from a and b, with the gradient that goes with them. None of it is exported, hence the reflection.
func bilinear(value, a, b *graph.Node, by func(v *graph.Node) (byA, byB *graph.Node)) *graph.Node {
	node := graph.IdentityWithCustomGradient(value, func(_, v *graph.Node) *graph.Node { return v })
	set(node, "inputNodes", []*graph.Node{a, b})
	set(node, "customVJP", graph.VJP(func(_ *graph.Node, v []*graph.Node, _ shapes.Shape) []*graph.Node {
		byA, byB := by(v[0])
		return []*graph.Node{byA, byB}
	}))
	return node
}

// set sets an unexported field of a node.
func set(node *graph.Node, name string, value any) {
	f := reflect.ValueOf(node).Elem().FieldByName(name)
	if !f.IsValid() {
		panic(fmt.Errorf("conv: nodes have no field %q: this build needs gomlx v0.28.3", name))
	}
	reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().Set(reflect.ValueOf(value))
}
