package datasets

import (
	"fmt"
	"math"
	"testing"
)

// The means are as far from each other as asked, around the origin, in any number of dimensions.
func TestSimplex(t *testing.T) {
	for _, c := range []struct{ dim, n int }{{1, 1}, {1, 2}, {2, 3}, {3, 4}, {16, 3}, {256, 3}, {64, 20}} {
		points := simplex(c.dim, c.n, 6)
		for k, p := range points {
			for _, q := range points[:k] {
				sum := 0.0
				for j := range p {
					sum += (p[j] - q[j]) * (p[j] - q[j])
				}
				wantNear(t, fmt.Sprintf("distance of two of %d points in %d dimensions", c.n, c.dim), math.Sqrt(sum), 6, 1e-9)
			}
		}
		for j := range c.dim {
			middle := 0.0
			for _, p := range points {
				middle += p[j]
			}
			wantNear(t, "middle", middle, 0, 1e-9)
		}
	}
}

// The entropy in many dimensions is that of the plane of the means and of a Gaussian across it; it is the mean of −log p, and
// not known of means that are in no plane.
func TestEntropyInManyDimensions(t *testing.T) {
	for _, c := range []struct {
		dim, modes int
		distance   float64
		known      bool
	}{{3, 1, 6, true}, {5, 2, 1.5, true}, {7, 3, 2.5, true}, {64, 3, 6, true}, {7, 4, 6, false}} {
		s := NewSimplexMixture()
		s.Dim, s.Modes, s.Distance, s.Size = c.dim, c.modes, c.distance, 20000
		if c.modes == 3 {
			s.Weights = []float64{0.5, 0.3, 0.2}
		}
		set, err := s.Load(Env{Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		entropy, known := set.Density.Entropy()
		if known != c.known {
			t.Errorf("%+v: known %v", c, known)
		}
		if !known {
			continue
		}
		m := set.Density.(*Mixture)
		values := NewPoints(set.Train.N, 1)
		for i := range values.N {
			values.Values[i] = -m.LogProb(set.Train.Row(i))
		}
		mean, std := values.Moments()
		wantNear(t, fmt.Sprintf("the mean of −log p in %d dimensions", c.dim), mean[0], entropy, 5*std[0]/math.Sqrt(float64(values.N)))
	}
}
