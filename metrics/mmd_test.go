package metrics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"joule/datasets"
)

// Two points and three by hand, with two widths.
func TestMMDByHand(t *testing.T) {
	k := func(q float64) float64 { return (math.Exp(-q/2) + math.Exp(-q/8)) / 2 }
	want := k(1) + 2*(k(1)+k(4)+k(9))/6 - 2*(k(4)+k(1)+k(1)+k(1)+k(0)+k(4))/6
	eachPanel(t, func(t *testing.T, p *Panel) {
		got, err := p.MMD(datasets.Points{N: 2, Dim: 1, Values: []float64{0, 1}}, datasets.Points{N: 3, Dim: 1, Values: []float64{2, 1, -1}}, MMD{Bandwidth: 1, Factors: []float64{1, 2}})
		if err != nil {
			t.Fatal(err)
		}
		isNear(t, "MMD²", got, want, 1e-6)
	})
}

// Of Gaussians N(μ, σ² I) and N(ν, τ² I) the mean of a Gaussian kernel of width ℓ is (ℓ²/(ℓ² + σ² + τ²))^(d/2)
// exp(−‖μ − ν‖²/(2(ℓ² + σ² + τ²))). The estimate is without bias, also of 0.
func TestMMDOfGaussians(t *testing.T) {
	const dim, width = 3, 1.3
	kernel := func(apart, variances float64) float64 {
		return math.Pow(width*width/(width*width+variances), dim/2.) * math.Exp(-apart*apart/(2*(width*width+variances)))
	}
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, c := range []struct{ apart, std float64 }{{0, 1}, {0.5, 1}, {0, 1.5}, {1, 0.5}} {
			want := kernel(0, 2) + kernel(0, 2*c.std*c.std) - 2*kernel(c.apart, 1+c.std*c.std)
			var got []float64
			for range 100 {
				squared, err := p.MMD(gaussian(r, 90, c.std, c.apart, 0, 0), gaussian(r, 130, 1, 0, 0, 0), MMD{Bandwidth: width / 2, Factors: []float64{2}})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, squared)
			}
			mean, std := stat.MeanStdDev(got, nil)
			isNear(t, "the mean of MMD²", mean, want, 4*std/10)
			if c.apart == 1 && !(4*std/10 < 0.1*want) {
				t.Errorf("a tolerance of %v for %v says nothing", 4*std/10, want)
			}
		}
	})
}

// Neither the order of points nor where they are counts; with a bandwidth given, nor which are the points of reference. Several blocks of
// pairs add up to what float64 makes of them.
func TestMMDInvariances(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(3, 4))
		a, b := gaussian(r, 900, 1, 0, 0), gaussian(r, 400, 2, 1, 0)
		of := func(a, b datasets.Points, m MMD) float64 {
			squared, err := p.MMD(a, b, m)
			if err != nil {
				t.Fatal(err)
			}
			return squared
		}
		want := of(a, b, NewMMD())
		isNear(t, "MMD² in another order", of(shuffled(r, a), shuffled(r, b), NewMMD()), want, 1e-6)
		isNear(t, "MMD² far away", of(shifted(a, 1e4, -1e4), shifted(b, 1e4, -1e4), NewMMD()), want, 1e-6)
		given := MMD{Bandwidth: sortedDistances(b)[400*399/4], Factors: []float64{1, 0.5, 0.25, 4, 2}}
		isNear(t, "MMD² with the median distance of the reference given", of(a, b, given), want, 1e-6)
		isNear(t, "MMD² the other way round", of(b, a, given), want, 1e-6)
		kernel := func(a, b datasets.Points) (sum float64) {
			for i := range a.N {
				for j := range b.N {
					q := math.Pow(a.Row(i)[0]-b.Row(j)[0], 2) + math.Pow(a.Row(i)[1]-b.Row(j)[1], 2)
					for _, c := range given.Factors {
						sum += math.Exp(-q/(2*math.Pow(c*given.Bandwidth, 2))) / 5
					}
				}
			}
			return sum
		}
		exact := (kernel(a, a)-900)/(900*899) + (kernel(b, b)-400)/(400*399) - 2*kernel(a, b)/(900*400)
		isNear(t, "MMD²", want, exact, 1e-6)
	})
}

func TestMMDRefuses(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		two := datasets.Points{N: 2, Dim: 1, Values: []float64{0, 1}}
		for want, c := range map[string]struct {
			a, b datasets.Points
			how  MMD
		}{
			"the points have 2 coordinates; want 1":                                {datasets.NewPoints(3, 2), two, NewMMD()},
			"the points are 1; want at least 2":                                    {datasets.NewPoints(1, 1), two, NewMMD()},
			"the points of reference are 0; want at least 2":                       {two, datasets.NewPoints(0, 1), NewMMD()},
			"no factors of the bandwidth":                                          {two, two, MMD{}},
			"factor 0 of the bandwidth of the maximum mean discrepancy":            {two, two, MMD{Factors: []float64{1, 0}}},
			"bandwidth -1 of the maximum mean discrepancy; want a positive number": {two, two, MMD{Bandwidth: -1, Factors: []float64{1}}},
			"the median distance of the points":                                    {two, datasets.NewPoints(2, 1), NewMMD()},
		} {
			if _, err := p.MMD(c.a, c.b, c.how); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}
