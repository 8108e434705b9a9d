package datasets

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
)

// besselSwitch is where log I₀ goes over from its power series to its asymptotic series: at 12 the terms of the second
// fall to about e⁻²⁴ before they grow again.
const besselSwitch = 12.0

// besselSeries and besselAsymptotic are the coefficients, highest power first, of I₀(z) in (z/12)² and of
// √(2πz) e⁻ᶻ I₀(z) in 12/z: those of Abramowitz and Stegun 1964, 9.6.12 and 9.7.1, scaled so that the variables are below 1
// and float32 holds every coefficient.
var besselSeries, besselAsymptotic = besselCoefficients()

func besselCoefficients() (series, asymptotic []float64) {
	const terms = 24
	series, asymptotic = make([]float64, terms), make([]float64, terms)
	a, b := 1.0, 1.0
	for k := range terms {
		series[terms-1-k], asymptotic[terms-1-k] = a, b
		n := float64(k + 1)
		a *= besselSwitch * besselSwitch / 4 / (n * n)
		b *= (2*n - 1) * (2*n - 1) / (8 * n * besselSwitch)
	}
	return series, asymptotic
}

// logI0e maps z ≥ 0 to log(e⁻ᶻ I₀(z)), I₀ being the modified Bessel function of the first kind, to about 1e-10.
func logI0e(z *graph.Node) *graph.Node {
	limit := graph.MulScalar(graph.OnesLike(z), besselSwitch)
	isSmall := graph.LessThan(z, limit)
	small, large := graph.Where(isSmall, z, limit), graph.Where(isSmall, limit, z) // each branch within its range, for its gradient
	series := graph.Log(horner(besselSeries, graph.Square(graph.DivScalar(small, besselSwitch))))
	asymptotic := graph.Log(horner(besselAsymptotic, graph.Reciprocal(graph.DivScalar(large, besselSwitch))))
	return graph.Where(isSmall,
		graph.Sub(series, small),
		graph.Sub(asymptotic, graph.MulScalar(graph.Log(graph.MulScalar(large, 2*math.Pi)), 0.5)))
}

// horner evaluates a polynomial.
func horner(coefficients []float64, x *graph.Node) *graph.Node {
	sum := graph.AddScalar(graph.MulScalar(x, coefficients[0]), coefficients[1])
	for _, c := range coefficients[2:] {
		sum = graph.AddScalar(graph.Mul(sum, x), c)
	}
	return sum
}

// hostLogI0e is logI0e on the host.
func hostLogI0e(z float64) float64 {
	sum := 0.0
	if z < besselSwitch {
		for _, c := range besselSeries {
			sum = sum*(z/besselSwitch)*(z/besselSwitch) + c
		}
		return math.Log(sum) - z
	}
	for _, c := range besselAsymptotic {
		sum = sum*besselSwitch/z + c
	}
	return math.Log(sum) - math.Log(2*math.Pi*z)/2
}
