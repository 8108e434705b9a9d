package goloop

import (
	"fmt"
	"strings"
	"sync/atomic"
)

var onPlan atomic.Pointer[func(text string)]

// OnPlan has tell called with a description of every plan that is made from now on; nil ends that. Plans are made when a loop
// is run for the first time, those of loops within it first.
func OnPlan(tell func(text string)) { onPlan.Store(&tell) }

// describe lists what a plan does: once before the first pass, and in every pass.
func (p *plan) describe(early []*value, units []unit, temporary map[*value]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "loop over %d states while state %d < state %d: %d nodes, %d steps before the first pass, %d in each\n",
		len(p.parameters), p.counter, p.limit, p.numbers, len(early), len(units))
	for i, v := range p.parameters {
		fmt.Fprintf(&b, "  state %d: #%d %s\n", i, v.Index, v.Shape)
	}
	for i, v := range p.outputs {
		fmt.Fprintf(&b, "  state %d of the next pass: #%d\n", i, v.Index)
	}
	for _, v := range early {
		fmt.Fprintf(&b, "  before: %s\n", v.describe(false))
	}
	for i, u := range units {
		if len(u.values) > 1 {
			fmt.Fprintf(&b, "  step %d: %d operations, block by block\n", i, len(u.values))
			for _, v := range u.values {
				fmt.Fprintf(&b, "    %s\n", v.describe(temporary[v]))
			}
			continue
		}
		fmt.Fprintf(&b, "  step %d: %s\n", i, u.values[0].describe(false))
	}
	return b.String()
}

// describe is a value in one line.
func (v *value) describe(temporary bool) string {
	var from []string
	for _, in := range v.inputs {
		from = append(from, fmt.Sprintf("#%d", in.Index))
	}
	text := fmt.Sprintf("#%d = %s(%s) %s", v.Index, v.OpType, strings.Join(from, ", "), v.Shape)
	switch {
	case temporary:
		text += ", not stored"
	case v.class == upstream:
		text += ", by the Go backend"
	case v.inner != nil:
		text += ", a plan of its own"
	}
	return text
}
