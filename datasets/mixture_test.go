package datasets

import (
	"math"
	"slices"
	"testing"
)

// tilted has correlated components of different widths.
func tilted(t *testing.T) *Mixture {
	t.Helper()
	m, err := NewMixture([]float64{0.3, 0.7}, [][]float64{{-1, 2}, {3, 0}},
		[][][]float64{{{2, 0.6}, {0.6, 0.5}}, {{0.4, -0.2}, {-0.2, 1.5}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// density is the textbook formula for two dimensions, without any factorisation.
func density(m *Mixture, x []float64) (p float64) {
	for k, w := range m.Weights {
		c := m.Covariances[k]
		det := c[0][0]*c[1][1] - c[0][1]*c[1][0]
		a, b := x[0]-m.Means[k][0], x[1]-m.Means[k][1]
		q := (c[1][1]*a*a - 2*c[0][1]*a*b + c[0][0]*b*b) / det
		p += w * math.Exp(-q/2) / (2 * math.Pi * math.Sqrt(det))
	}
	return p
}

func TestMixtureLogProb(t *testing.T) {
	m := tilted(t)
	for _, x := range [][]float64{{0, 0}, {-1, 2}, {3, 0.5}, {4, -4}} {
		wantNear(t, "log p", m.LogProb(x), math.Log(density(m, x)), 1e-12)
	}
}

// Far away every exponential underflows; the logarithm must not.
func TestMixtureLogProbFarAway(t *testing.T) {
	m, err := NewIsotropic([]float64{0.5, 0.5}, [][]float64{{-2, -2}, {2, 2}}, []float64{0.5, 0.5})
	if err != nil {
		t.Fatal(err)
	}
	wantNear(t, "log p(100, 100)", m.LogProb([]float64{100, 100}), math.Log(0.5/math.Pi)-2*98*98, 1e-9)
	if got := m.LogProb([]float64{1e200, 0}); !math.IsInf(got, -1) {
		t.Errorf("log p(1e200, 0) = %v, want -Inf", got)
	}
}

func TestMixtureFactors(t *testing.T) {
	m := tilted(t)
	x := []float64{0.5, -1.5}
	var sum logSum
	for k, factor := range m.PrecisionFactors() {
		if factor[0][1] != 0 {
			t.Errorf("factor %d is not lower triangular", k)
		}
		a, b := x[0]-m.Means[k][0], x[1]-m.Means[k][1]
		z0, z1 := factor[0][0]*a, factor[1][0]*a+factor[1][1]*b
		sum.add(m.LogNorm()[k] - (z0*z0+z1*z1)/2)
		// L⁻¹ Σ L⁻ᵀ = I
		c := m.Covariances[k]
		for i := range 2 {
			for j := range 2 {
				var entry, want float64
				for p := range 2 {
					for q := range 2 {
						entry += factor[i][p] * c[p][q] * factor[j][q]
					}
				}
				if i == j {
					want = 1
				}
				wantNear(t, "L⁻¹ Σ L⁻ᵀ", entry, want, 1e-14)
			}
		}
	}
	wantNear(t, "log p from the factors", sum.value(), math.Log(density(m, x)), 1e-12)
}

func TestMixtureSampleHasItsMoments(t *testing.T) {
	m := tilted(t)
	mean, cov := m.MeanCov()
	wantNear(t, "mean", mean[0], 0.3*-1+0.7*3, 1e-15)
	wantNear(t, "variance", cov[0][0], 0.3*2+0.7*0.4+0.3*0.7*16, 1e-14)
	wantNear(t, "covariance", cov[0][1], 0.3*0.6-0.7*0.2-0.3*0.7*4*2, 1e-14)

	const n = 200000
	p := m.Sample(newRand(1, 99), n)
	sampled, err := FitStandardizer(p, unnamed(2))
	if err != nil {
		t.Fatal(err)
	}
	for j := range 2 {
		deviation := math.Sqrt(cov[j][j])
		wantNear(t, "sample mean", sampled.Mean[j], mean[j], 4*deviation/math.Sqrt(n))
		wantNear(t, "sample deviation", sampled.Std[j], deviation, 4*deviation/math.Sqrt(n))
	}
	var product float64
	for i := range n {
		product += (p.Row(i)[0] - mean[0]) * (p.Row(i)[1] - mean[1]) / n
	}
	wantNear(t, "sample covariance", product, cov[0][1], 4*math.Sqrt(2*cov[0][0]*cov[1][1]/n))
}

func TestMixtureNormalisesRoundedWeights(t *testing.T) {
	m, err := NewIsotropic([]float64{0.333333, 0.333333, 0.333334 - 5e-7}, [][]float64{{0}, {1}, {2}}, []float64{1, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	wantNear(t, "sum of weights", total(m.Weights), 1, 1e-15)
}

func TestNewMixtureRefuses(t *testing.T) {
	one := [][][]float64{{{1}}}
	for _, c := range []struct {
		weights     []float64
		means       [][]float64
		covariances [][][]float64
		want        string
	}{
		{nil, nil, nil, "means: want at least one component of at least one coordinate"},
		{[]float64{1}, [][]float64{{}}, one, "means: want at least one component of at least one coordinate"},
		{[]float64{1, 1}, [][]float64{{1}}, one, "2 weights, 1 means and 1 covariances, want as many of each"},
		{[]float64{0.9}, [][]float64{{1}}, one, "weights: they sum to 0.9, want 1"},
		{[]float64{math.NaN()}, [][]float64{{1}}, one, "weights: they sum to NaN, want 1"},
		{[]float64{-1, 2}, [][]float64{{1}, {2}}, slices.Repeat(one, 2), "weights: weight 1 is -1, want a positive number"},
		{[]float64{0.5, 0.5}, [][]float64{{1}, {2, 3}}, slices.Repeat(one, 2), "means: mean 2 has 2 coordinates, mean 1 has 1"},
		{[]float64{1}, [][]float64{{math.Inf(-1)}}, one, "means: mean 1 holds -Inf, want finite numbers"},
		{[]float64{1}, [][]float64{{1}}, [][][]float64{{}}, "covariance of component 1: 0 rows, want 1"},
		{[]float64{1}, [][]float64{{1}}, [][][]float64{{{1, 2}}}, "covariance of component 1: row 1 has 2 numbers, want 1"},
		{[]float64{1}, [][]float64{{1}}, [][][]float64{{{0}}}, "covariance of component 1: not positive definite (pivot 1 is 0)"},
		{[]float64{1}, [][]float64{{1, 1}}, [][][]float64{{{1, 2}, {2, 1}}},
			"covariance of component 1: not positive definite (pivot 2 is -3)"},
		{[]float64{1}, [][]float64{{1, 1}}, [][][]float64{{{1, 0.2}, {0.1, 1}}},
			"covariance of component 1: not symmetric: 0.1 at (2, 1), 0.2 at (1, 2)"},
		{[]float64{1}, [][]float64{{1}}, [][][]float64{{{math.NaN()}}},
			"covariance of component 1: not positive definite (pivot 1 is NaN)"},
	} {
		_, err := NewMixture(c.weights, c.means, c.covariances)
		wantError(t, err, c.want)
	}
	_, err := NewIsotropic([]float64{1}, [][]float64{{1}}, []float64{0})
	wantError(t, err, "variances: variance 1 is 0, want a positive number")
	_, err = NewIsotropic([]float64{1}, [][]float64{{1}}, nil)
	wantError(t, err, "variances: 0 for 1 means, want one each")
}
