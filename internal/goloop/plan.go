// Package goloop runs the loops of a graph on the Go backend faster than the Go backend does.
//
// The body of a loop is planned once: what does not change from pass to pass is computed before the first, elementwise
// operations are brought together and computed block by block, every value has its place in memory, and shapes that say
// nothing but how the same numbers are read cost nothing. Then each pass goes through a list of steps, with the kernels of
// package vector. Operations that it has no step for are left to the Go backend's own executors, and so are whole loops
// that have values captured from outside, or shapes that are not known or have no numbers.
//
// Importing the package replaces the Go backend's executors of loops and of matrix products, in their places in upstream.go.
// An executable may run in several goroutines at once: a plan does not change, and each run has a frame of its own. A panic
// while a plan runs is an error of the call.
package goloop

import (
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// plan is how a loop runs.
type plan struct {
	counter, limit int // the state whose comparison is the condition
	parameters     []*value
	outputs        []*value
	values         []*value
	before, steps  []step
	storage        *storage
	numbers        int // nodes of the body
	blocks         int // numbers in temporary blocks
	frames         sync.Pool
}

// step computes values of a frame.
type step func(f *frame) error

// newPlan plans a loop; nil if it has something that only upstream can do.
func newPlan(n *node) *plan {
	condition, body, ok := parts(n)
	if !ok || condition == nil || body == nil || len(condition.Outputs) != 1 || len(condition.CapturedLocalNodes) > 0 {
		return nil
	}
	for _, captured := range n.CapturedInputs {
		if len(captured) > 0 {
			return nil
		}
	}
	p := &plan{numbers: len(body.Nodes)}
	if p.counter, p.limit, ok = comparison(condition); !ok {
		return nil
	}
	values := analyse(body)
	if values == nil {
		return nil
	}
	classify(values)
	p.values = values
	byNode := map[*node]*value{}
	for _, v := range values {
		byNode[v.node] = v
	}
	for _, n := range body.Parameters {
		p.parameters = append(p.parameters, byNode[n])
	}
	for _, n := range body.Outputs {
		p.outputs = append(p.outputs, byNode[n])
	}
	var early []*value
	for _, v := range values {
		if v.emitted() && v.fixed {
			early = append(early, v)
		}
	}
	units := schedule(values)
	temporary := temporaries(values, units)
	p.storage = allocate(early, units, values, temporary)
	for _, v := range early {
		var u unit
		u.add(v)
		p.before = append(p.before, p.step(u, nil))
	}
	for _, u := range units {
		p.steps = append(p.steps, p.step(u, temporary))
	}
	p.frames.New = func() any { return p.newFrame() }
	if tell := onPlan.Load(); tell != nil && *tell != nil {
		(*tell)(p.describe(early, units, temporary))
	}
	return p
}

// comparison finds the states that a condition of the form state < other state compares.
func comparison(f *function) (counter, limit int, ok bool) {
	n := f.Outputs[0]
	if n.OpType != compute.OpTypeLessThan || len(n.Inputs) != 2 {
		return 0, 0, false
	}
	counter, limit = -1, -1
	for i, p := range f.Parameters {
		if p.Shape.DType != dtypes.Int32 || p.Shape.Rank() != 0 {
			continue
		}
		if p == n.Inputs[0] {
			counter = i
		}
		if p == n.Inputs[1] {
			limit = i
		}
	}
	return counter, limit, counter >= 0 && limit >= 0
}

// temporaries finds the elementwise values that no unit but their own needs.
func temporaries(values []*value, units []unit) map[*value]bool {
	unitOf := map[*value]int{}
	for i, u := range units {
		for _, v := range u.values {
			unitOf[v] = i + 1
		}
	}
	temporary := map[*value]bool{}
	for _, v := range values {
		if v.class == elementwise && unitOf[v] > 0 {
			temporary[v] = true
		}
	}
	for _, v := range values {
		if v.output {
			delete(temporary, v.root)
		}
		for k, in := range v.inputs {
			if v.class == view || v.class == turned {
				continue // what matters is who reads the view
			}
			if unitOf[v] == 0 || unitOf[v] != unitOf[in.root] || v.class != elementwise {
				delete(temporary, in.root)
			} else if o := v.detail.(*element).operands[k]; !o.isWhole(v.stored) {
				delete(temporary, in.root)
			}
		}
	}
	return temporary
}
