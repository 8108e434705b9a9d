package datasets

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Moments returns the mean and the standard deviation (with divisor N) of each coordinate, both [Dim].
func (p Points) Moments() (mean, std []float64) {
	mean, std = make([]float64, p.Dim), make([]float64, p.Dim)
	for i := range p.N {
		for k, v := range p.Row(i) {
			mean[k] += v / float64(p.N)
		}
	}
	for i := range p.N {
		for k, v := range p.Row(i) {
			std[k] += (v - mean[k]) * (v - mean[k]) / float64(p.N)
		}
	}
	for k := range std {
		std[k] = math.Sqrt(std[k])
	}
	return mean, std
}

// Range returns the smallest and the largest value of each coordinate, both [Dim].
func (p Points) Range() (low, high []float64) {
	low, high = make([]float64, p.Dim), make([]float64, p.Dim)
	for k := range p.Dim {
		low[k], high[k] = math.Inf(1), math.Inf(-1)
	}
	for i := range p.N {
		for k, v := range p.Row(i) {
			low[k], high[k] = min(low[k], v), max(high[k], v)
		}
	}
	return low, high
}

// Middle returns the quantiles share and 1 − share of each coordinate, both [Dim]: the range without so large a share of the
// points at either end.
func (p Points) Middle(share float64) (low, high []float64) {
	low, high = make([]float64, p.Dim), make([]float64, p.Dim)
	values := make([]float64, p.N)
	for k := range p.Dim {
		for i := range values {
			values[i] = p.Row(i)[k]
		}
		slices.Sort(values)
		low[k] = stat.Quantile(share, stat.LinInterp, values, nil)
		high[k] = stat.Quantile(1-share, stat.LinInterp, values, nil)
	}
	return low, high
}

// GaussianNoise draws n points with independent normal coordinates of the given means and standard deviations.
func GaussianNoise(mean, std []float64, n int, seed int64) Points {
	r := newRand(seed, streamNoise)
	points := NewPoints(n, len(mean))
	for i := range n {
		x := points.Row(i)
		for k := range x {
			x[k] = mean[k] + std[k]*r.NormFloat64()
		}
	}
	return points
}
