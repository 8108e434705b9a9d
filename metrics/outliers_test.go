package metrics

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"joule/datasets"
	"joule/internal/backendtest"
)

// Outliers are uniform in the box of the data, half of its range wider on each side; the same ones on every backend, and the first of
// more are the same.
func TestUniformOutliers(t *testing.T) {
	data := datasets.Points{N: 3, Dim: 2, Values: []float64{0, -10, 4, 30, 1, 0}}
	var first []float64
	eachPanel(t, func(t *testing.T, p *Panel) {
		const n = 5000
		points, err := p.UniformOutliers(data, n, 3)
		if err != nil {
			t.Fatal(err)
		}
		for k, box := range [][2]float64{{-2, 6}, {-30, 50}} {
			var column []float64
			for i := range n {
				column = append(column, points.Row(i)[k])
			}
			width := box[1] - box[0]
			if low, high := slices.Min(column), slices.Max(column); low < box[0] || high > box[1] || low > box[0]+0.01*width || high < box[1]-0.01*width {
				t.Errorf("coordinate %d from %v to %v, want %v", k, low, high, box)
			}
			mean, std := stat.MeanStdDev(column, nil)
			isNear(t, "the mean", mean, box[0]+width/2, 4*width/math.Sqrt(12*n))
			isNear(t, "the deviation", std, width/math.Sqrt(12), 0.02*width)
		}
		if first == nil {
			first = points.Values
		}
		for i, v := range points.Values {
			isNear(t, "a coordinate, from that on the other backend,", v-first[i], 0, 1e-5)
		}
		few, err := p.UniformOutliers(data, 10, 3)
		if err != nil || !slices.Equal(few.Values, points.Values[:20]) {
			t.Errorf("ten are other ones: %v", err)
		}
		other, err := p.UniformOutliers(data, 10, 4)
		if err != nil || slices.Equal(few.Values, other.Values) {
			t.Errorf("the same with another seed; %v", err)
		}
	})
	if _, err := NewPanel(backendtest.Open(t, "go")).UniformOutliers(data, 0, 1); err == nil {
		t.Error("no outliers are drawn without an error")
	}
}
