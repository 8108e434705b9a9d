package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPercentile(t *testing.T) {
	reference := []float64{1, 2, 2, 2, 5}
	for score, want := range map[float64]float64{0: 0, 1: 10, 1.5: 20, 2: 50, 3: 80, 5: 90, 9: 100} {
		if got := Percentile(reference, score); math.Abs(got-want) > 1e-12 {
			t.Errorf("the percentile of %v is %v, want %v", score, got, want)
		}
	}
}

// Of 19 held-out points and 5 %, the largest; of 39, the second largest; with fewer there is none.
func TestThresholdAt(t *testing.T) {
	for n, want := range map[int]float64{19: 19, 20: 20, 38: 38, 39: 38, 99: 95} {
		held := scores(n, func(i float64) float64 { return float64(n) - i })
		if got, err := ThresholdAt(held, 0.05); err != nil || got != want || held[0] != float64(n) {
			t.Errorf("of 1 to %d the threshold is %v, %v; want %v", n, got, err, want)
		}
	}
	for want, c := range map[string]struct {
		n    int
		rate float64
	}{
		"18 held-out points are too few for a false positive rate of 0.05; the smallest that they allow is 0.05263": {18, 0.05},
		"0 held-out points":              {0, 0.5},
		"a false positive rate of 0;":    {50, 0},
		"a false positive rate of 1;":    {50, 1},
		"a false positive rate of NaN; ": {50, math.NaN()},
	} {
		if _, err := ThresholdAt(make([]float64, c.n), c.rate); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// The rate at which further points exceed the threshold is that asked for, on average over held-out points: of 49 at 10 %,
// that of rank 45 leaves out exactly a tenth. The share of one threshold is Beta(5, 45): variance 0.1·0.9/51.
func TestThresholdKeepsItsRate(t *testing.T) {
	const repeats, n, rate = 4000, 49, 0.1
	r := rand.New(rand.NewPCG(1, 1))
	sum := 0.0
	for range repeats {
		threshold, err := ThresholdAt(scores(n, func(float64) float64 { return r.Float64() }), rate)
		if err != nil {
			t.Fatal(err)
		}
		sum += 1 - threshold // of uniform points
	}
	if got, within := sum/repeats, 5*math.Sqrt(rate*(1-rate)/(n+2)/repeats); math.Abs(got-rate) > within {
		t.Errorf("%v of further points exceed the threshold, want %v ± %v", got, rate, within)
	}
}
