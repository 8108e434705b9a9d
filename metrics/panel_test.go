package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
)

// eachPanel runs a test with a panel on both backends.
func eachPanel(t *testing.T, test func(t *testing.T, p *Panel)) {
	t.Helper()
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		p := NewPanel(backend)
		defer p.Close()
		test(t, p)
	})
}

// gaussian draws points of N(mean, std² I).
func gaussian(r *rand.Rand, n int, std float64, mean ...float64) datasets.Points {
	points := datasets.NewPoints(n, len(mean))
	for i := range points.Values {
		points.Values[i] = mean[i%len(mean)] + std*r.NormFloat64()
	}
	return points
}

// shuffled are the same points in another order.
func shuffled(r *rand.Rand, points datasets.Points) datasets.Points {
	return points.Rows(r.Perm(points.N))
}

// shifted are points all moved alike.
func shifted(points datasets.Points, by ...float64) datasets.Points {
	moved := datasets.NewPoints(points.N, points.Dim)
	for i, v := range points.Values {
		moved.Values[i] = v + by[i%len(by)]
	}
	return moved
}

func isNear(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v ± %v", what, got, want, tolerance)
	}
}

// sortedDistances are those of all different points.
func sortedDistances(points datasets.Points) []float64 {
	var distances []float64
	for i := range points.N {
		for j := range i {
			q := 0.0
			for k, v := range points.Row(i) {
				q += math.Pow(v-points.Row(j)[k], 2)
			}
			distances = append(distances, math.Sqrt(q))
		}
	}
	slices.Sort(distances)
	return distances
}

// The median is that of the distances in order, the upper one of two, for any number of points.
func TestMedianDistance(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{2, 3, 5, 100, 129, 512} {
			points := gaussian(r, n, 2, 3, -1, 7)
			got, err := p.MedianDistance(points)
			if err != nil {
				t.Fatal(err)
			}
			isNear(t, "the median", got, sortedDistances(points)[n*(n-1)/4], 1e-6*got)
		}
		for name, points := range map[string]datasets.Points{
			"at one place":      {N: 3, Dim: 1, Values: []float64{1e3 + 0.1, 1e3 + 0.1, 1e3 + 0.1}},
			"most at one place": {N: 5, Dim: 2, Values: []float64{0.1, 0.7, 0.1, 0.7, 0.1, 0.7, 0.1, 0.7, 3, 4}},
		} {
			if got, err := p.MedianDistance(points); err != nil || got != 0 {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		if _, err := p.MedianDistance(datasets.NewPoints(1, 2)); err == nil {
			t.Error("one point has a distance")
		}
		// Of more points than are compared, evenly spaced ones stand for all.
		many := gaussian(r, 3000, 1, 0, 0)
		got, err := p.MedianDistance(many)
		if err != nil {
			t.Fatal(err)
		}
		isNear(t, "the median of many", got, math.Sqrt(4*math.Ln2), 0.12) // ‖x − y‖²/2 is χ² with two degrees of freedom
	})
}

// A program serves all numbers of points up to the next power of two, and a panel that is closed can be used again.
func TestPanelPrograms(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		r := rand.New(rand.NewPCG(3, 4))
		for n := 130; n < 250; n += 10 {
			points := gaussian(r, n, 1, 0, 0)
			if _, err := p.KSDOfScores(points, points.Values, NewKSD()); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.Programs(); got != 2 { // the median and the sums
			t.Errorf("%d programs, want 2", got)
		}
		p.Close()
		if got := p.Programs(); got != 0 {
			t.Errorf("%d programs of a closed panel", got)
		}
		if _, err := p.MedianDistance(gaussian(r, 5, 1, 0)); err != nil || p.Programs() != 1 {
			t.Errorf("after closing: %v", err)
		}
	})
}

// Calls from several goroutines take turns.
func TestPanelTakesTurns(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		points := gaussian(rand.New(rand.NewPCG(5, 6)), 200, 1, 0, 0)
		want, err := p.KSDOfScores(points, points.Values, NewKSD())
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got, err := p.KSDOfScores(points, points.Values, NewKSD()); err != nil || *got != *want {
					t.Errorf("%+v, want %+v; %v", got, want, err)
				}
			})
		}
		all.Wait()
	})
}

// One density's program is kept at a time, whatever the number of densities.
func TestLogDensities(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		points := gaussian(rand.New(rand.NewPCG(5, 6)), 50, 1, 0, 0)
		for i := range 5 {
			m, err := datasets.NewIsotropic([]float64{1}, [][]float64{{float64(i), 0}}, []float64{2})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				logs, err := p.LogDensities(m, points)
				if err != nil || len(logs) != points.N {
					t.Fatal(len(logs), err)
				}
				for k, got := range logs {
					isNear(t, "log p", got, m.LogProb(points.Row(k)), 1e-5)
				}
			}
			if p.Programs() != 1 {
				t.Errorf("%d programs", p.Programs())
			}
		}
	})
}

// A graph that cannot be built is an error that names the figure.
func TestPanelErrors(t *testing.T) {
	p := NewPanel(backendtest.Open(t, "go"))
	_, err := p.run("x", func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Add(in[0], graph.Const(in[0].Graph(), 1.0))}
	}, whole(1))
	if err == nil {
		t.Fatal("no error")
	}
}
