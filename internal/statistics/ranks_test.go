package statistics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRanks(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range [][2][]float64{
		{{}, {}},
		{{3, 1, 2}, {3, 1, 2}},
		{{5, 1, 5, 5}, {3, 1, 3, 3}},
		{{0, inf, -1, inf}, {2, 3.5, 1, 3.5}},
		{{1, 1}, {1.5, 1.5}},
	} {
		if got := Ranks(c[0]); !slices.Equal(got, c[1]) {
			t.Errorf("ranks of %v are %v, want %v", c[0], got, c[1])
		}
	}
}

// demsar are the ranks of table 6 of Demšar 2006: four variants of C4.5 on fourteen data sets.
var demsar = [][]float64{
	{4, 3, 2, 1}, {1, 2, 3, 4}, {4, 1, 2, 3}, {4, 1, 3, 2}, {4, 2, 3, 1}, {1, 2.5, 4, 2.5}, {3, 2, 4, 1},
	{2.5, 2.5, 4, 1}, {4, 3, 2, 1}, {2.5, 2.5, 2.5, 2.5}, {4, 2.5, 1, 2.5}, {3, 2, 4, 1}, {4, 1, 2, 3}, {3, 1, 4, 2},
}

func TestFriedman(t *testing.T) {
	test, ok := Friedman(demsar)
	near(t, "χ²", test.ChiSquare, 10.228346456693, 1e-9) // of another implementation, which corrects for ties
	near(t, "its p", test.ChiSquareP, 0.016721580328, 1e-9)
	near(t, "F", test.F, 4.185130111524, 1e-9)
	near(t, "p", test.P, 0.011620659515, 1e-9)
	// Demšar does not correct for ties, and finds 9.28.
	within := 0.0
	for _, row := range demsar {
		for _, r := range row {
			within += r * r
		}
	}
	near(t, "χ² without correction", test.ChiSquare*(within-14*25)/(14*5), 9.28, 0.005)
	if !ok {
		t.Error("there is no test")
	}
	near(t, "the critical difference", CriticalDifference(4, 14, 0.05), 1.25, 0.005)
}

func TestFriedmanWithoutSpread(t *testing.T) {
	test, ok := Friedman([][]float64{{2, 2, 2}, {2, 2, 2}})
	if !ok || test.P != 1 || test.ChiSquareP != 1 || test.ChiSquare != 0 {
		t.Errorf("all tied: %+v, %v", test, ok)
	}
	// All alike: of the 6 arrangements of three ranks in each of four blocks, 1 of 6³.
	test, _ = Friedman([][]float64{{1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}})
	near(t, "χ² of equal ranks", test.ChiSquare, 8, 1e-12)
	near(t, "p of equal ranks", test.P, 1./216, 1e-12)
	// With two tied, of three arrangements.
	test, _ = Friedman([][]float64{{1, 2.5, 2.5}, {1, 2.5, 2.5}, {1, 2.5, 2.5}})
	near(t, "p of equal tied ranks", test.P, 1./9, 1e-12)
	for _, few := range [][][]float64{nil, {{1, 2, 3}}, {{1}, {1}}} {
		if test, ok := Friedman(few); ok {
			t.Errorf("of %v: %+v", few, test)
		}
	}
}

// Without an effect the test of Iman and Davenport rejects about as often as it says, and Nemenyi's no pair more often.
func TestFriedmanHoldsTheLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	const trials, alpha, blocks, treatments = 10000, 0.05, 12, 5
	difference := CriticalDifference(treatments, blocks, alpha)
	rejected, apart := 0, 0
	for range trials {
		table, sums := make([][]float64, blocks), make([]float64, treatments)
		for i := range table {
			for _, j := range random.Perm(treatments) {
				table[i] = append(table[i], float64(j+1))
				sums[len(table[i])-1] += float64(j + 1)
			}
		}
		if test, _ := Friedman(table); test.P <= alpha {
			rejected++
		}
		if (slices.Max(sums)-slices.Min(sums))/blocks >= difference {
			apart++
		}
	}
	near(t, "the rate", float64(rejected)/trials, alpha, 0.01)
	near(t, "that of Nemenyi's test", float64(apart)/trials, alpha, 0.015)
}

// The table of Demšar 2006, to which the quantiles divided by √2 are rounded, and values of another implementation.
func TestStudentizedRange(t *testing.T) {
	for i, want := range []float64{1.9599639845, 2.3437005864, 2.5690317725, 2.7277743709, 2.8497054196, 2.9483200175, 3.0308784496, 3.1017303413, 3.1636835771} {
		near(t, "q", StudentizedRange(i+2, 0.95)/math.Sqrt2, want, 1e-8)
	}
	for i, want := range []float64{1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164} {
		near(t, "q of the table", StudentizedRange(i+2, 0.95)/math.Sqrt2, want, 0.0011)
	}
	for probability, want := range map[float64]float64{0.5: 3.68591477, 0.9: 4.69410441, 0.99: 5.6452147} {
		near(t, "q of twenty", StudentizedRange(20, probability), want, 1e-7)
	}
	// Of two the range is |z| √2.
	near(t, "q of two", StudentizedRange(2, 0.99), math.Sqrt2*2.5758293035489, 1e-9)
	near(t, "the probability of 500 below 20", rangeProbability(500, 20), 1, 1e-8)
}
