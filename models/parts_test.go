package models

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// energies evaluates a model at points, on the Go backend.
func energies(t *testing.T, model Energy, theta [][]float64, x []float64, dim int) []float64 {
	t.Helper()
	return evaluate(t, backendtest.Open(t, "go"), model, theta, x, dim, func(net Net, x *graph.Node) []*graph.Node {
		return []*graph.Node{net.Energy(x)}
	})[0]
}

// A model of parts has their parameters one after the other, under their names, and the sum of their energies.
func TestPartsAddUp(t *testing.T) {
	const dim = 2
	first, second, x := smallMLP(), &RBM{Hidden: 3, Std: 2}, normals(3*dim, 1)
	theta1, theta2 := moved(t, first, dim, 1, 0.2), moved(t, second, dim, 2, 0.2)
	e1, e2 := energies(t, first, theta1, x, dim), energies(t, second, theta2, x, dim)
	theta := append(slices.Clone(theta1), theta2...)
	tests := []struct {
		model Energy
		names []string // of the first and the last parameter
		want  func(i int) float64
	}{
		{&Tilted{Base: first, Tilt: second}, []string{"base.layers.0.weight", "tilt.hidden_bias"}, func(i int) float64 { return e1[i] + e2[i] }},
		{&Product{Experts: []Energy{first, second}}, []string{"experts.0.layers.0.weight", "experts.1.hidden_bias"},
			func(i int) float64 { return e1[i] + e2[i] }},
		{&Product{Experts: []Energy{first, second}, Weights: []float64{3, 0.5}}, []string{"experts.0.layers.0.weight", "experts.1.hidden_bias"},
			func(i int) float64 { return 3*e1[i] + e2[i]/2 }},
	}
	for _, test := range tests {
		parameters, err := test.model.Parameters(dim)
		if err != nil {
			t.Fatal(err)
		}
		if names := []string{parameters[0].Name, parameters[len(parameters)-1].Name}; !slices.Equal(names, test.names) {
			t.Errorf("%T has the parameters %q to the last, want %q", test.model, names, test.names)
		}
		for i, e := range energies(t, test.model, theta, x, dim) {
			near(t, "an energy", e, test.want(i), 1e-13)
		}
	}
}

// The bowl is ((1 + r²)^(p/2) − 1)/p with r = ‖x − μ‖/c.
func TestRadial(t *testing.T) {
	const dim = 2
	inner, x := smallMLP(), []float64{1, 1, 4, -3, 0, 0}
	theta := moved(t, inner, dim, 1, 0.2)
	alone := energies(t, inner, theta, x, dim)
	tests := []struct {
		model *Radial
		bowl  func(x, y float64) float64
	}{
		{&Radial{Inner: inner, Scale: 2, Power: 2}, func(x, y float64) float64 { return (x*x + y*y) / 8 }},
		{&Radial{Inner: inner, Scale: 2, Power: 2, Centre: []float64{1, -1}}, func(x, y float64) float64 { return ((x-1)*(x-1) + (y+1)*(y+1)) / 8 }},
		{&Radial{Inner: inner, Scale: 0.5, Power: 4, Centre: []float64{1, 1}}, func(x, y float64) float64 {
			return (math.Pow(1+4*((x-1)*(x-1)+(y-1)*(y-1)), 2) - 1) / 4
		}},
		{&Radial{Inner: inner, Scale: 1, Power: 1}, func(x, y float64) float64 { return math.Sqrt(1+x*x+y*y) - 1 }},
	}
	for _, test := range tests {
		for i, e := range energies(t, test.model, theta, x, dim) {
			want := alone[i] + test.bowl(x[2*i], x[2*i+1])
			near(t, "an energy", e, want, 1e-13*max(1, want))
		}
	}
}

// What does not fit the data is named by its place in the config.
func TestPartsThatDoNotFit(t *testing.T) {
	line := &Quadratic{Mean: []float64{1}}
	for want, model := range map[string]Energy{
		"model.tilt.mean has 1 coordinates, and the data 2":                              &Tilted{Base: NewMLP(), Tilt: line},
		"model.experts[1].mean has 1 coordinates, and the data 2":                        &Product{Experts: []Energy{NewMLP(), line}},
		"model.experts[0].energy.mean has 1 coordinates, and the data 2":                 &Product{Experts: []Energy{&Radial{Inner: line, Scale: 1, Power: 2}}},
		"model.centre has 3 coordinates, and the data 2":                                 &Radial{Inner: NewMLP(), Scale: 1, Power: 2, Centre: []float64{1, 2, 3}},
		"model.base.features is 5000000; for 2 coordinates at most 2097152 are possible": &Tilted{Base: &FourierMLP{Features: 5_000_000, MLP: *NewMLP()}, Tilt: NewMLP()},
		`model.base: activation "relu" is unknown; use silu, softplus, tanh or gelu`:     &Tilted{Base: &ResidualMLP{Activation: "relu"}, Tilt: NewMLP()},
	} {
		if _, err := model.Parameters(2); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestProductCheck(t *testing.T) {
	for want, weights := range map[string][]float64{"": nil, "weights 1 weights for 2 experts, want one each": {1}} {
		got := ""
		(&Product{Experts: []Energy{NewMLP(), NewMLP()}, Weights: weights}).Check(func(key, problem string) { got = key + " " + problem })
		if got != want {
			t.Errorf("weights %v: %q, want %q", weights, got, want)
		}
	}
}
