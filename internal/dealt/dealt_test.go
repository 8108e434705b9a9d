package dealt

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/graph"

	"joule/backends"
	"joule/internal/backendtest"
	"joule/internal/loop"
	"joule/internal/tensor"
)

// define is what each device computes of its rows x [2, 2]: the sum, the mean and the largest, all rows along either axis, and the
// numbers of its own; the last of them within a loop in a loop.
func define(part *Part, x *graph.Node) []*graph.Node {
	g := x.Graph()
	two := graph.Const(g, int32(2))
	carried := []*graph.Node{x, two}
	if part != nil {
		carried = append(carried, part.Device)
	}
	pass := func(state []*graph.Node, body func(part *Part, x *graph.Node) *graph.Node) []*graph.Node {
		var inner *Part
		if part != nil {
			inner = &Part{part.Devices, state[2]}
		}
		return append([]*graph.Node{body(inner, state[0])}, state[1:]...)
	}
	looped := loop.Repeat(two, func(_ *graph.Node, state []*graph.Node) []*graph.Node {
		return loop.Repeat(state[1], func(_ *graph.Node, state []*graph.Node) []*graph.Node {
			return pass(state, func(part *Part, x *graph.Node) *graph.Node {
				all := part.Rows(x, -2) // x + the sum of all rows, four times
				return graph.Add(x, graph.BroadcastToDims(graph.ReduceAndKeep(all, graph.ReduceSum, -2), x.Shape().Dimensions...))
			})
		}, state...)
	}, carried...)
	return []*graph.Node{part.Sum(x), part.Mean(x), part.Max(x), part.Rows(x, -2), part.Rows(x, -1), graph.ConvertDType(part.Numbers(g, 2), x.DType()), looped[0]}
}

func TestDevices(t *testing.T) {
	backendtest.Open(t, "xla:cpu") // or skip
	two, err := backends.Open("xla:cpu", backends.Options{Devices: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	exec, err := graph.NewExec(two.Backend, func(device, x *graph.Node) []*graph.Node { return define(&Part{2, device}, x) })
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	mesh, err := distributed.NewDeviceMesh([]int{2}, []string{"batch"})
	if err != nil {
		t.Fatal(err)
	}
	exec.SPMD(mesh)
	// Of the rows (1, 2), (3, 4), (5, 6), (7, 8) of a batch, each device has every other one.
	out, err := exec.Call(int32(0), [][]float64{{1, 2}, {5, 6}}, int32(1), [][]float64{{3, 4}, {7, 8}})
	if err != nil {
		t.Fatal(err)
	}
	defer tensor.Free(out...)
	// The sums of the rows are (16, 20), and five times as much with every pass.
	want := [][]float64{
		{4, 6, 12, 14}, {2, 3, 6, 7}, {3, 4, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 3, 2, 4, 5, 7, 6, 8}, {0, 2}, {1 + 16*156, 2 + 20*156, 5 + 16*156, 6 + 20*156},
		{4, 6, 12, 14}, {2, 3, 6, 7}, {3, 4, 7, 8}, {1, 2, 3, 4, 5, 6, 7, 8}, {1, 3, 2, 4, 5, 7, 6, 8}, {1, 3}, {3 + 16*156, 4 + 20*156, 7 + 16*156, 8 + 20*156},
	}
	for i, o := range out {
		if got, err := tensor.Values(o); err != nil || !slices.Equal(got, want[i]) {
			t.Errorf("result %d is %v, error %v; want %v", i, got, err, want[i])
		}
	}
}

// On one device all of a batch is there.
func TestWhole(t *testing.T) {
	out, err := graph.CallOnceN(backendtest.Open(t, "go"), func(x *graph.Node) []*graph.Node { return define(nil, x) }, [][]float64{{1, 2}, {5, 6}})
	if err != nil {
		t.Fatal(err)
	}
	defer tensor.Free(out...)
	x := []float64{1, 2, 5, 6}
	for i, want := range [][]float64{x, x, x, x, x, {0, 1}, {1 + 6*40, 2 + 8*40, 5 + 6*40, 6 + 8*40}} { // three times the sums with every pass
		if got, err := tensor.Values(out[i]); err != nil || !slices.Equal(got, want) {
			t.Errorf("result %d is %v, error %v; want %v", i, got, err, want)
		}
	}
	if n := (*Part)(nil).Of(); n != 1 {
		t.Errorf("a whole batch is shared by %d devices", n)
	}
}
