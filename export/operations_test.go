package export

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/export/onnx"
	"joule/export/stablehlo"
	"joule/export/trace"
	"joule/internal/backendtest"
	"joule/internal/python"
	"joule/internal/tensor"
)

// operations are graph functions of points [N, 3] and what they are to show; each with every form of an operation that its format
// has to compose of others.
var operations = map[string]func(x *graph.Node) *graph.Node{
	"log1p": graph.Log1p,
	"expm1": graph.Expm1,
	"rsqrt": func(x *graph.Node) *graph.Node { return graph.Rsqrt(graph.AddScalar(graph.Square(x), 0.1)) },
	"elements": func(x *graph.Node) *graph.Node {
		sum := graph.Add(graph.Add(graph.Sin(x), graph.Cos(x)), graph.Add(graph.Erf(x), graph.Sigmoid(x)))
		sum = graph.Add(sum, graph.Add(graph.Floor(x), graph.Add(graph.Ceil(x), graph.Round(x))))
		return graph.Add(sum, graph.Pow(graph.Abs(x), graph.AddScalar(graph.Sign(x), 1.5)))
	},
	"comparisons": func(x *graph.Node) *graph.Node {
		y := graph.Reverse(x, -1)
		sum := graph.ZerosLike(x)
		for _, f := range []func(a, b *graph.Node) *graph.Node{graph.Equal, graph.NotEqual, graph.GreaterThan, graph.GreaterOrEqual, graph.LessThan, graph.LessOrEqual} {
			sum = graph.Add(graph.MulScalar(sum, 2), graph.ConvertDType(f(x, y), x.DType()))
		}
		both := graph.LogicalAnd(graph.GreaterThan(x, y), graph.LogicalNot(graph.LogicalOr(graph.LessThan(x, y), graph.Equal(x, y))))
		return graph.Where(both, sum, graph.Neg(sum))
	},
	"rem": func(x *graph.Node) *graph.Node { return graph.Rem(x, graph.ConstAs(x, float32(0.7))) },
	"slices": func(x *graph.Node) *graph.Node {
		padded := graph.Pad(x, graph.ConstAs(x, float32(2)), compute.PadAxis{}, compute.PadAxis{Start: 1, End: 2})
		n := x.Shape().Dimensions[0]
		first := graph.SliceAxis(graph.Concatenate([]*graph.Node{x, x}, 0), 0, graph.AxisRange(0, n))
		return graph.Concatenate([]*graph.Node{first, graph.Reverse(padded, -1), graph.SliceAxis(padded, -1, graph.AxisRange(1, 6).Stride(2))}, -1)
	},
	"counting": func(x *graph.Node) *graph.Node {
		return graph.Mul(x, graph.Iota(x.Graph(), x.Shape(), 1))
	},
	"reductions": func(x *graph.Node) *graph.Node {
		largest := graph.ReduceAndKeep(x, graph.ReduceMax, -1)
		smallest := graph.ReduceAndKeep(x, graph.ReduceMin, -1)
		product := graph.ReduceAndKeep(x, graph.ReduceMultiply, -1)
		overPoints := graph.BroadcastToDims(graph.InsertAxes(graph.ReduceSum(x, 0), 0), x.Shape().Dimensions...)
		return graph.Add(graph.Concatenate([]*graph.Node{largest, smallest, product}, -1), overPoints)
	},
	"products": func(x *graph.Node) *graph.Node {
		w := graph.Const(x.Graph(), [][]float32{{1, 2, 3}, {-1, 0, 1}, {0.5, 0.25, 2}})
		within := graph.Einsum("ni,nj->nij", x, x)
		back := graph.Einsum("nij,nj->ni", within, x)
		covariance := graph.Einsum("ni,nj->ij", x, x) // of a transposed matrix, with the points summed over
		sum := graph.Add(graph.Einsum("ni,ij->nj", x, w), graph.Einsum("ni,ji->nj", x, w))
		return graph.Add(graph.Add(sum, back), graph.Einsum("ni,ij->nj", x, covariance))
	},
	"broadcasts": func(x *graph.Node) *graph.Node {
		n := x.Shape().Dimensions[0]
		column := graph.BroadcastToDims(graph.SliceAxis(x, -1, graph.AxisRange(0, 1)), n, 3)
		row := graph.BroadcastToDims(graph.Const(x.Graph(), [][]float32{{1, 2, 3}}), n, 3)
		flat := graph.Reshape(graph.Add(column, row), n*3)
		twice := graph.Concatenate([]*graph.Node{graph.Reshape(flat, n, 3), graph.Exp(row)}, -1)
		return graph.Reshape(graph.Transpose(graph.Reshape(twice, n, 2, 3), 0, 1), n, 6)
	},
}

// Every operation is what it is on the Go backend, in ONNX Runtime and in JAX, also where numbers are small or large.
func TestOperations(t *testing.T) {
	python.Need(t)
	const n = 4
	x := datasets.Points{N: n, Dim: 3, Values: []float64{1e-7, -1e-7, 0, 0.3, -0.5, 0.3, 2.5, -0.9, 1e-3, 30, -0.99, 1}}
	for i, v := range x.Values {
		x.Values[i] = float64(float32(v))
	}
	dir := t.TempDir()
	names := slices.Sorted(maps.Keys(operations))
	var model onnx.Model
	var module stablehlo.Module
	module.Name = "operations"
	for _, name := range names {
		define := func(in []*graph.Node) []*graph.Node { return []*graph.Node{operations[name](in[0])} }
		any, err := trace.RecordBatch([]trace.Input{{Name: "x", DType: dtypes.Float32, Dims: []int{-1, 3}}}, define)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fixed, err := trace.Record([]trace.Input{{Name: "x", DType: dtypes.Float32, Dims: []int{n, 3}}}, define)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		model.Functions = append(model.Functions, onnx.Function{Name: name, Trace: any})
		module.Functions = append(module.Functions, stablehlo.Function{Name: name, Trace: fixed})
	}
	for name, encode := range map[string]func() ([]byte, error){"o.onnx": model.Encode, "h.mlir": module.Encode} {
		text, err := encode()
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"o.1.npy", "h.npy"} {
		if err := datasets.WriteNPY(filepath.Join(dir, name), x, datasets.Float32); err != nil {
			t.Fatal(err)
		}
	}
	python.Run(t, "onnx_outputs.py", dir)
	python.Run(t, "stablehlo_outputs.py", append([]string{dir}, names...)...)
	backend := backendtest.Open(t, "go")
	for _, name := range names {
		out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node { return []*graph.Node{operations[name](in[0])} },
			tensor.From(x.Values, dtypes.Float32, n, 3))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, err := tensor.Values(out[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"o.1.", "h."} {
			got := readArray(t, filepath.Join(dir, file+name))
			for i, v := range want {
				if math.Abs(got[i]-v) > 2e-6*max(math.Abs(v), 1e-6) && !(math.IsNaN(got[i]) && math.IsNaN(v)) {
					t.Errorf("%s%s: number %d is %v, want %v", file, name, i, got[i], v)
				}
			}
		}
	}
}

// What a format has nothing for is an error that names the operation.
func TestOperationsRefused(t *testing.T) {
	for want, f := range map[string]func(x *graph.Node) *graph.Node{
		"a Pad between the numbers has no form in ONNX": func(x *graph.Node) *graph.Node {
			return graph.Pad(x, graph.ConstAs(x, float32(0)), compute.PadAxis{}, compute.PadAxis{Interior: 1})
		},
		"an operation Slice depends on the number of points": func(x *graph.Node) *graph.Node { return graph.SliceAxis(x, 0, graph.AxisRange(1)) },
		"an Iota over the points":                            func(x *graph.Node) *graph.Node { return graph.Add(x, graph.Iota(x.Graph(), x.Shape(), 0)) },
	} {
		recorded, err := trace.RecordBatch([]trace.Input{{Name: "x", DType: dtypes.Float32, Dims: []int{-1, 3}}},
			func(in []*graph.Node) []*graph.Node { return []*graph.Node{f(in[0])} })
		if err == nil {
			_, err = onnx.Model{Functions: []onnx.Function{{Name: "f", Trace: recorded}}}.Encode()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
