package main

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/loop"
	"joule/internal/tensor"
)

// products is the runner of float32 matrix products of a shape ROWSxWIDTH: [rows, width]·[width, width]. Each is the
// next one's input, in a loop on the device, so that none can be left out.
func (s *side) products(shape string) (runner, error) {
	var rows, width int
	if _, err := fmt.Sscanf(shape, "%dx%d", &rows, &width); err != nil || rows < 1 || width < 1 {
		return nil, fmt.Errorf("%q is no shape of a product: want ROWSxWIDTH", shape)
	}
	backend, err := s.open(plan(s.network, methods["dsm"]))
	if err != nil {
		return nil, err
	}
	exec, err := graph.NewExec(backend.Backend, func(x, w, times *graph.Node) *graph.Node {
		last := loop.Repeat(times, func(_ *graph.Node, state []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.Dot(state[0], state[1]).Product(), state[1]}
		}, x, w)[0]
		return graph.ReduceAllMean(last)
	})
	if err != nil {
		return nil, err
	}
	x, w := constant(1, rows, width), constant(1/float64(width), width, width) // their product is x again
	return func(steps int) error {
		out, err := exec.Call1(x, w, int32(steps))
		if err != nil {
			return err
		}
		defer tensor.Free(out)
		mean, err := tensor.Values(out) // waits for the device
		if err == nil && math.Abs(mean[0]-1) > 1e-2 {
			err = fmt.Errorf("%d products of %s give %g instead of 1", steps, shape, mean[0])
		}
		return err
	}, nil
}

func constant(value float64, rows, columns int) *tensors.Tensor {
	values := make([]float64, rows*columns)
	for i := range values {
		values[i] = value
	}
	return tensor.From(values, dtypes.Float32, rows, columns)
}
