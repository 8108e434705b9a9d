package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"joule/datasets"
	"joule/models"
)

// Three points by hand: with β = −½ and ℓ = 1, u(x, x) = s(x)² + 1, and for points at a distance of 1 the kernel is 1/√2, φ' is −1/(4√2) and
// φ” is 3/(16√2).
func TestKSDByHand(t *testing.T) {
	points := datasets.Points{N: 3, Dim: 1, Values: []float64{0, 1, 2}}
	scores := []float64{0.5, -1, -2}
	u := func(x, y, s, v float64) float64 {
		q := (x - y) * (x - y)
		k := 1 / math.Sqrt(1+q)
		first, second := -k/(2*(1+q)), 3*k/(4*(1+q)*(1+q))
		return s*k*v - 2*first*((s-v)*(x-y)+1) - 4*q*second
	}
	different := 2 * (u(0, 1, 0.5, -1) + u(1, 2, -1, -2) + u(0, 2, 0.5, -2))
	squares := 2 * (math.Pow(u(0, 1, 0.5, -1), 2) + math.Pow(u(1, 2, -1, -2), 2) + math.Pow(u(0, 2, 0.5, -2), 2))
	own := 3 + 0.25 + 1 + 4.
	eachPanel(t, func(t *testing.T, p *Panel) {
		d, err := p.KSDOfScores(points, scores, KSD{Exponent: -0.5, Bandwidth: 1})
		if err != nil {
			t.Fatal(err)
		}
		isNear(t, "KSD", d.KSD, math.Sqrt(different+own)/3, 1e-6)
		isNear(t, "the floor", d.Floor, math.Sqrt(own)/3, 1e-6)
		isNear(t, "the squared discrepancy", d.Squared, different/6, 1e-6)
		isNear(t, "its deviation", d.SquaredStd, math.Sqrt(2*squares)/6, 1e-6)
		if d, err = p.KSDOfScores(points, scores, NewKSD()); err != nil || math.Abs(d.Bandwidth-1) > 1e-6 {
			t.Errorf("bandwidth %v, want the median distance, 1; %v", d.Bandwidth, err)
		}
	})
}

// Of points of the very density the squared discrepancy is 0 in the mean, and varies as it says.
func TestKSDOfItsOwnScore(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(7, 8))
		const draws = 200
		var squared, stds, v, floors []float64
		for range draws {
			points := gaussian(r, 150, 2, 0, 0)
			scores := slices.Clone(points.Values)
			for i := range scores {
				scores[i] /= -4
			}
			d, err := p.KSDOfScores(points, scores, NewKSD())
			if err != nil {
				t.Fatal(err)
			}
			squared, stds = append(squared, d.Squared), append(stds, d.SquaredStd)
			v, floors = append(v, d.KSD*d.KSD), append(floors, d.Floor*d.Floor)
		}
		mean, std := stat.MeanStdDev(squared, nil)
		isNear(t, "the mean of the squared discrepancy", mean, 0, 4*std/math.Sqrt(draws))
		isNear(t, "its deviation, in the one told", std/stat.Mean(stds, nil), 1, 0.25)
		isNear(t, "the V-statistic, in its floor", stat.Mean(v, nil)/stat.Mean(floors, nil), 1, 0.1)
	})
}

// Of Gaussians that are μ apart and else alike the scores are too, by μ/σ², and the squared discrepancy is ‖μ‖²/σ⁴ E k(x, y).
func TestKSDOfAShift(t *testing.T) {
	model := &models.Quadratic{Mean: []float64{0.8, 0, -0.3}, Precision: [][]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	eachPanel(t, func(t *testing.T, p *Panel) {
		points := gaussian(rand.New(rand.NewPCG(9, 10)), 3000, 1, 0, 0, 0)
		compiled, err := models.Compile(p.backend, model, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.KSD(compiled, points, KSD{Exponent: -0.5, Bandwidth: 1.5})
		if err != nil {
			t.Fatal(err)
		}
		kernel := 0.0
		for i := range points.N / 2 {
			q := 0.0
			for k, v := range points.Row(i) {
				q += math.Pow(v-points.Row(points.N - 1 - i)[k], 2)
			}
			kernel += 1 / math.Sqrt(1+q/2.25) / float64(points.N/2)
		}
		isNear(t, "the squared discrepancy", d.Squared, 0.73*kernel, 0.06)
	})
}

// The order of points does not count, nor where they are; and a hundred thousand pairs of several blocks add up to what float64 makes of
// them.
func TestKSDInvariances(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(11, 12))
		points := gaussian(r, 1500, 1, 0, 0)
		both := datasets.NewPoints(points.N, 4) // with scores of another width
		for i := range points.N {
			copy(both.Row(i), points.Row(i))
			both.Row(i)[2], both.Row(i)[3] = -2*points.Row(i)[0], -0.5*points.Row(i)[1]
		}
		of := func(both datasets.Points, move float64) *SteinDiscrepancy {
			points, scores := datasets.NewPoints(both.N, 2), []float64(nil)
			for i := range both.N {
				copy(points.Row(i), both.Row(i)[:2])
				scores = append(scores, both.Row(i)[2:]...)
			}
			d, err := p.KSDOfScores(shifted(points, move), scores, KSD{Exponent: -0.5, Bandwidth: 1})
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		want := of(both, 0)
		for name, got := range map[string]*SteinDiscrepancy{"in another order": of(shuffled(r, both), 0), "far away": of(both, 1e4)} {
			isNear(t, "KSD "+name, got.KSD, want.KSD, 1e-4*want.KSD)
			isNear(t, "the squared discrepancy "+name, got.Squared, want.Squared, 1e-4*want.Squared)
		}
		sum := 0.0
		for i := range points.N {
			for j := range i {
				q, along, scores := 0.0, 0.0, 0.0
				for k := range 2 {
					apart, a, b := both.Row(i)[k]-both.Row(j)[k], both.Row(i)[2+k], both.Row(j)[2+k]
					q, along, scores = q+apart*apart, along+(a-b)*apart, scores+a*b
				}
				value := 1 / math.Sqrt(1+q)
				first, second := -value/(2*(1+q)), 3*value/(4*(1+q)*(1+q))
				sum += 2 * (value*scores - 2*first*(along+2) - 4*q*second)
			}
		}
		isNear(t, "the squared discrepancy", want.Squared, sum/float64(points.N*(points.N-1)), 1e-5)
	})
}

func TestKSDRefuses(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		two := datasets.Points{N: 2, Dim: 1, Values: []float64{0, 1}}
		for want, c := range map[string]struct {
			points datasets.Points
			scores []float64
			how    KSD
		}{
			"exponent 0 of the Stein discrepancy; want one between -1 and 0":                    {two, []float64{0, 0}, KSD{}},
			"bandwidth -1 of the Stein discrepancy; want a positive number, or 0":               {two, []float64{0, 0}, KSD{-0.5, -1}},
			"3 numbers are no scores of 2 points of 1 coordinates":                              {two, []float64{0, 0, 0}, NewKSD()},
			"the points are 1; want at least 2":                                                 {datasets.NewPoints(1, 1), []float64{0}, NewKSD()},
			"coordinate 1 of point 2 of the points is NaN; want finite numbers":                 {datasets.Points{N: 2, Dim: 1, Values: []float64{0, math.NaN()}}, []float64{0, 0}, NewKSD()},
			"the median distance of the points, which is the bandwidth unless one is given":     {datasets.NewPoints(2, 1), []float64{0, 0}, NewKSD()},
			"the Stein discrepancy is left out: the model's score is not finite at some points": {two, []float64{0, math.Inf(1)}, NewKSD()},
		} {
			if _, err := p.KSDOfScores(c.points, c.scores, c.how); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}
