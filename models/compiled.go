package models

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/loop"
	"joule/internal/tensor"
)

// Compiled is a model with its parameters' values on a backend, ready to be evaluated at points.
// Its methods may be called from several goroutines.
type Compiled struct {
	Backend compute.Backend
	Model   Energy
	Dim     int // coordinates of a point

	calls    *sync.Mutex // one at a time: two calls that both move a tensor to the device race in GoMLX
	theta    []*tensors.Tensor
	energies *graph.Exec
	scores   *graph.Exec
	logits   *graph.Exec // nil where the model has no classes
}

// DType is the type that compiled models compute in.
const DType = dtypes.Float32

// chunk is the largest number of points that are evaluated in one call.
const chunk = 8192

// Compile puts a model on a backend. The values are matched to the model's parameters by name; those of a method
// ("method.…") are passed over. An error names the value that is missing or has the wrong shape.
func Compile(backend compute.Backend, model Energy, dim int, values []Value) (*Compiled, error) {
	parameters, err := model.Parameters(dim)
	if err != nil {
		return nil, err
	}
	c := &Compiled{Backend: backend, Model: model, Dim: dim, calls: new(sync.Mutex)}
	if err := c.fill(parameters, values); err != nil {
		return nil, err
	}
	return c, c.prepare()
}

// With is the model with other values of its parameters, which are matched and checked as by Compile. It shares what was compiled.
func (c *Compiled) With(values []Value) (*Compiled, error) {
	parameters, err := c.Model.Parameters(c.Dim)
	if err != nil {
		return nil, err
	}
	other := *c
	other.theta = nil
	return &other, other.fill(parameters, values)
}

// fill puts the values of the parameters on the backend.
func (c *Compiled) fill(parameters []Parameter, values []Value) error {
	for _, p := range parameters {
		i := slices.IndexFunc(values, func(v Value) bool { return v.Name == p.Name })
		if i < 0 {
			return fmt.Errorf("parameter %s is missing", p.Name)
		}
		if !slices.Equal(values[i].Shape, p.Shape) {
			return fmt.Errorf("parameter %s has the shape %v, and the model needs %v", p.Name, values[i].Shape, p.Shape)
		}
		if len(values[i].Numbers) != p.Size() {
			return fmt.Errorf("parameter %s has %d numbers for the shape %v", p.Name, len(values[i].Numbers), p.Shape)
		}
		for _, v := range values[i].Numbers {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("parameter %s holds %v; all parameters have to be finite", p.Name, v)
			}
		}
		c.theta = append(c.theta, tensor.From(values[i].Numbers, DType, p.Shape...))
	}
	return nil
}

// Close releases the programs, which every model of With shares, and the values of the parameters. What waits for the garbage
// collector alone waits long: it does not see the memory of a backend.
func (c *Compiled) Close() {
	for _, exec := range []*graph.Exec{c.energies, c.scores, c.logits} {
		if exec != nil {
			exec.Finalize()
		}
	}
	tensor.Free(c.theta...)
}

// prepare makes the programs of Energies, Logits and Scores.
func (c *Compiled) prepare() (err error) {
	if c.energies, err = c.Once(func(net Net, in []*graph.Node) []*graph.Node {
		return []*graph.Node{net.Energy(in[0])}
	}, func(in []*graph.Node) []shapes.Shape {
		return []shapes.Shape{shapes.Make(DType, in[0].Shape().Dimensions[0])}
	}); err != nil {
		return err
	}
	if ClassesOf(c.Model) > 0 {
		if c.logits, err = c.Exec(func(net Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{net.Logits(in[0])}
		}); err != nil {
			return err
		}
	}
	c.scores, err = c.Once(func(net Net, in []*graph.Node) []*graph.Node {
		return []*graph.Node{net.Score(in[0])}
	}, func(in []*graph.Node) []shapes.Shape { return []shapes.Shape{in[0].Shape()} })
	return err
}

// Exec prepares a graph function of the model and further inputs; Call runs it.
func (c *Compiled) Exec(define func(net Net, in []*graph.Node) []*graph.Node) (*graph.Exec, error) {
	return graph.NewExec(c.Backend, func(in []*graph.Node) []*graph.Node {
		n := len(c.theta)
		return define(Net{c.Model, in[:n]}, in[n:])
	})
}

// Once is Exec for a function that makes values of the shapes that the further inputs say, and uses nothing but its arguments and
// constants: the Go backend runs it faster.
func (c *Compiled) Once(define func(net Net, in []*graph.Node) []*graph.Node, out func(in []*graph.Node) []shapes.Shape) (*graph.Exec, error) {
	return graph.NewExec(c.Backend, func(in []*graph.Node) []*graph.Node {
		n := len(c.theta)
		return loop.Once(func(in []*graph.Node) []*graph.Node {
			return define(Net{c.Model, in[:n]}, in[n:])
		}, out(in[n:]), in...)
	})
}

// Call runs what Exec prepared.
func (c *Compiled) Call(exec *graph.Exec, in ...any) ([]*tensors.Tensor, error) {
	arguments := make([]any, 0, len(c.theta)+len(in))
	for _, t := range c.theta {
		arguments = append(arguments, t)
	}
	c.calls.Lock()
	defer c.calls.Unlock()
	return exec.Call(append(arguments, in...)...)
}

// Energies evaluates E at points given row by row, [n·dim] -> [n].
func (c *Compiled) Energies(points []float64) ([]float64, error) {
	return c.Evaluate(c.energies, points, 1)
}

// Scores evaluates −∇E at points given row by row, [n·dim] -> [n·dim].
func (c *Compiled) Scores(points []float64) ([]float64, error) {
	return c.Evaluate(c.scores, points, c.Dim)
}

// Logits evaluates f(x) at points given row by row, [n·dim] -> [n·classes]. It is an error that the model has no classes.
func (c *Compiled) Logits(points []float64) ([]float64, error) {
	if c.logits == nil {
		return nil, errors.New("the model tells no classes apart")
	}
	return c.Evaluate(c.logits, points, ClassesOf(c.Model))
}

// Evaluate calls what Exec prepared for points given row by row, a chunk at a time, and gathers width numbers for each. The
// further inputs are the same for all chunks. Chunks have few different sizes, so that few programs are compiled; what they have
// too much is padding, of zeros.
func (c *Compiled) Evaluate(exec *graph.Exec, points []float64, width int, more ...any) ([]float64, error) {
	n := len(points) / c.Dim
	if n*c.Dim != len(points) {
		return nil, fmt.Errorf("%d numbers are no points of %d coordinates", len(points), c.Dim)
	}
	values := make([]float64, 0, n*width)
	for from := 0; from < n; from += chunk {
		count := min(chunk, n-from)
		size := 1 << bits.Len(uint(count-1)) // the next power of two
		padded := make([]float64, size*c.Dim)
		copy(padded, points[from*c.Dim:(from+count)*c.Dim])
		out, err := c.Call(exec, append([]any{tensor.From(padded, DType, size, c.Dim)}, more...)...)
		if err != nil {
			return nil, fmt.Errorf("cannot evaluate the model: %w", err)
		}
		got, err := tensor.Values(out[0])
		if err != nil {
			return nil, fmt.Errorf("cannot evaluate the model: %w", err)
		}
		tensor.Free(out...)
		values = append(values, got[:count*width]...)
	}
	return values, nil
}
