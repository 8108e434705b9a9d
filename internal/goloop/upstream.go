package goloop

import (
	"reflect"
	"runtime"
	"sync"
	"unsafe"
	"weak"

	"github.com/gomlx/compute"
	gobackend "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
)

// This file is all that knows of the inside of the Go backend (compute v0.1.3), which exports no way to replace an
// operation. The types repeat those of its internal package, field by field; supported compares them.

// backend is only passed on.
type backend struct{ _ int }

// buffer is a value: bytes, and flat, the same memory as a slice of the right type.
type buffer struct {
	RawBackend *backend
	RawShape   shapes.Shape
	InUse      bool
	isUserFed  bool
	RawBytes   []byte
	Flat       any
}

// node is an operation of a function. One with several outputs has a further node for each.
type node struct {
	Index              int
	Inputs             []*node
	CapturedInputs     [][]*node
	OpType             compute.OpType
	Shape              shapes.Shape
	Builder            unsafe.Pointer
	Function           *function
	MultiOutputsShapes []shapes.Shape
	MultiOutputsNodes  []*node
	IsNodeSelectOutput bool
	SelectOutputIdx    int
	Data               any
}

// function is a graph, such as the body of a loop.
type function struct {
	notimplemented.Function
	RawBuilder          unsafe.Pointer
	name                string
	RawParent           *function
	IsReturned          bool
	Nodes               []*node
	Outputs             []*node
	Parameters          []*node
	CapturedParentNodes []*node
	CapturedLocalNodes  []*node
}

// closureInputs are captured values. Loops that have any are left to upstream.
type closureInputs struct {
	Buffers []*buffer
	Owned   []bool
}

// What carries out an operation: with one output, with several, and with functions that it calls. owned says which
// inputs may be overwritten; one that was is set to nil.
type (
	executor        = func(b *backend, n *node, inputs []*buffer, owned []bool) (*buffer, error)
	multiExecutor   = func(b *backend, n *node, inputs []*buffer, owned []bool) ([]*buffer, error)
	closureExecutor = func(b *backend, n *node, inputs []*buffer, owned []bool, captured []closureInputs) ([]*buffer, error)
)

// executors carries out what this package has no faster way for. Products are replaced: without an experiment of the Go
// compiler the Go backend computes them a number at a time.
//
//go:linkname executors github.com/gomlx/compute/internal/gobackend.nodeExecutors
var executors [compute.OpTypeLast]executor

// multiExecutors is the same for operations with several outputs.
//
//go:linkname multiExecutors github.com/gomlx/compute/internal/gobackend.MultiOutputsNodeExecutors
var multiExecutors [compute.OpTypeLast]multiExecutor

// closureExecutors has the executor of loops, which this package replaces: the Go backend starts a goroutine, allocates a
// buffer and takes locks for every operation of every pass, and computes without vector instructions.
//
//go:linkname closureExecutors github.com/gomlx/compute/internal/gobackend.NodeClosureExecutors
var closureExecutors [compute.OpTypeLast]closureExecutor

// getBuffer gives a buffer of a shape, for the results of a loop.
//
//go:linkname getBuffer github.com/gomlx/compute/internal/gobackend.(*Backend).GetBuffer
func getBuffer(b *backend, shape shapes.Shape) (*buffer, error)

// putBuffer takes back a buffer from getBuffer or from an executor.
//
//go:linkname putBuffer github.com/gomlx/compute/internal/gobackend.(*Backend).PutBuffer
func putBuffer(b *backend, buf *buffer)

// The executors that came with the Go backend, and that this package replaces.
var (
	upstreamWhile closureExecutor
	upstreamDot   executor
)

func init() {
	upstreamWhile, upstreamDot = closureExecutors[compute.OpTypeWhile], executors[compute.OpTypeDotGeneral]
	if upstreamWhile != nil && upstreamDot != nil && supported() == "" {
		replace()
	}
}

func replace() {
	closureExecutors[compute.OpTypeWhile], executors[compute.OpTypeDotGeneral] = execute, executeDot
}

// restore undoes replace.
func restore() {
	closureExecutors[compute.OpTypeWhile], executors[compute.OpTypeDotGeneral] = upstreamWhile, upstreamDot
}

// supported compares the types above with those of the linked Go backend, and says what differs; "" is nothing.
func supported() string {
	b, err := gobackend.New("")
	if err != nil {
		return err.Error()
	}
	defer b.Finalize()
	get, ok := reflect.TypeOf(b).MethodByName("GetBuffer")
	if !ok || get.Type.NumOut() != 2 {
		return "GetBuffer"
	}
	main := b.Builder("").Main()
	fn := reflect.TypeOf(main).Elem()
	nodes, ok := fn.FieldByName("Nodes")
	if !ok {
		return "Nodes"
	}
	made := get.Type.Out(0)
	for _, c := range []struct {
		ours   reflect.Type
		theirs reflect.Type
	}{
		{reflect.TypeFor[buffer](), made.Elem()},
		{reflect.TypeFor[node](), nodes.Type.Elem().Elem()},
		{reflect.TypeFor[function](), fn},
	} {
		if c.ours == reflect.TypeFor[buffer]() && c.ours.Size() != c.theirs.Size() {
			return c.theirs.String() // this package makes some of its own
		}
		for i := range c.ours.NumField() {
			ours := c.ours.Field(i)
			if i >= c.theirs.NumField() {
				return c.theirs.String() + "." + ours.Name
			}
			theirs := c.theirs.Field(i)
			if ours.Name != theirs.Name || ours.Offset != theirs.Offset || ours.Type.Size() != theirs.Type.Size() {
				return c.theirs.String() + "." + theirs.Name
			}
		}
	}
	c, err := main.Constant([]float32{0}, 1)
	if v := reflect.ValueOf(c); err != nil || v.Type() != nodes.Type.Elem() || reflect.TypeOf((*node)(v.UnsafePointer()).Data) != made {
		return "Constant"
	}
	return ""
}

// parts are the conditions and the body of a loop: what the Go backend keeps with its node.
func parts(n *node) (condition, body *function, ok bool) {
	data := reflect.ValueOf(n.Data)
	if data.Kind() != reflect.Pointer || data.Elem().Kind() != reflect.Struct {
		return nil, nil, false
	}
	c, b := data.Elem().FieldByName("cond"), data.Elem().FieldByName("body")
	if !c.IsValid() || !b.IsValid() || c.Kind() != reflect.Pointer || b.Kind() != reflect.Pointer {
		return nil, nil, false
	}
	return (*function)(c.UnsafePointer()), (*function)(b.UnsafePointer()), true
}

// planned is what a loop's node keeps in the place of its data, once there is a plan.
type planned struct {
	data any // the Go backend's
	plan *plan
}

var (
	planning  sync.Mutex                          // guards the data of loops, and unplanned
	unplanned = map[weak.Pointer[node]]struct{}{} // loops that cannot be planned
)

// planOf is the plan of a loop, made when it is first needed; nil if there can be none.
func planOf(n *node) *plan {
	planning.Lock()
	defer planning.Unlock()
	if known, ok := n.Data.(*planned); ok {
		return known.plan
	}
	key := weak.Make(n)
	if _, known := unplanned[key]; known {
		return nil
	}
	if p := tryPlan(n); p != nil {
		n.Data = &planned{n.Data, p}
		return p
	}
	unplanned[key] = struct{}{}
	runtime.AddCleanup(n, func(key weak.Pointer[node]) {
		planning.Lock()
		defer planning.Unlock()
		delete(unplanned, key)
	}, key)
	return nil
}

// tryPlan is newPlan, to which a panic is a loop that cannot be planned.
func tryPlan(n *node) (p *plan) {
	defer func() {
		if recover() != nil {
			p = nil
		}
	}()
	return newPlan(n)
}

// bufferOf is the value of a constant.
func bufferOf(n *node) *buffer { return (*buffer)(reflect.ValueOf(n.Data).UnsafePointer()) }

// padding are the settings of a padding, by axis.
func padding(n *node) []compute.PadAxis {
	data := reflect.ValueOf(n.Data)
	if data.Kind() != reflect.Pointer || data.Elem().Kind() != reflect.Struct {
		return nil
	}
	axes := data.Elem().FieldByName("axesConfig")
	if !axes.IsValid() || axes.Type() != reflect.TypeFor[[]compute.PadAxis]() {
		return nil
	}
	row := make([]compute.PadAxis, axes.Len())
	for i := range row {
		a := axes.Index(i)
		row[i] = compute.PadAxis{Start: int(a.Field(0).Int()), End: int(a.Field(1).Int()), Interior: int(a.Field(2).Int())}
	}
	return row
}

// setting reads numbers that the Go backend keeps with a node, by the name of their field: one, or a row of them.
func setting(n *node, name string) []int {
	data := reflect.ValueOf(n.Data)
	if name != "" {
		if data.Kind() != reflect.Pointer || data.Elem().Kind() != reflect.Struct {
			return nil
		}
		data = data.Elem().FieldByName(name)
	}
	switch {
	case !data.IsValid():
		return nil
	case data.CanInt():
		return []int{int(data.Int())}
	case data.Kind() == reflect.Slice && data.Type().Elem().Kind() == reflect.Int:
		row := make([]int, data.Len())
		for i := range row {
			row[i] = int(data.Index(i).Int())
		}
		return row
	}
	return nil
}
