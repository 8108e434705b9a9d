package measured

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/plots"
	"joule/rundir"
)

// Figures show all of the data, but along a coordinate of heavy tails; axes are called after the columns.
func TestFrame(t *testing.T) {
	const n = 4000
	r := rand.New(rand.NewPCG(1, 2))
	points := datasets.NewPoints(n, 2)
	for i := range n {
		points.Row(i)[0] = r.NormFloat64()
		points.Row(i)[1] = math.Tan(math.Pi * (r.Float64() - 0.5)) // of a Cauchy distribution
	}
	low, high := points.Range()
	m := &Run{Run: &trained.Run{Dataset: rundir.Dataset{Columns: []string{"x0", "x1"}, Min: low, Max: high}}, Set: &datasets.Set{Train: points}}
	from, to := m.frame()
	if from[0] != low[0] || to[0] != high[0] {
		t.Errorf("the normal coordinate is shown from %v to %v, and goes from %v to %v", from[0], to[0], low[0], high[0])
	}
	outside := 0
	for i := range n {
		if x := points.Row(i)[1]; x < from[1] || x > to[1] {
			outside++
		}
	}
	if !(to[1]-from[1] < (high[1]-low[1])/2) || outside < 6 || outside > 8 {
		t.Errorf("%d points are outside of the frame from %v to %v, and all go from %v to %v", outside, from[1], to[1], low[1], high[1])
	}
	if got := m.axes(); got != (plots.Axes{X: "x0", Y: "x1"}) || slices.Equal(m.Dataset.Min, from) {
		t.Errorf("axes %+v", got)
	}
}
