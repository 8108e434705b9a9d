package statistics

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// rounding is the spread of differences, relative to the values that were subtracted, that is taken for rounding.
const rounding = 1e-13

// PairedT tests whether the mean of b − a is zero, by Student's t of the differences. It is false with fewer than two pairs, and
// where all differences are alike but for rounding: then their variance, by which t is divided, is not estimated, and the
// normal distribution that t assumes is not that of the differences. b is as long as a.
func PairedT(a, b []float64) (t, p float64, ok bool) {
	if len(a) < 2 {
		return 0, 0, false
	}
	d, scale := make([]float64, len(a)), 0.0
	for i := range a {
		d[i] = b[i] - a[i]
		scale = max(scale, math.Abs(a[i]), math.Abs(b[i]))
	}
	mean, sd := stat.MeanStdDev(d, nil)
	if sd <= rounding*scale {
		return 0, 0, false
	}
	t = mean / (sd / math.Sqrt(float64(len(d))))
	return t, 2 * studentT(len(d)-1).CDF(-math.Abs(t)), true
}

// mostExact is the number of differences up to which the distribution of the signed-rank statistic is computed.
const mostExact = 100

// SignedRank is Wilcoxon's signed-rank test (1945) of whether differences are symmetric around zero: w is the sum of the ranks, by
// size, of the positive ones. Differences of zero are left out, as Wilcoxon did, and n is the number of the others; among equal
// sizes the ranks are averaged. Up to a hundred differences p is exact, given the ranks: all 2ⁿ choices of signs are as likely,
// and p is twice the share of those with as extreme a sum. With more it is by the normal distribution with the variance Σ r²/4 of
// the ranks as they are, ties among them, and with the correction for continuity. It is false where no difference is left.
//
// With n differences p is at least 2¹⁻ⁿ: below 0.05 it cannot be with fewer than six.
func SignedRank(differences []float64) (w, p float64, n int, ok bool) {
	var sizes []float64
	var positive []bool
	for _, d := range differences {
		if d != 0 {
			sizes = append(sizes, math.Abs(d))
			positive = append(positive, d > 0)
		}
	}
	n = len(sizes)
	if n == 0 {
		return 0, 0, 0, false
	}
	ranks := Ranks(sizes)
	for i, r := range ranks {
		if positive[i] {
			w += r
		}
	}
	if n > mostExact {
		mean, variance := 0.0, 0.0
		for _, r := range ranks {
			mean += r / 2
			variance += r * r / 4
		}
		z := max(0, math.Abs(w-mean)-0.5) / math.Sqrt(variance)
		return w, math.Erfc(z / math.Sqrt2), n, true
	}
	return w, exactSignedRank(ranks, w), n, true
}

// exactSignedRank is the two-sided p value of a sum w of some of the ranks, each of which is in it with a probability of one half.
// Average ranks are multiples of one half.
func exactSignedRank(ranks []float64, w float64) float64 {
	reached := 0
	chance := make([]float64, len(ranks)*(len(ranks)+1)+1) // by twice the sum
	chance[0] = 1
	for _, r := range ranks {
		step := int(2 * r)
		for s := reached + step; s >= 0; s-- {
			without, with := 0.0, 0.0
			if s <= reached {
				without = chance[s]
			}
			if s >= step {
				with = chance[s-step]
			}
			chance[s] = (without + with) / 2
		}
		reached += step
	}
	low, high := 0.0, 0.0
	for s, c := range chance {
		if s <= int(2*w) {
			low += c
		}
		if s >= int(2*w) {
			high += c
		}
	}
	return min(1, 2*min(low, high))
}
