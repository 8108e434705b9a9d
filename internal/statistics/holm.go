package statistics

import (
	"cmp"
	"slices"
)

// Holm corrects the p values of several tests for their number (Holm 1979): whoever rejects those at or below α is wrong about
// any of them with a probability of at most α, however the tests depend on each other. The order is that of p.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	corrected, least := make([]float64, len(p)), 0.0
	for k, i := range order { // of the k smaller ones each has been rejected before
		least = max(least, min(1, float64(len(p)-k)*p[i]))
		corrected[i] = least
	}
	return corrected
}
