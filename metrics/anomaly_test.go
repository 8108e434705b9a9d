package metrics

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// isotropic is E = ½‖x − m‖²/v in the plane.
func isotropic(t *testing.T, backend compute.Backend, mean, v float64) *models.Compiled {
	t.Helper()
	model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{mean, 0}, Precision: [][]float64{{1 / v, 0}, {0, 1 / v}}}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// Two Gaussians of means ±1 and variance 2 have the mean energy ¼‖x‖² + ¼ and the slope x/2.
func TestAnomalyScores(t *testing.T) {
	train := datasets.Points{N: 4, Dim: 2, Values: []float64{0, 0, 2, 0, 0, 2, 4, 0}} // mean energies ¼, 1¼, 1¼, 4¼
	points := datasets.Points{N: 3, Dim: 2, Values: []float64{2, 0, 3, 4, 0, 0}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		left, right := isotropic(t, backend, -1, 2), isotropic(t, backend, 1, 2)
		for score, want := range map[string]struct{ scores, percentiles []float64 }{
			ByEnergy:     {[]float64{1.25, 6.5, 0.25}, []float64{50, 100, 12.5}},
			ByScoreNorm:  {[]float64{1, 2.5, 0}, []float64{50, 100, 12.5}},
			ByTypicality: {[]float64{0.5, 4.75, 1.5}, []float64{25, 100, 62.5}}, // training: 1½, ½, ½, 2½
		} {
			a, err := NewAnomaly(score, train, left, right)
			if err != nil {
				t.Fatal(err)
			}
			got, err := a.Scores(points)
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range got {
				if math.Abs(s-want.scores[i]) > 1e-5 || a.Percentile(s) != want.percentiles[i] {
					t.Errorf("%s of point %d is %v at %v %%, want %v at %v %%", score, i+1, s, a.Percentile(s), want.scores[i], want.percentiles[i])
				}
			}
		}
		if _, err := NewAnomaly(ByEnergy, datasets.Points{N: 1, Dim: 2, Values: []float64{1e30, 0}}, left); err == nil || !strings.HasPrefix(err.Error(), "the training points: the score of point 1 is +Inf: ") {
			t.Errorf("an infinite energy: error %v", err)
		}
	})
	if _, err := NewAnomaly("surprise", train); err == nil || err.Error() != `there is no score "surprise"; want one of energy, score_norm, typicality` {
		t.Errorf("error %v", err)
	}
}

// More points than are scored at once come out in order.
func TestAnomalyOfManyPoints(t *testing.T) {
	const n = scoredAtOnce + 3
	points := datasets.NewPoints(n, 2)
	for i := range n {
		points.Row(i)[0] = float64(i) / n
	}
	a, err := NewAnomaly(ByScoreNorm, points, isotropic(t, backendtest.Open(t, "go"), 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Scores(points)
	if err != nil || len(got) != n {
		t.Fatalf("%d scores, %v", len(got), err)
	}
	for i, s := range got {
		if math.Abs(s-float64(i)/n) > 1e-6 {
			t.Fatalf("score %d is %v, want %v", i, s, float64(i)/n)
		}
	}
}
