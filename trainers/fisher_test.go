package trainers

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// gaussian is the density N(mean, variance·I).
func gaussian(t *testing.T, mean []float64, variance float64) *datasets.Mixture {
	t.Helper()
	m, err := datasets.NewIsotropic([]float64{1}, [][]float64{mean}, []float64{variance})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Against a Gaussian with the score −(x−m)/v the loss is ½ mean ‖−Λ(x−μ) + (x−m)/v‖².
func TestFisherLoss(t *testing.T) {
	m, v := []float64{1, -2}, 0.8
	density := gaussian(t, m, v)
	want := 0.0
	for _, x := range fivePoints {
		for k, s := range tilted.score(x) {
			want += 0.5 * square(s+(x[k]-m[k])/v) / float64(len(fivePoints))
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{NewFisher().Loss(net, density, in[0])}
		}, fivePoints)
		near(t, "the loss", got[0][0], want, 1e-13)
	})
}

// A Gaussian is learned exactly: at the optimum the loss is 0 at every point, so that nothing is left to chance. Fresh
// draws from the density do as well as data, and then it does not matter what the data is.
func TestFisherLearnsAGaussian(t *testing.T) {
	mean, v := []float64{1, -2}, 0.5
	elsewhere := normalData(500, []float64{8, 8}, 0.01)
	elsewhere.Density = gaussian(t, mean, v)
	here := normalData(500, mean, v)
	here.Density = elsewhere.Density
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for points, data := range map[string]*datasets.Set{"data": here, "density": elsewhere} {
			got := trained(t, backend, Spec{
				Model: models.NewQuadratic(), Method: &Fisher{Points: points}, Data: data,
				Optimizer: cosine(0.05), Loop: Loop{Steps: 800, BatchSize: 64, LogEvery: 800},
			})
			p := learned{[2]float64(got["mean"]), [2][2]float64{[2]float64(got["precision_factor"][:2]), [2]float64(got["precision_factor"][2:])}}
			for i, row := range p.precision() {
				near(t, points+": the mean", p.mean[i], mean[i], 1e-3)
				for j := range row {
					want := 0.0
					if i == j {
						want = 1 / v
					}
					near(t, points+": the precision", row[j], want, 2e-3)
				}
			}
		}
	})
}

func TestFisherNeedsADensity(t *testing.T) {
	_, err := NewFisher().Prepare(Problem{Data: []*datasets.Set{normalData(4, []float64{0}, 1)}, BatchSize: 2, DType: dtype})
	want := "method fisher needs data with a known density: any data.kind but csv and npy, " +
		"or for a file a data.density to be fitted (kind: gaussian_mixture); dsm, nce and mle need none"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestFisherNeedsAScore(t *testing.T) {
	board, err := datasets.Kinds["checkerboard"]().Load(datasets.Env{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewFisher().Prepare(Problem{Data: []*datasets.Set{board}, BatchSize: 2, DType: dtype})
	want := "method fisher needs a density with a score, and that of this data.kind jumps: it has none; dsm, nce and mle need none"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
