package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"joule/datasets"
)

func mixture(t *testing.T, weights []float64, means [][]float64, covariances [][][]float64) *datasets.Mixture {
	t.Helper()
	m, err := datasets.NewMixture(weights, means, covariances)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Points placed by hand. The second mode is wide along one axis: a point there is its own by the Mahalanobis distance, though the first
// mode is nearer.
func TestModes(t *testing.T) {
	m := mixture(t, []float64{0.5, 0.3, 0.2}, [][]float64{{0, 0}, {10, 0}, {0, 50}},
		[][][]float64{{{1, 0}, {0, 1}}, {{9, 0}, {0, 0.25}}, {{1, 0.9}, {0.9, 1}}})
	points := datasets.Points{Dim: 2, Values: []float64{
		0, 0, 1, 1, -2, 3, 2.4, 0, // of the first
		4.5, 0, 10, 1, 20, 0.2, // of the second
		2, 52, // of the third, along its diagonal
		2, 48, -60, 0, // strays: 8.9 deviations across the diagonal, and far away from the first
	}}
	points.N = len(points.Values) / 2
	eachPanel(t, func(t *testing.T, p *Panel) {
		got, err := p.Modes(points, m)
		if err != nil {
			t.Fatal(err)
		}
		for k, want := range []float64{0.5, 0.3, 0.2} {
			// The stray far away is nearest to the wide mode, by 23 deviations to 60.
			want += []float64{-0.1, 0.1, 0}[k]
			isNear(t, "a share", got.Shares[k], want, 1e-9)
		}
		isNear(t, "the weight error", got.WeightError, 0.1, 1e-9)
		isNear(t, "the share of strays", got.Stray, 0.2, 1e-9)
		isNear(t, "the coverage", got.Coverage, 1, 1e-9)

		// A stray covers nothing.
		lost := datasets.Points{N: 2, Dim: 2, Values: []float64{0, 0, 2, 48}}
		if got, err = p.Modes(lost, m); err != nil {
			t.Fatal(err)
		}
		isNear(t, "the coverage", got.Coverage, 1./3, 1e-9)
		isNear(t, "the weight error", got.WeightError, 0.3, 1e-9)
		isNear(t, "the share of strays", got.Stray, 0.5, 1e-9)
	})
}

// A mode is covered from a tenth of its due on.
func TestModesCoverFromATenth(t *testing.T) {
	m := mixture(t, []float64{0.5, 0.5}, [][]float64{{-5}, {5}}, [][][]float64{{{1}}, {{1}}})
	eachPanel(t, func(t *testing.T, p *Panel) {
		for few, want := range map[int]float64{9: 0.5, 10: 1, 11: 1} { // of 200: 100 would be its due
			points := datasets.NewPoints(200, 1)
			for i := range points.Values {
				points.Values[i] = 5
				if i < few {
					points.Values[i] = -5
				}
			}
			got, err := p.Modes(points, m)
			if err != nil {
				t.Fatal(err)
			}
			isNear(t, "the coverage", got.Coverage, want, 1e-9)
			isNear(t, "the weight error", got.WeightError, 0.5-float64(few)/200, 1e-9)
		}
	})
}

// Points of the density itself are strays as rarely in many dimensions as in one, and shared out by the weights where modes are apart,
// standardised or not.
func TestModesOfTheirOwnDensity(t *testing.T) {
	if d := StrayDistance(1); math.Abs(d-4) > 1e-9 {
		t.Errorf("%v standard deviations in one dimension", d)
	}
	isNear(t, "the distance in two dimensions", StrayDistance(2), math.Sqrt(-2*math.Log(2*0.5*math.Erfc(4/math.Sqrt2))), 1e-9)
	eachPanel(t, func(t *testing.T, p *Panel) {
		for _, dim := range []int{1, 2, 40} {
			a, b := make([]float64, dim), make([]float64, dim)
			b[0] = 20
			m, err := datasets.NewIsotropic([]float64{0.7, 0.3}, [][]float64{a, b}, []float64{1, 2})
			if err != nil {
				t.Fatal(err)
			}
			const n = 20000
			got, err := p.Modes(m.Sample(rand.New(rand.NewPCG(1, 2)), n), m)
			if err != nil {
				t.Fatal(err)
			}
			isNear(t, "the weight error", got.WeightError, 0, 4*math.Sqrt(0.21/n))
			isNear(t, "the share of strays", got.Stray, 6.3e-5, 4*math.Sqrt(6.3e-5/n))
		}
	})
	eight := datasets.NewEightGaussians()
	eight.Size, eight.Standardize = 4000, true
	set, err := eight.Load(datasets.Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	modes := datasets.ModesOf(set.Density)
	if modes == nil || len(modes.Means) != 8 {
		t.Fatalf("modes %v", modes)
	}
	eachPanel(t, func(t *testing.T, p *Panel) {
		got, err := p.Modes(set.Train, modes)
		if err != nil {
			t.Fatal(err)
		}
		if got.Coverage < 1-1e-9 || got.Stray > 0.002 || got.WeightError > 0.03 {
			t.Errorf("%+v", got)
		}
	})
}
