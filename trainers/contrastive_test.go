package trainers

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
)

// smallFlow is a normalising flow of few parameters.
func smallFlow() *models.Flow {
	flow := models.NewFlow()
	flow.Layers, flow.Hidden = 2, []int{5}
	return flow
}

// contrastiveSpecs are a small run of each method that compares points, and of nce with each noise that is fitted.
func contrastiveSpecs(t *testing.T) map[string]Spec {
	t.Helper()
	source := &datasets.GaussianMixture{Means: [][]float64{{0, 1}, {2, 0}}, Variances: []float64{1, 2}, Synthetic: datasets.Synthetic{Size: 10}}
	broad := NewMixtureNoise()
	broad.Components = 2
	methods := map[string]Method{
		"cnce": NewCNCE(), "cnce at a fixed distance": &CNCE{NoiseRatio: 2, NoiseScale: 0.3},
		"ranking_nce": NewRankingNCE(), "energy_discrepancy": NewEnergyDiscrepancy(),
		"energy_discrepancy, w = 0":    &EnergyDiscrepancy{T: 0.5, Negatives: 3},
		"flow_nce":                     &FlowNCE{NoiseRatio: 2, Flow: smallFlow(), Likelihood: 0.5},
		"adversarial, equal weights":   &Adversarial{Flow: smallFlow(), Weights: "equal", Likelihood: 0.5, EnergyL2: 0.01, GradientPenalty: 0.1},
		"nce with a full covariance":   &NCE{NoiseRatio: 2, Noise: &GaussianNoise{Scale: 1.5, Covariance: "full"}, LearnLogZ: true},
		"nce with a mixture":           &NCE{NoiseRatio: 2, Noise: broad, LearnLogZ: true},
		"ranking_nce with the density": &RankingNCE{NoiseRatio: 2, Noise: &DensityNoise{}},
		"nce with a given density":     &NCE{NoiseRatio: 1, Noise: &DensityNoise{Data: source}},
	}
	specs := map[string]Spec{}
	for name, method := range methods {
		spec := smallSpecs(t)["dsm"]
		spec.Method, spec.Loop.Precision = method, float64bits
		spec.Optimizer.Epsilon = 1e-4 // an additive constant has no gradient but rounding, which is not to become a step
		specs[name] = spec
	}
	return specs
}

// Replicas that are trained together, on data of their own, become what each becomes alone.
func TestContrastiveReplicasAreRuns(t *testing.T) {
	other := normalData(64, []float64{0, 2}, 1.5)
	other.Density = gaussian(t, []float64{0, 2}, 1.5)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, spec := range contrastiveSpecs(t) {
			if strings.HasSuffix(t.Name(), "/go") || name == "nce with a mixture" || name == "cnce" { // XLA takes long to compile
				replicasAreRuns(t, backend, name, spec, other)
			}
		}
	})
}

// constantly adds a constant to an energy.
type constantly struct {
	*models.Quadratic
	more float64
}

func (c constantly) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return graph.AddScalar(c.Quadratic.Energy(theta, x), c.more)
}

// withConstant is a net whose energy has a constant added.
func withConstant(net models.Net, more float64) models.Net {
	return models.Net{Model: constantly{net.Model.(*models.Quadratic), more}, Theta: net.Theta}
}

// correlated are n points of a Gaussian with correlated coordinates, and their mean and covariance.
func correlated(n int) (set *datasets.Set, mean []float64, cov [2][2]float64) {
	set = normalData(n, []float64{2, -1}, 1)
	for i := range set.Train.N {
		row := set.Train.Row(i)
		row[1] += 0.5 * (row[0] - 2)
	}
	mean, _ = set.Train.Moments()
	for i := range set.Train.N {
		row := set.Train.Row(i)
		for a := range cov {
			for b := range cov {
				cov[a][b] += (row[a] - mean[a]) * (row[b] - mean[b]) / float64(n)
			}
		}
	}
	return set, mean, cov
}

// Every method finds the mean and the precision of a Gaussian, some of them on XLA, too.
//
// From n points maximum likelihood knows a mean with the standard error √(Cᵢᵢ/n), and an entry of the precision Λ with
// √((ΛᵢᵢΛⱼⱼ + Λᵢⱼ²)/n). The data is one sample, of which other estimators than the moments know as much or less, and the
// decaying rate averages over the last tenth of the batches at least, which is another. The methods are given twice that
// variance, for the noise of the points that they compare with; the bound is five standard errors.
func TestContrastiveMethodsRecoverAGaussian(t *testing.T) {
	const size, steps, batch = 20000, 600, 256
	data, mean, cov := correlated(size)
	det := cov[0][0]*cov[1][1] - cov[0][1]*cov[1][0]
	precision := [2][2]float64{{cov[1][1] / det, -cov[0][1] / det}, {-cov[0][1] / det, cov[0][0] / det}}
	broad := NewMixtureNoise()
	broad.Components = 1
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, method := range map[string]Method{
			"cnce":                  &CNCE{NoiseRatio: 4, NoiseScale: 1, Relative: true},
			"ranking_nce":           NewRankingNCE(),
			"energy_discrepancy":    &EnergyDiscrepancy{T: 0.25, Negatives: 32, W: 1},
			"flow_nce":              &FlowNCE{NoiseRatio: 1, Flow: smallFlow(), Likelihood: 1},
			"adversarial":           &Adversarial{Flow: smallFlow(), Weights: "equal"},
			"adversarial, weighted": &Adversarial{Flow: smallFlow(), Weights: "importance", Likelihood: 1},
			"adversarial, defended": &Adversarial{Flow: smallFlow(), Weights: "importance", Defence: 0.2, Likelihood: 1},
			"nce, a broad mixture":  &NCE{NoiseRatio: 2, Noise: broad, LearnLogZ: true},
		} {
			if backendtest.OnXLA(backend) && !slices.Contains(onXLAToo, name) {
				continue
			}
			got := trained(t, backend, Spec{
				Model: models.NewQuadratic(), Method: method, Data: data,
				Optimizer: cosine(0.05), Loop: Loop{Steps: steps, BatchSize: batch, LogEvery: steps},
			})
			factor := mat.NewDense(2, 2, got["precision_factor"])
			var learned mat.Dense
			learned.Mul(factor, factor.T())
			five := 5 * math.Sqrt(2*(1./size+1/(0.1*steps*batch)))
			for i := range 2 {
				near(t, fmt.Sprintf("%s: mean %d", name, i), got["mean"][i], mean[i], five*math.Sqrt(cov[i][i]))
				for j := range i + 1 {
					within := five * math.Sqrt(precision[i][i]*precision[j][j]+precision[i][j]*precision[i][j])
					near(t, fmt.Sprintf("%s: precision (%d, %d)", name, i, j), learned.At(i, j), precision[i][j], within)
				}
			}
		}
	})
}

// Points are repeated in a row, and what belongs to them is taken apart in the same order, with replicas and without.
func TestPointsAndTheirOthers(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			x := in[0] // [2, 2, 1]: replicas, points
			y := repeated(x, 3)
			values := graph.ReduceSum(graph.Concatenate([]*graph.Node{x, y}, -2), -1)
			data, others := dataAndOthers(values, 3)
			one, _ := dataAndOthers(graph.Reshape(graph.Slice(values, graph.AxisElem(1)), 8), 3)
			return []*graph.Node{y, data, others, one, graph.Sub(others, graph.InsertAxes(data, -1))}
		}, [][][]float64{{{1}, {2}}, {{3}, {4}}})
		for i, want := range [][]float64{{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}, {1, 2, 3, 4}, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}, {3, 4}, make([]float64, 12)} {
			if !slices.Equal(got[i], want) {
				t.Errorf("value %d is %v, want %v", i, got[i], want)
			}
		}
	})
}

// Log-sum-exp neither overflows nor underflows, and its gradient is the softmax.
func TestLogSumExp(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			y := models.LogSumExp(in[0])
			return []*graph.Node{y, graph.Gradient(graph.ReduceAllSum(y), in[0])[0]}
		}, [][]float64{{1e4, 1e4 + 1}, {-1e4, -1e4 - 1}, {0, -1e6}})
		e := math.Log1p(math.Exp(-1))
		for i, want := range []float64{1e4 + 1 + e, -1e4 + e, 0} {
			near(t, "log Σ exp", got[0][i], want, 1e-11)
		}
		p := 1 / (1 + math.Exp(-1))
		for i, want := range []float64{1 - p, p, p, 1 - p, 1, 0} {
			near(t, "a softmax", got[1][i], want, 1e-11)
		}
	})
}

// givenNoise takes the draws themselves for noise points.
type givenNoise struct{ NoiseDensity }

func (givenNoise) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	return draws.Normal(shape)
}

// normalReplicas are as many sets of two coordinates.
func normalReplicas(n int) (sets []*datasets.Set) {
	for range n {
		sets = append(sets, normalData(8, []float64{0, 0}, 1))
	}
	return sets
}
