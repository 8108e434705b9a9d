package statistics

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Against values of another implementation.
func TestPairedT(t *testing.T) {
	a, b := []float64{0.31, 0.42, 0.28, 0.55, 0.47}, []float64{0.29, 0.47, 0.33, 0.61, 0.49}
	statistic, p, ok := PairedT(a, b)
	near(t, "t", statistic, 2.187474966479, 1e-10)
	near(t, "p", p, 0.093956583774, 1e-10)
	reversed, same, _ := PairedT(b, a)
	if !ok || reversed != -statistic || same != p {
		t.Errorf("%v; the other way round t is %g and p %g", ok, reversed, same)
	}
	// Two pairs: one degree of freedom, where the distribution of t is Cauchy's.
	statistic, p, _ = PairedT([]float64{0, 0}, []float64{1, 3})
	near(t, "t of two", statistic, 2, 1e-15)
	near(t, "p of two", p, 1-2/math.Pi*math.Atan(2), 1e-12)
}

// Differences that are all alike say nothing of their variance, also where they differ by rounding.
func TestPairedTWithoutSpread(t *testing.T) {
	for _, c := range [][2][]float64{
		{{1, 2, 3}, {1, 2, 3}},
		{{1, 2, 3}, {2, 3, 4}},
		{{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}},
		{{1e9, 3e9}, {1e9 + 0.3, 3e9 + 0.3}},
	} {
		if statistic, p, ok := PairedT(c[0], c[1]); ok {
			t.Errorf("%v: t = %g, p = %g", c, statistic, p)
		}
	}
}

func TestSignedRank(t *testing.T) {
	for _, c := range []struct {
		d    []float64
		w, p float64
		n    int
	}{
		{[]float64{2}, 1, 1, 1},
		{[]float64{1, 2, 3, 4, 5}, 15, 2. / 32, 5},
		{[]float64{-1, -2, -3, -4, -5, -6}, 0, 2. / 64, 6},
		{[]float64{3, 0, 3, 0, 3}, 6, 2. / 8, 3},
		{[]float64{1, -1}, 1.5, 1, 2},
		{[]float64{1.5, -0.5, 2, 3, -1, 4, 2.5, 0.25}, 31, 0.078125, 8},       // of another implementation
		{[]float64{1, -1, 2, 2, -2, 3, 0, 4, 5}, 30.5, 26. / 256, 8},          // by going through all signs
		{[]float64{-1, 1, -2, -2, 2, -3, 0, -4, -5}, 36 - 30.5, 26. / 256, 8}, // mirrored
	} {
		w, p, n, ok := SignedRank(c.d)
		if !ok || w != c.w || n != c.n || math.Abs(p-c.p) > 1e-14 {
			t.Errorf("%v: w = %g, p = %g, n = %d, %v; want %g, %g, %d", c.d, w, p, n, ok, c.w, c.p, c.n)
		}
	}
	if _, _, _, ok := SignedRank([]float64{0, 0}); ok {
		t.Error("there is a test of zeros alone")
	}
}

// Many differences, by the normal distribution; against values of another implementation, and the exact distribution.
func TestSignedRankOfMany(t *testing.T) {
	var d []float64
	for i := range 120 {
		d = append(d, float64((i*37)%121-50)+0.5)
	}
	w, p, n, _ := SignedRank(d)
	if w != 4750.5 || n != 120 || math.Abs(p-0.003354931036508) > 1e-12 {
		t.Errorf("w = %g, p = %g, n = %d", w, p, n)
	}
	random := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		d := make([]float64, 101)
		for i := range d {
			d[i] = math.Round(5*(random.NormFloat64()+0.2)) + 0.5
		}
		w, p, n, _ := SignedRank(d)
		sizes := make([]float64, len(d))
		for i := range d {
			sizes[i] = math.Abs(d[i])
		}
		if exact := exactSignedRank(Ranks(sizes), w); n != 101 || math.Abs(p-exact) > 0.03*exact+4e-4 {
			t.Errorf("p of %d is %g, and exactly %g", n, p, exact)
		}
	}
}

// Without an effect tests reject as often as they say, or less where p has few values.
func TestFalsePositives(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const trials, alpha = 20000, 0.05
	slack := 4 * math.Sqrt(alpha*(1-alpha)/trials)
	rate := func(n int, p func(a, b []float64) float64) float64 {
		wrong := 0
		for range trials {
			a, b := make([]float64, n), make([]float64, n)
			for i := range a {
				common := 10 * random.NormFloat64()
				a[i], b[i] = common+random.NormFloat64(), common+random.NormFloat64()
			}
			if p(a, b) <= alpha {
				wrong++
			}
		}
		return float64(wrong) / trials
	}
	student := func(a, b []float64) float64 { _, p, _ := PairedT(a, b); return p }
	wilcoxon := func(a, b []float64) float64 {
		d := make([]float64, len(a))
		for i := range a {
			d[i] = b[i] - a[i]
		}
		_, p, _, _ := SignedRank(d)
		return p
	}
	near(t, "the rate of t of 3", rate(3, student), alpha, slack)
	near(t, "the rate of t of 10", rate(10, student), alpha, slack)
	near(t, "that of signed ranks of 5", rate(5, wilcoxon), 0, 0)
	near(t, "that of signed ranks of 6", rate(6, wilcoxon), 2./64, slack)
	near(t, "that of signed ranks of 12", rate(12, wilcoxon), 0.0425, 0.0075+slack)
}
