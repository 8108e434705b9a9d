package statistics

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Ranks are the places of values from the smallest, which has 1. Equal ones share the mean of their places. Infinite values have
// their place as well.
func Ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	ranks := make([]float64, len(x))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+1+to) / 2
		}
		from = to
	}
	return ranks
}

// FriedmanTest is a test of whether treatments have one distribution, by their ranks in blocks.
type FriedmanTest struct {
	// ChiSquare is Friedman's statistic, corrected for ties, and ChiSquareP its p value by the χ² distribution.
	ChiSquare, ChiSquareP float64
	// F is the statistic of Iman and Davenport, and P its p value by the F distribution, which is nearer to the true one. Where the
	// ranks are the same in all blocks F is infinite, and P the exact share of the arrangements of the ranks that are as alike.
	F, P float64
}

// Friedman tests ranks, a row a block and in it a rank a treatment (Friedman 1937; Iman & Davenport 1980). With N blocks and k
// treatments, and S the sum of squares of what the treatments' sums of ranks are off from N(k+1)/2,
//
//	χ² = (k−1) S / (Σ r² − N k (k+1)²/4),   F = (N−1) χ² / (N(k−1) − χ²)
//
// with k−1, and k−1 and (k−1)(N−1), degrees of freedom. It is false with fewer than two blocks or treatments. Where all
// treatments are tied in all blocks, nothing speaks against one distribution, and P is one.
func Friedman(ranks [][]float64) (test FriedmanTest, ok bool) {
	if len(ranks) < 2 || len(ranks[0]) < 2 {
		return test, false
	}
	n, k := float64(len(ranks)), float64(len(ranks[0]))
	between, within := 0.0, -n*k*(k+1)*(k+1)/4
	for j := range ranks[0] {
		sum := -n * (k + 1) / 2
		for i := range ranks {
			sum += ranks[i][j]
			within += ranks[i][j] * ranks[i][j]
		}
		between += sum * sum
	}
	if within < 1e-9 {
		return FriedmanTest{ChiSquareP: 1, P: 1}, true
	}
	test.ChiSquare = (k - 1) * between / within
	test.ChiSquareP = distuv.ChiSquared{K: k - 1}.Survival(test.ChiSquare)
	rest := n*(k-1) - test.ChiSquare
	if rest < 1e-9*n*k {
		test.F, test.P = math.Inf(1), math.Exp((1-n)*logArrangements(ranks[0]))
		return test, true
	}
	test.F = (n - 1) * test.ChiSquare / rest
	d1, d2 := k-1, (k-1)*(n-1)
	test.P = mathext.RegIncBeta(d2/2, d1/2, d2/(d2+d1*test.F))
	return test, true
}

// logArrangements is the logarithm of the number of ways in which ranks can be given to the treatments.
func logArrangements(ranks []float64) float64 {
	log, _ := math.Lgamma(float64(len(ranks) + 1))
	tied := map[float64]int{}
	for _, r := range ranks {
		tied[r]++
	}
	for _, n := range tied {
		same, _ := math.Lgamma(float64(n + 1))
		log -= same
	}
	return log
}
