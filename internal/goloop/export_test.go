package goloop

import (
	"reflect"
	"runtime"

	"github.com/gomlx/compute"
)

// Disable gives loops and products back to the Go backend.
func Disable() (enable func()) {
	restore()
	return replace
}

// Runs is how many loops have run as plans.
func Runs() int64 { return runs.Load() }

// Supported says what differs in the Go backend; "" is nothing.
func Supported() string { return supported() }

// Replaced names the functions of the Go backend that this package stands in for.
func Replaced() []string {
	return []string{nameOf(reflect.ValueOf(upstreamWhile)), nameOf(reflect.ValueOf(upstreamDot))}
}

func nameOf(f reflect.Value) string { return runtime.FuncForPC(f.Pointer()).Name() }

// Watch notes, from now on, which operations of the passes of loops are left to the Go backend.
func Watch() (left map[string]bool, stop func()) {
	left = map[string]bool{}
	var note func(p *plan)
	note = func(p *plan) {
		for _, v := range p.values {
			if v.class == upstream && !v.fixed {
				left[v.OpType.String()+" "+v.Shape.String()] = true
			}
			if v.class == loop {
				note(v.detail.(*plan))
			}
		}
	}
	closureExecutors[compute.OpTypeWhile] = func(b *backend, n *node, inputs []*buffer, owned []bool, captured []closureInputs) ([]*buffer, error) {
		if p := planOf(n); p != nil {
			note(p)
		}
		return execute(b, n, inputs, owned, captured)
	}
	return left, replace
}

// Break makes an operation of the Go backend panic.
func Break(op compute.OpType) (mend func()) {
	whole := executors[op]
	executors[op] = func(*backend, *node, []*buffer, []bool) (*buffer, error) { panic("broken") }
	return func() { executors[op] = whole }
}

// Blocks makes groups compute about so many numbers at a time.
func Blocks(n int) (restore func()) {
	old := blockSize
	blockSize = n
	return func() { blockSize = old }
}
