package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
)

// On a quadratic energy the loss is a sum over the points, w·½‖Λ(x + σz − μ) − z/σ‖² and its mean.
func TestDSMLoss(t *testing.T) {
	const sigma = 0.4
	want := 0.0
	for i, x := range fivePoints {
		z := fiveNoises[i]
		s := tilted.score([]float64{x[0] + sigma*z[0], x[1] + sigma*z[1]})
		for k := range s {
			want += 0.5 * (s[k] + z[k]/sigma) * (s[k] + z[k]/sigma) / float64(len(fivePoints))
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			loss := func(weighting string) *graph.Node {
				return (&DSM{Sigma: sigma, Weighting: weighting}).Loss(net, in[0], in[1])
			}
			none, variance := loss("none"), loss("variance")
			return append([]*graph.Node{none, variance}, append(graph.Gradient(none, net.Theta...), graph.Gradient(variance, net.Theta...)...)...)
		}, fivePoints, fiveNoises)
		near(t, "the loss without weight", got[0][0], want, 1e-13)
		near(t, "the loss weighted by the variance", got[1][0], sigma*sigma*want, 1e-13)
		for k := range 2 {
			for j := range got[2+k] {
				near(t, "a gradient weighted by the variance", got[4+k][j], sigma*sigma*got[2+k][j], 1e-13)
			}
		}
	})
}

// DSM learns the data convolved with its noise: a quadratic energy gets the variance v + σ² of data with variance v.
//
// In one dimension its minimum is the regression of z on σ(x + σz − μ), whose slope λ = 1/(v + σ²) has from n points
// the relative standard error √(v/(nσ²)), and μ has √((v + σ²)/n · v/σ²). The decaying rate averages over the last tenth
// of the points at least. The bounds are five standard errors; without σ² in the variance λ would be 49 % off.
func TestDSMLearnsTheConvolvedDensity(t *testing.T) {
	const sigma, steps, batch = 0.7, 1200, 256
	data := normalData(4000, []float64{-1}, 1)
	mean, std := data.Train.Moments()
	v := std[0] * std[0]
	spec := Spec{
		Model: models.NewQuadratic(), Method: &DSM{Sigma: sigma, Weighting: "variance"}, Data: data,
		Optimizer: cosine(0.05), Loop: Loop{Steps: steps, BatchSize: batch, LogEvery: steps},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := trained(t, backend, spec)
		n := 0.1 * steps * batch
		want := 1 / (v + sigma*sigma)
		near(t, "the precision", square(got["precision_factor"][0]), want, 5*want*math.Sqrt(v/(n*sigma*sigma)))
		near(t, "the mean", got["mean"][0], mean[0], 5*math.Sqrt((v+sigma*sigma)*v/(n*sigma*sigma)))
	})
}

func square(x float64) float64 { return x * x }
