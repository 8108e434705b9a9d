package statistics

import (
	"math"
	"sync"

	"gonum.org/v1/gonum/integrate/quad"
)

// CriticalDifference is that of Nemenyi (1963; Demšar 2006): two of k treatments, k from two, differ at the level alpha where their
// mean ranks over n blocks differ by as much, whichever two they are,
//
//	CD = q_α √(k(k+1) / (6n)),
//
// with q_α the 1−α quantile of the studentised range of k for infinite degrees of freedom, divided by √2.
func CriticalDifference(k, n int, alpha float64) float64 {
	return StudentizedRange(k, 1-alpha) / math.Sqrt2 * math.Sqrt(float64(k*(k+1))/float64(6*n))
}

// StudentizedRange is the quantile of the range of k independent standard normal numbers, k from two: of the studentised range for
// infinite degrees of freedom. It is the root of
//
//	P(range ≤ q) = k ∫ φ(z) (Φ(z) − Φ(z−q))ᵏ⁻¹ dz
//
// with the integral by Gauss and Legendre, right to about nine digits. The probability is above zero and below one.
func StudentizedRange(k int, probability float64) float64 {
	low, high := 0.0, 1.0
	for rangeProbability(k, high) < probability && high < 1e3 {
		high *= 2
	}
	for range 60 {
		middle := (low + high) / 2
		if rangeProbability(k, middle) < probability {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// reach is how far from zero the normal density is integrated; beyond it lies less than 1e-18.
const reach = 9

// nodes are those of the quadrature.
var nodes = sync.OnceValues(func() (x, weight []float64) {
	x, weight = make([]float64, 160), make([]float64, 160)
	quad.Legendre{}.FixedLocations(x, weight, -reach, reach)
	return x, weight
})

// rangeProbability is that of a range of k standard normal numbers up to q.
func rangeProbability(k int, q float64) float64 {
	sum := 0.0
	x, weight := nodes()
	for i, z := range x {
		below := (math.Erfc(-z/math.Sqrt2) - math.Erfc((q-z)/math.Sqrt2)) / 2
		sum += weight[i] * math.Exp(-z*z/2) * math.Pow(below, float64(k-1))
	}
	return float64(k) * sum / math.Sqrt(2*math.Pi)
}
