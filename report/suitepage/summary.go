package suitepage

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"joule/results"
	"joule/results/analysis"
)

// summary is a figure of several runs.
type summary struct {
	n    int // runs that have it
	mean float64
	// half is half the width of the 95 % interval of the mean; NaN where there is none.
	half float64
	// isApart says that it is the best on its data, or not told from the best, and that something is: see docs/statistics.md.
	isApart bool
}

func summaryOf(s *analysis.Sample, isApart bool) summary {
	half := math.NaN()
	if s.HalfWidth != nil {
		half = *s.HalfWidth
	}
	return summary{s.N, *s.Mean, half, isApart}
}

// text is the mean and its interval, with the digits of the figure. An interval is empty where there is none, or nothing in it.
func (s summary) text(f results.Figure) (mean, interval string) {
	decimals := min(digitsOf(s.mean, f.Decimals), digitsOf(s.half, f.Decimals))
	mean = formatted(s.mean, decimals)
	if s.half > 0 && !math.IsInf(s.half, 0) {
		interval = "± " + formatted(s.half, decimals)
	}
	return mean, interval
}

// digitsOf is the number of digits after the point that say something of a number with so many: six digits in all are enough.
func digitsOf(x float64, decimals int) int {
	for decimals > 0 && math.Abs(x) >= math.Pow10(6-decimals) {
		decimals--
	}
	return decimals
}

// formatted writes a number with so many digits after the point, thousands apart, and a true minus sign; one that would have no
// digits so, or very many, with a power of ten.
func formatted(x float64, decimals int) string {
	size := math.Abs(x)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Sprint(x)
	}
	if x != 0 && size < 0.5*math.Pow10(-decimals) || size >= 1e9 {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', 1, 64), "e")
		power, _ := strconv.Atoi(exponent)
		return strings.ReplaceAll(fmt.Sprintf("%se%d", mantissa, power), "-", "−")
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(size, 'f', decimals, 64), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "\u202f" + whole[i:] // a narrow space that does not break
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if x < 0 {
		return "−" + whole
	}
	return whole
}
