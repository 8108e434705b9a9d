package watch

import "math"

// trendOf compares the later half of some values with the earlier one: it is a trend where the means are further apart than twice
// the standard error of their difference. Values that are not finite are passed over; fewer than six tell nothing.
func trendOf(values []float64) Trend {
	var finite []float64
	for _, x := range values {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			finite = append(finite, x)
		}
	}
	if len(finite) < 6 {
		return ""
	}
	half := len(finite) / 2
	before, variance := moments(finite[:half])
	after, noise := moments(finite[half:])
	error := math.Sqrt(variance/float64(half) + noise/float64(len(finite)-half))
	switch difference := after - before; {
	case difference < -2*error:
		return Falling
	case difference > 2*error:
		return Rising
	}
	return Level
}

// moments are the mean of some values and their variance, by the divisor N − 1.
func moments(values []float64) (mean, variance float64) {
	for _, x := range values {
		mean += x / float64(len(values))
	}
	for _, x := range values {
		variance += (x - mean) * (x - mean) / float64(len(values)-1)
	}
	return mean, variance
}
