package trainers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// noisyGaussian is the energy of N(0, vI) with noise of every level, but for a·log σ that should not be there. Its
// parameters v and a may be those of each point, [batch].
type noisyGaussian struct{}

func (noisyGaussian) Parameters(int) ([]models.Parameter, error) { return nil, nil }
func (noisyGaussian) Levels() (smallest, largest float64)        { return 0.1, 10 }

func (g noisyGaussian) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return g.EnergyAt(theta, x, graph.MulScalar(graph.OnesLike(graph.ReduceSum(x, -1)), 0.1))
}

func (noisyGaussian) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	dim := float64(x.Shape().Dimensions[x.Rank()-1])
	variance := graph.Add(theta[0], graph.Square(sigma))
	energy := graph.Add(graph.Div(dot(x, x), variance), graph.MulScalar(graph.Log(variance), dim))
	return graph.Add(graph.MulScalar(energy, 0.5), graph.Mul(theta[1], graph.Log(sigma)))
}

// terms are both terms of the loss for a model with v and a, in float64, each with its gradients by them point by point.
func terms(t *testing.T, backend compute.Backend, x, z [][]float64, logSigma []float64, v, a float64) (score, level [][]float64) {
	t.Helper()
	each := func(value float64) any {
		all := make([]float64, len(x))
		for i := range all {
			all[i] = value
		}
		return tensor.From(all, dtypes.Float64, len(x))
	}
	out := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
		net := models.Net{Model: noisyGaussian{}, Theta: in[3:]}
		score, level := NewMSDSM().Terms(net, in[0], in[1], in[2])
		return append(withGradients(graph.MulScalar(score, float64(len(x))), net), withGradients(graph.MulScalar(level, float64(len(x))), net)...)
	}, x, z, logSigma, each(v), each(a))
	return out[:3], out[3:]
}

// With the closed form of the derivatives, s = −y/(v+σ²) and ∂E/∂log σ = σ²(D − ‖y‖²/(v+σ²))/(v+σ²) + a.
func TestMSDSMTerms(t *testing.T) {
	const v, a = 0.7, 0.3
	logSigma := []float64{-1, 0, 0.5, 1, -0.2}
	wantScore, wantLevel := 0.0, 0.0
	for i, x := range fivePoints {
		z, sigma := fiveNoises[i], math.Exp(logSigma[i])
		variance := v + sigma*sigma
		norm, square := 0.0, 0.0
		for k := range x {
			y := x[k] + sigma*z[k]
			norm, square = norm+z[k]*z[k], square+y*y
			wantScore += 0.5 * math.Pow(z[k]-sigma*y/variance, 2)
		}
		wantLevel += 0.5 / 2 * math.Pow(sigma*sigma*(2-square/variance)/variance+a-(2-norm), 2)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		score, level := terms(t, backend, fivePoints, fiveNoises, logSigma, v, a)
		near(t, "the term of the score", score[0][0], wantScore, 1e-12)
		near(t, "the term of the level", level[0][0], wantLevel, 1e-12)
	})
}

// Both terms have their minimum at the energy of the data with noise, levels and all: with the true v and no a their mean
// gradients are 0, to five standard errors. An energy that is off by a·log σ, whose scores are right, has the gradient a/D.
func TestMSDSMMinimum(t *testing.T) {
	const n, v, dim = 40000, 0.7, 2
	r := rand.New(rand.NewPCG(8, 8))
	x, z, logSigma := make([][]float64, n), make([][]float64, n), make([]float64, n)
	for i := range x {
		x[i] = []float64{math.Sqrt(v) * r.NormFloat64(), math.Sqrt(v) * r.NormFloat64()}
		z[i] = []float64{r.NormFloat64(), r.NormFloat64()}
		logSigma[i] = math.Log(0.1) + r.Float64()*math.Log(100)
	}
	mean := func(values []float64) (mean, deviation float64) {
		squares := 0.0
		for _, x := range values {
			mean, squares = mean+x/n, squares+x*x/n
		}
		return mean, math.Sqrt((squares - mean*mean) / n)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, a := range []float64{0, 0.3} {
			score, level := terms(t, backend, x, z, logSigma, v, a)
			for name, gradient := range map[string]struct {
				each []float64
				want float64
			}{"the score by v": {score[1], 0}, "the level by a": {level[2], a / dim}} {
				got, deviation := mean(gradient.each)
				near(t, fmt.Sprintf("a = %v: the mean gradient of the term of %s", a, name), got, gradient.want, 5*deviation)
			}
			if got, deviation := mean(level[1]); a == 0 {
				near(t, "the mean gradient of the term of the level by v", got, 0, 5*deviation)
			}
		}
		score, level := terms(t, backend, x, z, logSigma, 2*v, 0)
		for name, gradients := range map[string][][]float64{"score": score, "level": level} {
			if got, deviation := mean(gradients[1]); got < 10*deviation {
				t.Errorf("with twice the variance the gradient of the term of the %s by v is %v, standard error %v: want it far above 0", name, got, deviation)
			}
		}
	})
}

// Levels are the rungs of a geometric ladder, or between them, from the smallest to the largest.
func TestMSDSMLevels(t *testing.T) {
	for levels, want := range map[int][]float64{0: {0.1, 0.1 * math.Pow(100, 0.3), 1, 0.1 * math.Pow(100, 0.9)}, 3: {0.1, 0.1, 1, 10}, 2: {0.1, 0.1, 10, 10}} {
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				m := msdsm{&MSDSM{Levels: levels}, 0.1, 10}
				x := graph.BroadcastToDims(graph.InsertAxes(in[0], -1), 4, 3)
				return []*graph.Node{m.drawn(x, random.NewReplay(x.Graph(), nil, graph.InsertAxes(in[0], 0)))}
			}, []float64{0, 0.3, 0.5, 0.9})
			for i, logSigma := range got[0] {
				near(t, fmt.Sprintf("one of %d levels", levels), math.Exp(logSigma), want[i], 1e-12)
			}
		})
	}
}

func TestMSDSMErrors(t *testing.T) {
	_, err := NewMSDSM().Prepare(Problem{Model: models.NewMLP()})
	want := `model.kind: "mlp" has no noise levels, and method msdsm learns an energy at many of them: want one that has them, such as conditional_mlp, or method dsm, which has one level and takes any model`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	got := ""
	(&MSDSM{Levels: 1}).Check(func(key, problem string) { got = key + ": " + problem })
	if want := "levels: 1 is no ladder between two levels; want 0 for a continuum, or 2 or more (dsm has a single level)"; got != want {
		t.Errorf("reported %q, want %q", got, want)
	}
}
