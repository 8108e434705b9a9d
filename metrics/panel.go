package metrics

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

// Panel has the metrics that compare points with points, or with the score of a model, as programs on one backend. A program is
// compiled when it is first needed, and serves all later calls for as many coordinates and up to as many points, of whatever model
// and data: make one panel, and measure everything with it. Its methods may be called from several goroutines, which take turns.
type Panel struct {
	backend compute.Backend

	calls    sync.Mutex
	programs map[string]*graph.Exec
	density  datasets.Density // whose program is among them, as "density"
}

// NewPanel returns a panel that has not compiled anything yet.
func NewPanel(backend compute.Backend) *Panel {
	return &Panel{backend: backend, programs: map[string]*graph.Exec{}}
}

// Close releases the programs; those that are needed again are compiled again.
func (p *Panel) Close() {
	p.calls.Lock()
	defer p.calls.Unlock()
	p.forget("")
	p.density = nil
}

// forget releases the programs whose names begin so.
func (p *Panel) forget(prefix string) {
	for name, program := range p.programs {
		if strings.HasPrefix(name, prefix) {
			program.Finalize()
			delete(p.programs, name)
		}
	}
}

// Programs is the number of programs that are compiled.
func (p *Panel) Programs() int {
	p.calls.Lock()
	defer p.calls.Unlock()
	return len(p.programs)
}

// run calls a program, which define makes where there is none of this name for these shapes, and returns the numbers of all its outputs
// in a row. The inputs are released.
func (p *Panel) run(name string, define func(in []*graph.Node) []*graph.Node, in ...*tensors.Tensor) ([]float64, error) {
	p.calls.Lock()
	defer p.calls.Unlock()
	return p.call(name, define, in...)
}

// call is run where the panel is locked.
func (p *Panel) call(name string, define func(in []*graph.Node) []*graph.Node, in ...*tensors.Tensor) ([]float64, error) {
	defer tensor.Free(in...)
	key, arguments := name, make([]any, len(in))
	for i, t := range in {
		key += fmt.Sprint(" ", t.Shape())
		arguments[i] = t
	}
	program := p.programs[key]
	if program == nil {
		var err error
		if program, err = graph.NewExec(p.backend, func(in []*graph.Node) *graph.Node { return inARow(define(in)) }); err != nil {
			return nil, fmt.Errorf("cannot compute %s: %w", name, err)
		}
		p.programs[key] = program
	}
	out, err := program.Call(arguments...)
	if err != nil {
		return nil, fmt.Errorf("cannot compute %s: %w", name, err)
	}
	defer tensor.Free(out...)
	return tensor.Values(out[0])
}

// inARow makes one vector of nodes of any shapes, in float64.
func inARow(nodes []*graph.Node) *graph.Node {
	flat := make([]*graph.Node, len(nodes))
	for i, node := range nodes {
		flat[i] = double(graph.Reshape(node, node.Shape().Size()))
	}
	return graph.Concatenate(flat, 0)
}

// leastRows is the smallest number of points that a program is compiled for.
const leastRows = 128

// rowsFor is the number of points that a program for n points is compiled for, a power of two: so that there are few.
func rowsFor(n int) int { return max(leastRows, 1<<bits.Len(uint(n-1))) }

// padded makes a tensor [rows, dim] of points less an origin, with zeros after the last.
func padded(rows int, origin []float64, all ...datasets.Points) *tensors.Tensor {
	values := make([]float64, 0, rows*len(origin))
	for _, points := range all {
		for i, v := range points.Values {
			values = append(values, v-origin[i%points.Dim])
		}
	}
	return tensor.From(values[:cap(values)], models.DType, rows, len(origin))
}

// whole makes a scalar of a number of points.
func whole(n int) *tensors.Tensor { return tensors.FromScalar(int32(n)) }

// isBelow says of each of so many rows whether it is below n (int32): [rows].
func isBelow(n *graph.Node, rows int) *graph.Node {
	return graph.LessThan(graph.Iota(n.Graph(), int32s(rows), 0), graph.BroadcastToDims(n, rows))
}

// chosen is isBelow as 1 or 0.
func chosen(n *graph.Node, rows int) *graph.Node {
	return graph.ConvertDType(isBelow(n, rows), models.DType)
}
