package models

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// A clamped model has the energy and the score of the point that a chain and the known coordinates make together, the score being
// 0 in those; of twice as many points, each half has the values. With other values it is another one, and with noise levels it has
// them.
func TestClamped(t *testing.T) {
	const dim = 3
	model := &ConditionalMLP{Hidden: []int{4}, Activation: "silu", NoiseLevels: NoiseLevels{SigmaMin: 0.2, SigmaMax: 3, DataStd: 1.3, Embedding: 2}}
	theta := moved(t, model, dim, 5, 0.4)
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	var values []Value
	for i, p := range parameters {
		values = append(values, Value{p.Name, p.Shape, theta[i]})
	}
	mask := []float64{1, 0, 0, 0, 1, 1}
	x := []float64{9, 0.5, -1, 0.3, 9, 9, 9, 1.5, 2, -0.7, 9, 9} // 9 where values are known
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		whole, err := Compile(backend, model, dim, values)
		if err != nil {
			t.Fatal(err)
		}
		table := func(numbers []float64) any { return tensor.From(numbers, DType, len(numbers)/dim, dim) }
		look := func(c *Compiled, x []float64) (all [][]float64) {
			t.Helper()
			exec, err := c.Exec(func(net Net, in []*graph.Node) []*graph.Node {
				at := net.At(graph.Const(in[0].Graph(), float32(1.1)))
				return []*graph.Node{net.Energy(in[0]), net.Score(in[0]), at.Energy(in[0]), at.Drift(in[0])}
			})
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.Call(exec, table(x))
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range out {
				numbers, err := tensor.Values(o)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, numbers)
			}
			return all
		}
		var clamped *Compiled
		for _, known := range [][]float64{{2, 0, 0, 0, -1, 0.5}, {-3, 0, 0, 0, 1, 4}} {
			v, m := tensor.From(known, DType, 2, dim), tensor.From(mask, DType, 2, dim)
			if clamped == nil {
				if clamped, err = whole.Clamped(v, m); err != nil {
					t.Fatal(err)
				}
			} else {
				clamped.Clamp(v, m)
			}
			together := append([]float64(nil), x...)
			for i := range together {
				if mask[i%len(mask)] == 1 {
					together[i] = known[i%len(mask)]
				}
			}
			got, want := look(clamped, x), look(whole, together)
			for k := range got {
				for i := range got[k] {
					expected := want[k][i]
					if k%2 == 1 && mask[i%len(mask)] == 1 {
						expected = 0
					}
					near(t, fmt.Sprintf("output %d, number %d", k, i), got[k][i], expected, 1e-5)
				}
			}
		}
	})
}

// A conditional energy at a level is what it is there, and has no levels of its own.
func TestAtLevel(t *testing.T) {
	const dim, sigma = 2, 0.7
	model := NewConditionalMLP()
	fixed := AtLevel(model, sigma)
	if _, ok := fixed.(Conditional); ok {
		t.Error("it has levels")
	}
	theta := moved(t, model, dim, 5, 0.2)
	x := []float64{0.4, -1, 1.2, 0.3}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, model, theta, x, dim, func(net Net, x *graph.Node) []*graph.Node {
			other, at := Net{fixed, net.Theta}, net.At(graph.Const(x.Graph(), sigma))
			return []*graph.Node{other.Energy(x), at.Energy(x), other.Score(x), at.Score(x)}
		})
		for i := 0; i < len(got); i += 2 {
			for j, want := range got[i+1] {
				near(t, fmt.Sprintf("number %d of output %d", j, i), got[i][j], want, 1e-12)
			}
		}
	})
}
