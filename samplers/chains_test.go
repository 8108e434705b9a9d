package samplers

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
)

// Chains of no steps are where they start: independent normal numbers with the mean and standard deviation asked for,
// within five standard errors, σ/√n and σ/√(2n).
func TestDrawStarts(t *testing.T) {
	const n = 20000
	start := Start{Mean: []float64{3, -1, 0}, Std: []float64{0.5, 2, 1}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := compiled(t, backend, []float64{0, 0, 0}, [][]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})
		sample, err := Draw(model, &Langevin{Steps: 0, StepSize: 0.1, Temperature: 1}, NewSampling(), start, n, 7)
		if err != nil {
			t.Fatal(err)
		}
		x := sample.Points
		if len(x) != 3*n {
			t.Fatalf("%d numbers for %d points", len(x), n)
		}
		for k := range start.Mean {
			mean, square := 0.0, 0.0
			for i := range n {
				d := x[3*i+k] - start.Mean[k]
				mean += d / n
				square += d * d / n
			}
			near(t, fmt.Sprintf("mean %d", k), mean, 0, 5*start.Std[k]/math.Sqrt(n))
			near(t, fmt.Sprintf("standard deviation %d", k), math.Sqrt(square), start.Std[k], 5*start.Std[k]/math.Sqrt(2*n))
		}
	})
}

// The same seed gives the same bits, another seed others.
func TestDrawSeed(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := compiled(t, backend, []float64{0, 0}, [][]float64{{1, 0}, {0, 1}})
		draw := func(seed int64) []float64 {
			sample, err := Draw(model, &Langevin{Steps: 10, StepSize: 0.1, Temperature: 1}, NewSampling(), Start{[]float64{0, 0}, []float64{1, 1}}, 5, seed)
			if err != nil {
				t.Fatal(err)
			}
			return sample.Points
		}
		first := draw(1)
		if again := draw(1); !slices.Equal(first, again) {
			t.Errorf("the same seed gives %v and %v", first, again)
		}
		other := draw(2)
		for i := range first {
			if first[i] == other[i] {
				t.Errorf("two seeds give the same number %v", first[i])
			}
		}
	})
}

// A start that does not fit the model is an error, not a panic.
func TestDrawReportsErrors(t *testing.T) {
	model := compiled(t, backendtest.Open(t, "go"), []float64{0, 0}, [][]float64{{1, 0}, {0, 1}})
	_, err := Draw(model, NewLangevin(), NewSampling(), Start{[]float64{0}, []float64{1, 1}}, 5, 0)
	if want := "the chains start with 1 means and 2 standard deviations, and the model has 2 coordinates"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	_, err = Draw(model, NewEnsemble(), NewSampling(), Start{[]float64{0, 0}, []float64{1, 1}}, 3, 0)
	if want := "a sampler of kind ensemble lets chains jump by the differences of others, and 3 are too few: at least 4"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// Chains that are started anew are those of another NewChains, whatever they did before.
func TestRestart(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := compiled(t, backend, []float64{0, 0}, [][]float64{{1, 0}, {0, 1}})
		first, second := Start{[]float64{0, 0}, []float64{1, 1}}, Start{[]float64{3, 1}, []float64{2, 1}}
		points := func(c *Chains) []float64 {
			for range 2 {
				if err := c.Run(6); err != nil {
					t.Fatal(err)
				}
			}
			x, _, err := c.Points()
			if err != nil {
				t.Fatal(err)
			}
			share, err := c.Acceptance()
			if err != nil {
				t.Fatal(err)
			}
			return append(x, share)
		}
		chains := func(start Start, seed int64) *Chains {
			c, err := NewChains(model, NewMALA(), start, nil, 5, seed, 8)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			return c
		}
		c := chains(first, 1)
		before := points(c)
		if err := c.Restart(second, 2); err != nil {
			t.Fatal(err)
		}
		if got, want := points(c), points(chains(second, 2)); !slices.Equal(got, want) || slices.Equal(got, before) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
