package conformance

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/tensor"
	"joule/models"
)

// scope is what a calculation works with: the case's parameters and inputs as nodes.
type scope struct {
	c     *Case
	graph *graph.Graph
	dtype dtypes.DType
	theta []*graph.Node
	input map[string]*graph.Node
}

func (s scope) net() models.Net { return models.Net{Model: s.c.model(), Theta: s.theta} }

// Problem is what is wrong with a case. Calculations panic with it: graph functions have no other way out.
type Problem struct{ error }

// Unwrap is what it says.
func (p Problem) Unwrap() error { return p.error }

// problemf is a problem of this text.
func problemf(format string, arguments ...any) Problem {
	return Problem{fmt.Errorf(format, arguments...)}
}

// demand panics with a Problem unless a condition holds.
func demand(holds bool, format string, arguments ...any) {
	if !holds {
		panic(problemf(format, arguments...))
	}
}

// need returns an input that has to have a shape.
func (s scope) need(name string, shape ...int) *graph.Node {
	node, given := s.input[name]
	demand(given, "inputs.%s is missing, and method %s needs it", name, s.c.Method)
	got := node.Shape().Dimensions
	demand(slices.Equal(got, shape), "inputs.%s has the shape %v, and should have %v", name, got, shape)
	return node
}

// x are the points [points, dim], whose shape the case has been checked for.
func (s scope) x() *graph.Node { return s.input["x"] }

// points is the number of points x, and dim that of their coordinates.
func (s scope) points() int { return s.c.Inputs["x"].shape[0] }
func (s scope) dim() int    { return s.c.Model.Input }

// Run computes the case in one precision and compares every expected field. The error is for a case that cannot be
// computed at all, a Problem where that is its own fault; a result that is off is no error but a Result that does not pass.
func (c *Case) Run(backend compute.Backend, precision Precision) ([]Result, error) {
	got, err := c.compute(backend, precision.DType)
	if err != nil {
		return nil, fmt.Errorf("%s: case %q in %s: %w", c.file, c.Name, precision.Name(), err)
	}
	var results []Result
	for _, field := range slices.Sorted(maps.Keys(c.Expect)) {
		want, err := c.expected(field)
		if err != nil {
			return nil, problemf("%s: case %q: %w", c.file, c.Name, err)
		}
		values, known := got[field]
		if !known {
			return nil, problemf("%s: case %q: expect.%s is not what method %s computes; it computes %v", c.file, c.Name, field, c.Method, slices.Sorted(maps.Keys(got)))
		}
		if len(values) != len(want) {
			return nil, problemf("%s: case %q: expect.%s has %d values, and %d were computed", c.file, c.Name, field, len(want), len(values))
		}
		e := relativeError(values, want)
		results = append(results, Result{c.Name, field, precision.Name(), e, precision.Tolerance, e <= precision.Tolerance})
	}
	return results, nil
}

// compute runs the case's calculation on the backend.
func (c *Case) compute(backend compute.Backend, dtype dtypes.DType) (map[string][]float64, error) {
	names := slices.Sorted(maps.Keys(c.Inputs))
	var arguments []any
	for i := range 2 * len(c.Params) {
		p := c.parameter(i)
		arguments = append(arguments, tensor.From(p.values, dtype, p.shape...))
	}
	for _, name := range names {
		a := c.Inputs[name]
		arguments = append(arguments, tensor.From(a.values, dtype, a.shape...))
	}
	var fields []string
	exec, err := graph.NewExec(backend, func(in []*graph.Node) []*graph.Node {
		s := scope{c: c, graph: in[0].Graph(), dtype: dtype, theta: in[:2*len(c.Params)], input: map[string]*graph.Node{}}
		for i, name := range names {
			s.input[name] = in[len(s.theta)+i]
		}
		computed := calculations[c.Method](s)
		fields = slices.Sorted(maps.Keys(computed))
		out := make([]*graph.Node, len(fields))
		for i, field := range fields {
			out[i] = flat(computed[field])
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	out, err := exec.Call(arguments...)
	if wrong := (Problem{}); errors.As(err, &wrong) {
		return nil, wrong
	} else if err != nil {
		return nil, err
	}
	got := map[string][]float64{}
	for i, field := range fields {
		if got[field], err = tensor.Values(out[i]); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// flat puts all the values of some nodes in one row.
func flat(nodes []*graph.Node) *graph.Node {
	rows := make([]*graph.Node, len(nodes))
	for i, n := range nodes {
		rows[i] = graph.Reshape(n, n.Shape().Size())
	}
	if len(rows) == 1 {
		return rows[0]
	}
	return graph.Concatenate(rows, 0)
}
