package models

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// E = ½ (x−μ)ᵀΛ(x−μ) and the score −Λ(x−μ), with μ and Λ given, learned, or one of each. A learned Λ is FFᵀ.
func TestQuadratic(t *testing.T) {
	mean := []float64{0.5, -1}
	given := [][]float64{{2, 0.6}, {0.6, 1.5}}
	factor := []float64{1.2, -0.3, 0.4, 0.9}
	learned := [][]float64{ // FFᵀ
		{1.2*1.2 + 0.3*0.3, 1.2*0.4 - 0.3*0.9},
		{1.2*0.4 - 0.3*0.9, 0.4*0.4 + 0.9*0.9},
	}
	tests := []struct {
		name      string
		model     *Quadratic
		theta     [][]float64
		precision [][]float64
	}{
		{"both given", &Quadratic{Mean: mean, Precision: given}, nil, given},
		{"mean learned", &Quadratic{Precision: given}, [][]float64{mean}, given},
		{"precision learned", &Quadratic{Mean: mean}, [][]float64{factor}, learned},
		{"both learned", &Quadratic{}, [][]float64{mean, factor}, learned},
	}
	x := []float64{1, 2, -0.7, 0.2, 0.5, -1}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range tests {
			got := evaluate(t, backend, test.model, test.theta, x, 2, func(net Net, x *graph.Node) []*graph.Node {
				return []*graph.Node{net.Energy(x), net.Score(x)}
			})
			for i := range 3 {
				d := []float64{x[2*i] - mean[0], x[2*i+1] - mean[1]}
				energy := 0.0
				for j, row := range test.precision {
					force := row[0]*d[0] + row[1]*d[1]
					energy += 0.5 * d[j] * force
					near(t, test.name+": a score", got[1][2*i+j], -force, 1e-14)
				}
				near(t, test.name+": an energy", got[0][i], energy, 1e-14)
			}
		}
	})
}

// What is given has no parameters; what is learned starts at the standard normal distribution.
func TestQuadraticParameters(t *testing.T) {
	describe := func(q *Quadratic, dim int) string {
		parameters, err := q.Parameters(dim)
		if err != nil {
			return err.Error()
		}
		text := ""
		for _, p := range parameters {
			text += fmt.Sprint(p.Name, p.Shape, p.Init(nil), " ")
		}
		return text
	}
	identity := [][]float64{{1, 0}, {0, 1}}
	tests := []struct {
		model *Quadratic
		dim   int
		want  string
	}{
		{NewQuadratic(), 2, "mean[2] [0 0] precision_factor[2 2] [1 0 0 1] "},
		{&Quadratic{Mean: []float64{1, 2}}, 2, "precision_factor[2 2] [1 0 0 1] "},
		{&Quadratic{Precision: identity}, 2, "mean[2] [0 0] "},
		{&Quadratic{Mean: []float64{1, 2}, Precision: identity}, 2, ""},
		{&Quadratic{Mean: []float64{1, 2}}, 3, "model.mean has 2 coordinates, and the data 3"},
		{&Quadratic{Precision: identity}, 3, "model.precision has 2 rows, and the data 3 coordinates"},
	}
	for _, test := range tests {
		if got := describe(test.model, test.dim); got != test.want {
			t.Errorf("%+v in %d dimensions: %q, want %q", *test.model, test.dim, got, test.want)
		}
	}
}

func TestQuadraticCheck(t *testing.T) {
	tests := []struct {
		model Quadratic
		want  []string
	}{
		{Quadratic{}, nil},
		{Quadratic{Mean: []float64{3}}, nil},
		{Quadratic{Mean: []float64{1, 2}, Precision: [][]float64{{2, -1}, {-1, 2}}}, nil},
		{Quadratic{Mean: []float64{1}, Precision: [][]float64{{1, 0}, {0, 1}}}, []string{"precision has 2 rows, and mean has 1 coordinates"}},
		{Quadratic{Precision: [][]float64{{1, 0}, {0}}}, []string{"precision row 2 has 1 entries; a precision of 2 rows is 2 by 2"}},
		{Quadratic{Precision: [][]float64{{1, 0, 0}, {0, 1, 0}}}, []string{"precision row 1 has 3 entries; a precision of 2 rows is 2 by 2"}},
		{Quadratic{Precision: [][]float64{{1, 0.5}, {0.25, 1}}}, []string{"precision is not symmetric: entry (2, 1) is 0.25 and entry (1, 2) is 0.5"}},
		{Quadratic{Precision: [][]float64{{1, 2}, {2, 1}}}, []string{"precision is not positive definite; exp(−E) would have no finite integral"}},
		{Quadratic{Precision: [][]float64{{0}}}, []string{"precision is not positive definite; exp(−E) would have no finite integral"}},
		{Quadratic{Precision: [][]float64{{math.NaN()}}}, []string{"precision is not positive definite; exp(−E) would have no finite integral"}},
	}
	for _, test := range tests {
		var got []string
		test.model.Check(func(key, problem string) { got = append(got, key+" "+problem) })
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v: %q, want %q", test.model, got, test.want)
		}
	}
}

// The number of coordinates can be what a damaged file says: their parameters are listed, and only drawn where they fit.
func TestParametersOfManyCoordinates(t *testing.T) {
	parameters, err := NewQuadratic().Parameters(1_000_000)
	if err != nil || len(parameters) != 2 || parameters[1].Size() != 1_000_000_000_000 {
		t.Errorf("%d parameters, %v", len(parameters), err)
	}
}
