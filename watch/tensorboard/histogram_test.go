package tensorboard

import (
	"math"
	"slices"
	"testing"
)

func TestHistogram(t *testing.T) {
	var numbers []float64 // 0, 1, …, 59: two in each bucket
	for i := range 60 {
		numbers = append(numbers, float64(i))
	}
	h, ok := NewHistogram("x", append(numbers, math.NaN(), math.Inf(1), math.Inf(-1)))
	if !ok || h.Min != 0 || h.Max != 59 || h.N != 60 || h.Sum != 59*60/2 || h.Squares != 59*60*119/6 {
		t.Errorf("%+v", h)
	}
	if !slices.Equal(h.Counts, slices.Repeat([]float64{2}, buckets)) {
		t.Errorf("counts %v", h.Counts)
	}
	limits := h.limits()
	if math.Abs(limits[0]-59./30) > 1e-15 || limits[buckets-1] != 59 || !slices.IsSorted(limits) {
		t.Errorf("limits %v", limits)
	}
	for _, numbers := range [][]float64{{3}, {-2, -2, -2}, {-math.MaxFloat64, 0, math.MaxFloat64}, {0, 5e-324}} {
		h, ok := NewHistogram("x", numbers)
		sum := 0.
		for _, c := range h.Counts {
			sum += c
		}
		if limits := h.limits(); !ok || sum != float64(len(numbers)) || h.N != sum || !slices.IsSorted(limits) || limits[buckets-1] != slices.Max(numbers) {
			t.Errorf("%v: %+v, limits %v", numbers, h, limits)
		}
	}
	if h, _ := NewHistogram("x", []float64{-math.MaxFloat64, 0, math.MaxFloat64}); h.Counts[0] != 1 || h.Counts[buckets/2] != 1 || h.Counts[buckets-1] != 1 {
		t.Errorf("the largest numbers are counted %v", h.Counts)
	}
	if _, ok := NewHistogram("x", []float64{math.NaN()}); ok {
		t.Error("there is a histogram of nothing")
	}
}
