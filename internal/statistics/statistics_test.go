package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.12g, want %.12g within %g", what, got, want, tolerance)
	}
}

func TestMoments(t *testing.T) {
	x := []float64{4, 1, 7, 2}
	near(t, "the mean", Mean(x), 3.5, 0)
	sd, ok := StdDev(x)
	near(t, "the standard deviation", sd, math.Sqrt(7), 1e-15)
	near(t, "the median of four", Median(x), 3, 0)
	near(t, "the median of three", Median(x[1:]), 2, 0)
	near(t, "the geometric mean", GeometricMean([]float64{2, 8, 4}), 4, 1e-15)
	if !ok || x[0] != 4 {
		t.Errorf("%v, %v", ok, x)
	}
	for what, nan := range map[string]float64{"mean": Mean(nil), "median": Median(nil), "geometric mean": GeometricMean(nil), "that of zero": GeometricMean([]float64{1, 0})} {
		if !math.IsNaN(nan) {
			t.Errorf("%s of nothing is %g", what, nan)
		}
	}
}

// Of one value there is neither a standard deviation nor an interval, rather than one of zero.
func TestOneValue(t *testing.T) {
	if sd, ok := StdDev([]float64{3}); ok {
		t.Errorf("its standard deviation is %g", sd)
	}
	if half, ok := HalfWidth([]float64{3}, 0.95); ok {
		t.Errorf("its interval is ± %g", half)
	}
	if _, p, ok := PairedT([]float64{3}, []float64{4}); ok {
		t.Errorf("p of a pair is %g", p)
	}
}

// With the quantiles of the tables of Student's t.
func TestHalfWidth(t *testing.T) {
	for n, quantile := range map[int]float64{2: 12.706204736, 3: 4.302652730, 5: 2.776445105, 10: 2.262157163, 30: 2.045229642, 5001: 1.960438552} {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(i * i % 7)
		}
		sd, _ := StdDev(x)
		half, ok := HalfWidth(x, 0.95)
		near(t, "the quantile", half/sd*math.Sqrt(float64(n)), quantile, 1e-8)
		if !ok {
			t.Errorf("there is none of %d", n)
		}
	}
	if half, ok := HalfWidth([]float64{2, 2, 2}, 0.95); half != 0 || !ok {
		t.Errorf("of equal values %g, %v", half, ok)
	}
}

// Intervals of three to eight normal numbers hold the mean as often as they say.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const trials = 20000
	for _, n := range []int{3, 8} {
		for _, level := range []float64{0.8, 0.95} {
			held := 0
			for range trials {
				x := make([]float64, n)
				for i := range x {
					x[i] = 5 + 3*random.NormFloat64()
				}
				if half, _ := HalfWidth(x, level); math.Abs(Mean(x)-5) <= half {
					held++
				}
			}
			near(t, "the coverage", float64(held)/trials, level, 4*math.Sqrt(level*(1-level)/trials))
		}
	}
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005, 0.9})
	for i, want := range []float64{0.04, 0.09, 0.09, 0.025, 0.9} {
		near(t, "corrected", got[i], want, 1e-15)
	}
	if got := Holm([]float64{0.6, 0.7}); !slices.Equal(got, []float64{1, 1}) {
		t.Errorf("more than one: %v", got)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}

// Of ten tests without an effect, dependent ones among them, one or more is rejected about as rarely as of one.
func TestHolmHoldsTheLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const trials, alpha = 20000, 0.05
	for _, shared := range []float64{0, 0.9} {
		wrong := 0
		for range trials {
			common, p := random.NormFloat64(), make([]float64, 10)
			for i := range p {
				z := math.Sqrt(shared)*common + math.Sqrt(1-shared)*random.NormFloat64()
				p[i] = math.Erfc(math.Abs(z) / math.Sqrt2)
			}
			if slices.Min(Holm(p)) <= alpha {
				wrong++
			}
		}
		rate := float64(wrong) / trials
		if limit := alpha + 4*math.Sqrt(alpha*(1-alpha)/trials); rate > limit || shared == 0 && rate < 0.04 {
			t.Errorf("with a correlation of %g the rate is %g", shared, rate)
		}
	}
}
