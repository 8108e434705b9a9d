package metrics

import (
	"fmt"
	"math"
	"slices"
)

// Percentile is the percentage of sorted reference scores below a score, those that equal it counting half.
func Percentile(sorted []float64, score float64) float64 {
	below, _ := slices.BinarySearch(sorted, score)
	above := below
	for above < len(sorted) && sorted[above] == score {
		above++
	}
	return 100 * float64(below+above) / float64(2*len(sorted))
}

// ThresholdAt is the score that a further point of the same distribution as the given ones exceeds with a probability of at
// most rate: the ⌈(n+1)(1−rate)⌉-th smallest of n, which holds whatever that distribution is (Vovk, Gammerman & Shafer 2005,
// on conformal prediction; of outliers: Bates et al. 2023). It holds for points that the model was not trained on. Too few of
// them for so small a rate are an error.
func ThresholdAt(held []float64, rate float64) (float64, error) {
	if !(rate > 0 && rate < 1) {
		return 0, fmt.Errorf("a false positive rate of %v; want one above 0 and below 1", rate)
	}
	n := len(held)
	const rounding = 1e-9 // (n+1)(1−rate) that ought to be whole may come out just above
	rank := int(math.Ceil(float64(n+1)*(1-rate) - rounding))
	if rank > n {
		return 0, fmt.Errorf("%d held-out points are too few for a false positive rate of %v; the smallest that they allow is %.4g", n, rate, 1/float64(n+1))
	}
	return slices.Sorted(slices.Values(held))[max(rank, 1)-1], nil
}
