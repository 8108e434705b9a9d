// Package statistics compares samples of a few numbers each: intervals, paired tests, and ranks of several treatments over
// several blocks.
//
// All p values are two-sided. What a sample is too small for is not there: functions then return false, never an interval of
// no width or a p value of one. Values are to be finite unless it says otherwise.
package statistics

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean is the arithmetic mean; NaN of nothing.
func Mean(x []float64) float64 { return stat.Mean(x, nil) }

// StdDev is the sample standard deviation, with n − 1 below the sum of squares; false with fewer than two values.
func StdDev(x []float64) (float64, bool) {
	if len(x) < 2 {
		return 0, false
	}
	return stat.StdDev(x, nil), true
}

// Median is the value in the middle, or the mean of the two there; NaN of nothing.
func Median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(x))
	n := len(sorted)
	return sorted[(n-1)/2]/2 + sorted[n/2]/2
}

// GeometricMean is exp of the mean of the logarithms; NaN of nothing and of what is not positive.
func GeometricMean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		if !(v > 0) {
			return math.NaN()
		}
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(x)))
}

// HalfWidth is half the width of the confidence interval of a mean, which lies around the mean of the sample: by Student's t, of
// independent values from one normal distribution whose variance is not known (Student 1908). It is false with fewer than two
// values, which say nothing of their spread.
func HalfWidth(x []float64, level float64) (float64, bool) {
	sd, ok := StdDev(x)
	if !ok {
		return 0, false
	}
	return studentT(len(x)-1).Quantile((1+level)/2) * sd / math.Sqrt(float64(len(x))), true
}

func studentT(degrees int) distuv.StudentsT {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(degrees)}
}
