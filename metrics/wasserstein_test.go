package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"joule/datasets"
)

// quantiles are n points of N(mean, std²) at the middles of n equal shares.
func quantiles(n int, mean, std float64) datasets.Points {
	points := datasets.NewPoints(n, 1)
	for i := range n {
		points.Values[i] = mean + std*distuv.UnitNormal.Quantile((float64(i)+0.5)/float64(n))
	}
	return points
}

// In one dimension every direction is the axis: W₂² of Gaussians is (μ − ν)² + (σ − τ)².
func TestSlicedWassersteinOfGaussians(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, c := range []struct {
			n, m            int
			mean, std, want float64
		}{{2000, 2000, 0.7, 1, 0.7}, {2000, 2000, 0, 1.5, 0.5}, {2000, 1500, 0.3, 1.4, 0.5}, {700, 2000, 0.3, 0.6, 0.5}} {
			got, err := p.SlicedWasserstein(shuffled(r, quantiles(c.n, c.mean, c.std)), shuffled(r, quantiles(c.m, 0, 1)), SlicedWasserstein{Projections: 3})
			if err != nil {
				t.Fatal(err)
			}
			isNear(t, "the distance", got, c.want, 0.005)
		}
	})
}

// Of points and the same points moved by m it is √(mean (θᵀm)²), which is near ‖m‖/√d for many directions; and it is 0 for those
// not moved, and for each of them taken three times. Order and place do not count.
func TestSlicedWassersteinInvariances(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(3, 4))
		how := SlicedWasserstein{Projections: 4000}
		a := gaussian(r, 150, 1, 0, 0, 0)
		of := func(a, b datasets.Points, how SlicedWasserstein) float64 {
			d, err := p.SlicedWasserstein(a, b, how)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		isNear(t, "the distance of points moved", of(shuffled(r, shifted(a, 1, 2, -2)), a, how), math.Sqrt(3), 0.03)
		isNear(t, "the distance of points from themselves", of(shuffled(r, a), a, how), 0, 1e-6)
		thrice := datasets.Points{N: 450, Dim: 3, Values: slices.Repeat(a.Values, 3)}
		isNear(t, "the distance of points from three of each", of(thrice, a, how), 0, 1e-6)
		b := gaussian(r, 260, 1.4, 0.3, 0, 0)
		want := of(a, b, NewSlicedWasserstein())
		isNear(t, "the distance in another order", of(shuffled(r, a), shuffled(r, b), NewSlicedWasserstein()), want, 1e-5)
		isNear(t, "the distance the other way round", of(b, a, NewSlicedWasserstein()), want, 1e-5)
		isNear(t, "the distance far away", of(shifted(a, 1e4), shifted(b, 1e4), NewSlicedWasserstein()), want, 1e-5)
		other := NewSlicedWasserstein()
		other.Seed = 1
		if got := of(a, b, other); got == want || math.Abs(got-want) > 0.1*want {
			t.Errorf("with other directions %v, and %v before", got, want)
		}
	})
}

// Unequal numbers are compared exactly: as if each point were there so often that both have as many.
func TestSlicedWassersteinOfUnequalNumbers(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, c := range [][2]int{{1, 7}, {6, 4}, {130, 131}, {12, 300}} {
			a, b := gaussian(r, c[0], 1, 0), gaussian(r, c[1], 2, 1)
			repeated := func(points datasets.Points, times int) []float64 {
				return slices.Sorted(slices.Values(slices.Repeat(points.Values, times)))
			}
			squares, many := 0.0, repeated(b, c[0])
			for i, v := range repeated(a, c[1]) {
				squares += math.Pow(v-many[i], 2) / float64(len(many))
			}
			got, err := p.SlicedWasserstein(a, b, SlicedWasserstein{Projections: 2})
			if err != nil {
				t.Fatal(err)
			}
			isNear(t, "the distance", got, math.Sqrt(squares), 1e-5)
		}
	})
}

func TestSlicedWassersteinRefuses(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		one := datasets.NewPoints(1, 1)
		for want, c := range map[string]struct {
			a, b datasets.Points
			how  SlicedWasserstein
		}{
			"0 projections of the sliced Wasserstein distance; want 1 to 10000": {one, one, SlicedWasserstein{}},
			"the points have 2 coordinates; want 1":                             {datasets.NewPoints(1, 2), one, NewSlicedWasserstein()},
			"the points of reference are 0; want at least 1":                    {one, datasets.NewPoints(0, 1), NewSlicedWasserstein()},
			"coordinate 1 of point 1 of the points is +Inf":                     {datasets.Points{N: 1, Dim: 1, Values: []float64{math.Inf(1)}}, one, NewSlicedWasserstein()},
			"the sliced Wasserstein distance is not finite":                     {datasets.Points{N: 1, Dim: 1, Values: []float64{1e30}}, one, NewSlicedWasserstein()},
		} {
			if _, err := p.SlicedWasserstein(c.a, c.b, c.how); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}
