package trainers

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/tensor"
	"joule/models"
)

func softplusOnHost(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// The loss is mean softplus(−G(x)) + k·mean softplus(G(y)) with G(u) = −E(u) − c − log p_n(u) − log k. Its gradient by c
// is mean σ(−G(x)) − k·mean σ(G(y)).
func TestNCELoss(t *testing.T) {
	const c = 0.7
	noise := append(append([][]float64{}, fiveNoises...), negativePoints...)
	gauss := &DiagonalGaussian{Mean: [][]float64{{0.2, -0.3}}, Std: [][]float64{{1.5, 2}}}
	box := &Uniform{Low: [][]float64{{-4, -3}}, High: [][]float64{{4, 5}}}
	densities := map[string]struct {
		noise NoiseDensity
		log   func(x []float64) float64
	}{
		"gaussian": {gauss, func(x []float64) (sum float64) {
			for k := range x {
				z := (x[k] - gauss.Mean[0][k]) / gauss.Std[0][k]
				sum -= 0.5*z*z + math.Log(gauss.Std[0][k]*math.Sqrt(2*math.Pi))
			}
			return sum
		}},
		"uniform": {box, func([]float64) float64 { return -math.Log(64) }},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, density := range densities {
			for _, k := range []int{1, 2} {
				y := noise[:k*len(fivePoints)]
				logit := func(x []float64) float64 {
					return -tilted.energy(x) - c - density.log(x) - math.Log(float64(k))
				}
				loss, slope := 0.0, 0.0
				for _, x := range fivePoints {
					loss += softplusOnHost(-logit(x)) / float64(len(fivePoints))
					slope += 1 / (1 + math.Exp(logit(x))) / float64(len(fivePoints))
				}
				for _, x := range y { // k·mean over k·B points
					loss += softplusOnHost(logit(x)) / float64(len(fivePoints))
					slope -= 1 / (1 + math.Exp(-logit(x))) / float64(len(fivePoints))
				}
				got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
					l := (&NCE{NoiseRatio: k}).Loss(net, in[2], density.noise, in[0], in[1])
					return []*graph.Node{l, graph.Gradient(l, in[2])[0], density.noise.LogProb(in[0])}
				}, fivePoints, y, c)
				near(t, fmt.Sprintf("%s, k = %d: the loss", name, k), got[0][0], loss, 1e-13)
				near(t, fmt.Sprintf("%s, k = %d: the gradient by c", name, k), got[1][0], slope, 1e-13)
				for i, x := range fivePoints {
					near(t, name+": log p_n", got[2][i], density.log(x), 1e-13)
				}
			}
		}
	})
}

// The logistic loss neither overflows nor loses its derivative, the sigmoid: at 0 as well, where it is made of pieces.
func TestSoftplus(t *testing.T) {
	x := []float64{-1e5, -100, -40, -1, 0, 1e-9, 1, 40, 100, 1e5}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Float64} {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				y := softplus(in[0])
				return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), in[0])[0]}
			}, tensor.From(x, dtype, len(x)))
			precision := 1e-15
			if dtype == dtypes.Float32 {
				precision = 1e-7
			}
			for i, x := range x {
				want := softplusOnHost(x)
				near(t, fmt.Sprintf("softplus(%v) in %s", x, dtype), got[0][i], want, precision*max(1, want))
				near(t, fmt.Sprintf("its derivative at %v in %s", x, dtype), got[1][i], 1/(1+math.Exp(-x)), precision)
			}
		}
	})
}

// With the exact energy given, c is all there is to learn, and it comes out at log Z.
//
// The estimate from n points of data and as many of noise has the variance (1/I − 2)/n, I = ∫ p·p_n/(p + p_n) (Gutmann &
// Hyvärinen 2012, theorem 3). In two dimensions Gaussian noise twice as wide as the data has I = 0.35, and uniform noise
// on a box that reaches 4.5 standard deviations 0.20: the variance is at most 3/n. The data is one such sample; the
// minibatches, of which the decaying rate averages over the last tenth at least, are another. The bound is five standard
// errors.
func TestNCELearnsLogZ(t *testing.T) {
	const size, steps, batch = 20000, 600, 256
	mean, v := []float64{1, -1}, 0.25
	spec := Spec{
		Model: &models.Quadratic{Mean: mean, Precision: [][]float64{{1 / v, 0}, {0, 1 / v}}}, Data: normalData(size, mean, v),
		Optimizer: cosine(0.05), Loop: Loop{Steps: steps, BatchSize: batch, LogEvery: steps},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, noise := range []Noise{&GaussianNoise{Scale: 2}, &UniformNoise{Scale: 1}} {
			spec.Method = &NCE{NoiseRatio: 1, Noise: noise, LearnLogZ: true}
			got := trained(t, backend, spec)
			within := 5 * math.Sqrt(3./size+3/(0.1*steps*batch))
			near(t, fmt.Sprintf("c with %T", noise), got["method.log_z"][0], math.Log(2*math.Pi*v), within)
		}
	})
}

// With noise of the data's own density, and the exact energy, G is the same at every point: c is log Z without an error.
func TestNCEWithTheDensityItself(t *testing.T) {
	const v = 0.25
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, mean := range [][]float64{{1, -1}, {1, -1, 0, 2, 3, -4}} {
			data := normalData(100, mean, v)
			data.Density = gaussian(t, mean, v)
			precision := make([][]float64, len(mean))
			for k := range precision {
				precision[k] = make([]float64, len(mean))
				precision[k][k] = 1 / v
			}
			got := trained(t, backend, Spec{
				Model: &models.Quadratic{Mean: mean, Precision: precision}, Data: data,
				Method:    &NCE{NoiseRatio: 1, Noise: &DensityNoise{}, LearnLogZ: true},
				Optimizer: cosine(0.05), Loop: Loop{Steps: 300, BatchSize: 4, LogEvery: 300},
			})
			near(t, "c/(D/2)", got["method.log_z"][0], math.Log(2*math.Pi*v), 1e-4) // D/2·log 2πv is log Z
		}
	})
}

// Without a learned c the energy itself becomes normalised: E = ½λx² with a learned λ cannot, so that c stays out of the
// parameters, and what is logged is 0.
func TestNCEWithoutLogZ(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, Spec{
			Model: models.NewQuadratic(), Method: &NCE{NoiseRatio: 2, Noise: &GaussianNoise{Scale: 1}},
			Data: normalData(20, []float64{0}, 1), Optimizer: NewOptimizer(), Loop: Loop{Steps: 2, BatchSize: 3, LogEvery: 2},
		})
		report, err := trainer.Block(2)
		if err != nil {
			t.Fatal(err)
		}
		if last := len(report.Names) - 1; report.Names[last] != "log_z" || report.Values[0][last] != 0 {
			t.Errorf("%v = %v, want a log_z of 0", report.Names, report.Values)
		}
		if _, there := parameters(t, trainer)["method.log_z"]; there {
			t.Error("log Z is among the parameters")
		}
	})
}

// Noise has no density around data that does not vary.
func TestNCENeedsSpread(t *testing.T) {
	flat := datasets.Points{N: 3, Dim: 2, Values: []float64{1, 5, 2, 5, 3, 5}}
	_, err := NewNCE().Prepare(Problem{Data: []*datasets.Set{{Train: flat}}, BatchSize: 2, DType: dtype})
	want := "method nce needs data that varies: coordinate 2 is 5 at every training point, and noise around it would have no density"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
