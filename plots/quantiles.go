package plots

import (
	"math"
	"slices"
)

func ascending(values []float64) []float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted
}

// quantile interpolates between the order statistics of a sample in ascending
// order that is not empty.
func quantile(sorted []float64, q float64) float64 {
	position := q * float64(len(sorted)-1)
	i := int(position)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	t := position - float64(i)
	return (1-t)*sorted[i] + t*sorted[i+1]
}

// tiny is a width below which arithmetic on a range would lose its digits.
const tiny = 1e-300

// properRange asks for a width that is finite and not lost in rounding.
func properRange(low, high float64) bool {
	return finite(high-low) && high-low > max(tiny, 1e-9*math.Abs(low), 1e-9*math.Abs(high))
}

// widened returns a range that an axis can show: one that is empty, or so narrow
// that it drowns in rounding, grows about its middle.
func widened(low, high float64) (float64, float64) {
	if properRange(low/2, high/2) {
		return low, high
	}
	by := max(0.5, 1e-3*math.Abs(low))
	return max(low-by, -math.MaxFloat64), min(high+by, math.MaxFloat64)
}
