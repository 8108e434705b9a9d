package trace

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
)

var points = []Input{{"x", dtypes.Float32, []int{-1, 3}}, {"unused", dtypes.Float32, []int{2}}}

func one(f func(x *graph.Node) *graph.Node) func(in []*graph.Node) []*graph.Node {
	return func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in[0])} }
}

// Dimensions that the batch has are told from others, and what nothing depends on is gone, but for parameters.
func TestRecordBatch(t *testing.T) {
	trace, err := RecordBatch(points, one(func(x *graph.Node) *graph.Node {
		graph.Exp(x) // for nothing
		return graph.Add(graph.Reshape(x, -1), graph.Reshape(graph.Neg(x), -1))
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(trace.Parameters) != 2 || trace.Parameters[1].Name != "unused" || !slices.Equal(trace.Parameters[0].Dims, []int{-1, 3}) {
		t.Errorf("parameters %+v", trace.Parameters)
	}
	if out := trace.Outputs[0]; out.Type != compute.OpTypeAdd || !slices.Equal(out.Dims, []int{-3}) {
		t.Errorf("the output is %+v", out)
	}
	for i, op := range trace.Ops {
		if op.Type == compute.OpTypeExp {
			t.Error("what nothing depends on is in the trace")
		}
		for _, in := range op.Inputs {
			if !slices.Contains(trace.Ops[:i], in) {
				t.Errorf("%s comes before what it depends on", op.Type)
			}
		}
	}
}

// A graph that takes another way for a large batch is recorded the way that small ones go.
func TestRecordBatchWithThreshold(t *testing.T) {
	trace, err := RecordBatch(points, one(func(x *graph.Node) *graph.Node {
		if x.Shape().Dimensions[0] > 6 {
			return graph.Add(x, x)
		}
		return graph.MulScalar(x, 2)
	}))
	if err != nil || trace.Outputs[0].Type != compute.OpTypeMul {
		t.Errorf("%+v, %v", trace, err)
	}
}

// What is not the same for any number of points is refused, and so is what cannot be recorded, by name.
func TestRefused(t *testing.T) {
	for name, f := range map[string]func(x *graph.Node) *graph.Node{
		"constants":  func(x *graph.Node) *graph.Node { return graph.MulScalar(x, 1/float64(x.Shape().Dimensions[0])) },
		"operations": func(x *graph.Node) *graph.Node { return repeated(x, x.Shape().Dimensions[0]) },
		"odd":        func(x *graph.Node) *graph.Node { return graph.Slice(x, graph.AxisRange(0, x.Shape().Dimensions[0]-1)) },
	} {
		_, err := RecordBatch(points, one(f))
		if _, ok := errors.AsType[*BatchError](err); !ok {
			t.Errorf("%s: %v, want a BatchError", name, err)
		}
	}
	for want, f := range map[string]func(x *graph.Node) *graph.Node{
		"the operation BitwiseNot cannot be exported": func(x *graph.Node) *graph.Node {
			return graph.BitwiseNot(graph.ConvertDType(x, dtypes.Int32))
		},
		"original size 15": func(x *graph.Node) *graph.Node { return graph.Reshape(x, 4, 4) },
	} {
		if _, err := RecordBatch(points, one(f)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %s", err, want)
		}
	}
}

// repeated adds x to itself.
func repeated(x *graph.Node, times int) *graph.Node {
	sum := x
	for range times {
		sum = graph.Add(sum, x)
	}
	return sum
}
