package models

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// compileQuadratic is E = ½‖(x−μ)F‖² with the values of a run: those of a method and a foreign one are among them.
func compileQuadratic(t *testing.T, backend compute.Backend) *Compiled {
	t.Helper()
	c, err := Compile(backend, NewQuadratic(), 2, []Value{
		{"method.log_z", nil, []float64{7}},
		{"precision_factor", []int{2, 2}, []float64{2, 0, 0, 1}},
		{"mean", []int{2}, []float64{1, -1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// points are n points on a line, (i/8, 2), exact in float32, with their energies ½·4(i/8 − 1)² + ½·9 and scores.
func points(n int) (x, energies, scores []float64) {
	for i := range n {
		at := float64(i%512) / 8
		x = append(x, at, 2)
		energies = append(energies, 2*(at-1)*(at-1)+4.5)
		scores = append(scores, -4*(at-1), -3)
	}
	return x, energies, scores
}

// Any number of points is evaluated, whatever the size of the chunks that they are cut into.
func TestCompiledEvaluates(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c := compileQuadratic(t, backend)
		for _, n := range []int{0, 1, 2, 3, chunk - 1, chunk, chunk + 1, 2*chunk + 5} {
			x, wantEnergies, wantScores := points(n)
			energies, err := c.Energies(x)
			if err != nil {
				t.Fatal(err)
			}
			scores, err := c.Scores(x)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(energies, wantEnergies) {
				t.Errorf("%d points: %d energies are not the closed form's", n, len(energies))
			}
			if !slices.Equal(scores, wantScores) {
				t.Errorf("%d points: %d scores are not the closed form's", n, len(scores))
			}
		}
	})
}

// Further inputs come after the parameters.
func TestCompiledExec(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c := compileQuadratic(t, backend)
		exec, err := c.Exec(func(net Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.Mul(net.Energy(in[0]), in[1])}
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		out, err := c.Call(exec, [][]float32{{2, 0}}, float32(10))
		if err != nil {
			t.Fatal(err)
		}
		if got := numbers(t, out)[0]; !slices.Equal(got, []float64{25}) { // 10·½(2² + 1²)
			t.Errorf("got %v, want 25", got)
		}
	})
}

func TestCompiledConcurrently(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c := compileQuadratic(t, backend)
		failures := make(chan error, 16)
		var all sync.WaitGroup
		for worker := range cap(failures) {
			all.Go(func() {
				n := 1 + worker%5*300 // programs of several sizes, compiled at the same time
				x, energies, scores := points(n)
				for range 3 {
					e, err1 := c.Energies(x)
					s, err2 := c.Scores(x)
					if err1 != nil || err2 != nil || !slices.Equal(e, energies) || !slices.Equal(s, scores) {
						failures <- fmt.Errorf("worker %d: errors %v, %v, or the values are wrong", worker, err1, err2)
						return
					}
				}
			})
		}
		all.Wait()
		close(failures)
		for err := range failures {
			t.Error(err)
		}
	})
}

func TestCompileErrors(t *testing.T) {
	mean, factor := Value{"mean", []int{2}, []float64{0, 0}}, Value{"precision_factor", []int{2, 2}, []float64{1, 0, 0, 1}}
	tests := []struct {
		model  Energy
		values []Value
		want   string
	}{
		{NewQuadratic(), []Value{mean}, "parameter precision_factor is missing"},
		{NewQuadratic(), []Value{factor, {"mean", []int{1, 2}, []float64{0, 0}}}, "parameter mean has the shape [1 2], and the model needs [2]"},
		{NewQuadratic(), []Value{mean, {"precision_factor", []int{4}, make([]float64, 4)}}, "parameter precision_factor has the shape [4], and the model needs [2 2]"},
		{NewQuadratic(), []Value{factor, {"mean", []int{2}, []float64{0}}}, "parameter mean has 1 numbers for the shape [2]"},
		{&Quadratic{Mean: []float64{1}}, nil, "model.mean has 1 coordinates, and the data 2"},
		{&MLP{Activation: "relu"}, nil, `activation "relu" is unknown; use silu, softplus, tanh or gelu`},
	}
	backend := backendtest.Open(t, "go")
	for _, test := range tests {
		if _, err := Compile(backend, test.model, 2, test.values); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %q", err, test.want)
		}
	}
	c := compileQuadratic(t, backend)
	for _, evaluate := range []func([]float64) ([]float64, error){c.Energies, c.Scores} {
		if _, err := evaluate(make([]float64, 3)); err == nil || err.Error() != "3 numbers are no points of 2 coordinates" {
			t.Errorf("error %v", err)
		}
	}
}

// broken is a model whose graph cannot be built.
type broken struct{ Quadratic }

func (broken) Energy([]*graph.Node, *graph.Node) *graph.Node { panic(errors.New("no such energy")) }

// What a graph function panics with comes out as an error.
func TestCompiledReportsGraphErrors(t *testing.T) {
	c, err := Compile(backendtest.Open(t, "go"), &broken{}, 1, []Value{{"mean", []int{1}, []float64{0}}, {"precision_factor", []int{1, 1}, []float64{1}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Energies([]float64{0})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot evaluate the model: ") || !strings.Contains(err.Error(), "no such energy") {
		t.Errorf("error %v", err)
	}
}
