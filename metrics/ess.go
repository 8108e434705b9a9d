package metrics

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/stat"
)

// effectiveSize is the number of independent draws that say as much about the mean as those of chains do, [chains][draws], from
// their autocorrelation ρ (Vehtari et al. 2021, eq. 10 to 13): it is summed in pairs as long as these are positive, and none
// counts for more than the one before it (Geyer 1992, the initial monotone sequence). Draws that are all the same count as
// independent.
func effectiveSize(chains [][]float64) float64 {
	total, n := float64(len(chains)*len(chains[0])), len(chains[0])
	means := make([]float64, len(chains))
	covariance := make([]float64, n) // mean over the chains, by lag
	for i, chain := range chains {
		means[i] = stat.Mean(chain, nil)
		for lag, c := range autocovariance(chain, means[i]) {
			covariance[lag] += c / float64(len(chains))
		}
	}
	within := covariance[0] * float64(n) / float64(n-1)
	variance := covariance[0]
	if len(chains) > 1 {
		variance += stat.Variance(means, nil)
	}
	if variance == 0 {
		return total
	}
	correlation := func(lag int) float64 {
		if lag == 0 {
			return 1
		}
		return 1 - (within-covariance[lag])/variance
	}
	time, last := -1.0, math.Inf(1)
	for lag := 0; ; lag += 2 {
		even := correlation(lag)
		pair := even + correlation(lag+1)
		// The correlations at long lags are of few products each, and are left out.
		if isLast := lag+5 > n; pair <= 0 || isLast {
			time += math.Max(even, 0)
			break
		}
		last = math.Min(last, pair)
		time += 2 * last
	}
	// No more than so many: chains whose draws alternate would seem better than they are.
	return total / math.Max(time, 1/math.Log10(total))
}

// autocovariance is that of a chain with a known mean, by lag: sums of products over n, by a Fourier transform.
func autocovariance(chain []float64, mean float64) []float64 {
	n := len(chain)
	padded := make([]float64, 1<<bits.Len(uint(2*n-1)))
	for i, v := range chain {
		padded[i] = v - mean
	}
	transform := fourier.NewFFT(len(padded))
	spectrum := transform.Coefficients(nil, padded)
	for i, c := range spectrum {
		spectrum[i] = complex(real(c)*real(c)+imag(c)*imag(c), 0)
	}
	products := transform.Sequence(padded, spectrum)[:n]
	for lag := range products {
		products[lag] /= float64(len(padded)) * float64(n)
	}
	return products
}
