package loop

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// newClosure is graph.NewClosure without three defects of gomlx v0.28.3 and go-xla v0.4.2:
//
//  1. graph.NewClosure makes every closure a child of the main function, so that loops do not nest;
//  2. graph.Graph caches scalar constants for the whole graph, so that a closure is handed a constant of another
//     function ("uses a node from a different function scope");
//  3. the XLA builder caches the functions of its reductions likewise ("not a StableHLO closure of …").
//
// While the closure is built, the graph sees a builder whose Main().Closure() is a child of the current function,
// and all those caches are empty; afterwards everything is as it was. None of it is exported, hence the reflection.
func newClosure(g *graph.Graph, define func() []*graph.Node) *graph.Function {
	builderField := field(g, "builder")
	builder := builderField.Interface().(compute.Builder)
	current := field(field(g, "currentFunc").Interface(), "backendFunc").Interface().(compute.Function)

	defer emptied(field(g, "scalars"))()
	for _, name := range []string{"cacheReductions", "cacheArgMinMax", "cacheSelections"} {
		if cache := optionalField(builder, name); cache.IsValid() { // the Go backend has no such caches
			defer emptied(cache)()
		}
	}
	restore := func() { builderField.Set(reflect.ValueOf(builder)) }
	defer restore()
	builderField.Set(reflect.ValueOf(childBuilder{builder, current}))
	return graph.NewClosure(g, func(*graph.Graph) []*graph.Node {
		restore() // the wrapped builder is only for the call that creates the closure
		return define()
	})
}

// childBuilder is a builder whose main function creates closures of another function.
type childBuilder struct {
	compute.Builder
	parent compute.Function
}

func (b childBuilder) Main() compute.Function { return childFunction{b.Builder.Main(), b.parent} }

type childFunction struct {
	compute.Function
	parent compute.Function
}

func (f childFunction) Closure() (compute.Function, error) { return f.parent.Closure() }

// emptied replaces the map in f by an empty one and returns the function that puts the old one back.
func emptied(f reflect.Value) (restore func()) {
	old := reflect.New(f.Type()).Elem()
	old.Set(f)
	f.Set(reflect.MakeMap(f.Type()))
	return func() { f.Set(old) }
}

// field is a settable view of an unexported field of the struct that ptr points to.
func field(ptr any, name string) reflect.Value {
	f := optionalField(ptr, name)
	if !f.IsValid() {
		panic(fmt.Errorf("loop: %T has no field %q: this build needs gomlx v0.28.3 and go-xla v0.4.2", ptr, name))
	}
	return f
}

func optionalField(ptr any, name string) reflect.Value {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return reflect.Value{}
	}
	f := v.Elem().FieldByName(name)
	if !f.IsValid() {
		return f
	}
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}
