// Package trace records the operations of GoMLX graphs: what any graph function computes becomes a list of operations, from
// which other packages write the same computation in other formats. Nothing is computed.
//
// Graphs have fixed shapes. A list of operations for any number of points is made of two: what is recorded for two sizes of a
// batch, and compared. Dimensions that differ are those of the batch.
package trace

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Trace is a recorded computation.
type Trace struct {
	// Ops are the operations, each after those that it depends on, and none that no output depends on but parameters.
	Ops []*Op
	// Parameters are the inputs, in order, and Outputs the results.
	Parameters, Outputs []*Op
}

// Op is an operation with one result. Which of the further fields have a meaning depends on its type; they are those of the
// method of the same name of compute.StandardOps.
type Op struct {
	Type   compute.OpType
	Inputs []*Op
	DType  dtypes.DType
	// Dims are the dimensions of the result; one that is negative, −c, stands for c·N, with N the number of points.
	Dims []int

	Name string // of a parameter
	Flat any    // the numbers of a constant, row-major: a slice
	// Axes are those that are reduced or reversed, the permutation of a Transpose, the axes of the result that those of the operand
	// of a BroadcastInDim become, or the one axis of a Concatenate and of an Iota.
	Axes                    []int
	Starts, Limits, Strides []int             // of a Slice; limits are as Dims
	Padding                 []compute.PadAxis // of a Pad, whose inputs are operand and fill value; as many as axes
	Dot                     *Dot              // of a DotGeneral
}

// Dot says which axes a DotGeneral multiplies how.
type Dot struct{ LHSContracting, LHSBatch, RHSContracting, RHSBatch []int }

// Input is a parameter of the computation.
type Input struct {
	Name  string
	DType dtypes.DType
	Dims  []int
}

// Record is the trace of a graph function with the given inputs. An operation that cannot be recorded is an error that names it.
func Record(inputs []Input, define func(in []*graph.Node) []*graph.Node) (*Trace, error) {
	f := newFunction()
	g := graph.NewGraph(&backend{main: f}, "trace")
	err := exceptions.TryCatch[error](func() {
		in := make([]*graph.Node, len(inputs))
		for i, p := range inputs {
			in[i] = graph.Parameter(g, p.Name, shapes.Make(p.DType, p.Dims...))
		}
		if err := g.CompileWithSharding(define(in), nil); err != nil {
			panic(err)
		}
	})
	if len(f.missing) > 0 && err != nil {
		return nil, fmt.Errorf("the operation %s cannot be exported", f.missing[len(f.missing)-1])
	}
	if err != nil {
		return nil, errors.New(firstLine(err.Error()))
	}
	return f.trace(), nil
}

// sizes are pairs of sizes of a batch. Each are coprime, and a choice that a graph makes where a batch becomes large, which would be
// made for one of a pair alone, is made for both or none of another.
var sizes = [][2]int{{5, 7}, {2, 3}, {11, 13}}

// RecordBatch is the trace of a graph function of N points, for any N: a dimension of the first input that is −c becomes c·N. That a
// computation is not the same for all sizes is a [BatchError].
func RecordBatch(inputs []Input, define func(in []*graph.Node) []*graph.Node) (*Trace, error) {
	var first error
	for _, pair := range sizes {
		var traces [2]*Trace
		for i, n := range pair {
			sized := slices.Clone(inputs)
			sized[0].Dims = slices.Clone(sized[0].Dims)
			for k, d := range sized[0].Dims {
				if d < 0 {
					sized[0].Dims[k] = -d * n
				}
			}
			var err error
			if traces[i], err = Record(sized, define); err != nil {
				return nil, err
			}
		}
		merged, err := merged(traces[0], traces[1], pair)
		if err == nil {
			return merged, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// BatchError says that a computation is not the same for any number of points.
type BatchError struct{ what string }

// Error implements error.
func (e *BatchError) Error() string { return e.what }

// NewBatchError is the error that something cannot be had for any number of points.
func NewBatchError(format string, args ...any) error {
	return &BatchError{fmt.Sprintf(format, args...)}
}

// merged makes one trace of those of the same computation for the two sizes.
func merged(a, b *Trace, sizes [2]int) (*Trace, error) {
	if len(a.Ops) != len(b.Ops) {
		return nil, NewBatchError("the computation depends on the number of points")
	}
	index := map[*Op]int{}
	for i, op := range b.Ops {
		index[op] = i
	}
	for i, x := range a.Ops {
		y := b.Ops[i]
		same := x.Type == y.Type && x.DType == y.DType && len(x.Inputs) == len(y.Inputs) && x.Name == y.Name &&
			reflect.DeepEqual(x.Flat, y.Flat) && slices.Equal(x.Axes, y.Axes) && slices.Equal(x.Starts, y.Starts) &&
			slices.Equal(x.Strides, y.Strides) && slices.Equal(x.Padding, y.Padding) && reflect.DeepEqual(x.Dot, y.Dot)
		for k := range x.Inputs {
			same = same && x.Inputs[k] == a.Ops[index[y.Inputs[k]]]
		}
		same = same && mergeDims(x.Dims, y.Dims, sizes) && mergeDims(x.Limits, y.Limits, sizes)
		if !same {
			return nil, NewBatchError("an operation %s depends on the number of points", x.Type)
		}
	}
	return a, nil
}

// mergeDims makes −c of dimensions c·N, and reports whether all differences are such.
func mergeDims(a, b []int, sizes [2]int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		c := a[i] / sizes[0]
		if a[i] != c*sizes[0] || b[i] != c*sizes[1] {
			return false
		}
		a[i] = -c
	}
	return true
}

// trace is what was recorded, without what nothing depends on.
func (f *function) trace() *Trace {
	used := map[*Op]bool{}
	for _, op := range f.outputs {
		used[op] = true
	}
	for _, op := range slices.Backward(f.ops) {
		if op.Type == compute.OpTypeParameter {
			used[op] = true
		}
		if used[op] {
			for _, in := range op.Inputs {
				used[in] = true
			}
		}
	}
	t := &Trace{Outputs: f.outputs}
	for _, op := range f.ops {
		if used[op] {
			t.Ops = append(t.Ops, op)
		}
		if op.Type == compute.OpTypeParameter {
			t.Parameters = append(t.Parameters, op)
		}
	}
	return t
}
