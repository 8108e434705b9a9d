package trainers

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
	"joule/samplers"
)

// The power method finds the largest singular values, and the gradient of their squares is 2σ·uvᵀ.
func TestSpectral(t *testing.T) {
	w := [][]float64{{2, -1, 0.5}, {0.3, 1.5, -0.2}}
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(2, 3, []float64{2, -1, 0.5, 0.3, 1.5, -0.2}), mat.SVDThin) {
		t.Fatal("no singular values")
	}
	sigma := svd.Values(nil)[0]
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	parameters := []models.Parameter{{Name: "bias", Shape: []int{3}}, {Name: "weight", Shape: []int{2, 3}}, {Name: "cube", Shape: []int{1, 2, 3}}}
	matrices := matricesOf(parameters)
	if len(matrices) != 1 || matrices[0].name != "weight" || matrices[0].columns != 3 {
		t.Fatalf("the matrices are %v", matrices)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, scale := range []float64{1, 3} { // also of the second of two replicas
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				w, vector := in[0], in[1]
				both := graph.Stack([]*graph.Node{w, graph.MulScalar(w, scale)}, 0)
				vectors := []*graph.Node{graph.Stack([]*graph.Node{vector, vector}, 0)}
				var sum *graph.Node
				for range 60 {
					sum, vectors = spectral(matrices, []*graph.Node{nil, both}, vectors)
				}
				return []*graph.Node{sum, graph.Gradient(graph.ReduceAllSum(sum), both)[0]}
			}, w, []float64{1, 0.2, 0.7})
			near(t, "the largest singular value squared", got[0][0], sigma*sigma, 1e-9)
			near(t, "that of the second replica", got[0][1], scale*scale*sigma*sigma, 1e-9)
			for i := range 2 {
				for j := range 3 {
					want := 2 * sigma * u.At(i, 0) * v.At(j, 0)
					near(t, "the gradient", got[1][3*i+j], want, 1e-6)
					near(t, "the gradient of the second replica", got[1][6+3*i+j], scale*want, 1e-6)
				}
			}
		}
	})
}

// contrastOf is the objective of chains from the batch, of a quadratic energy.
func contrastOf(t *testing.T, settings Contrast) *contrast {
	t.Helper()
	objective, err := (&CD{settings}).Prepare(Problem{
		Data: []*datasets.Set{normalData(16, []float64{0, 0}, 1)}, Model: models.NewQuadratic(), BatchSize: 5, Devices: 1, DType: dtype,
	})
	if err != nil {
		t.Fatal(err)
	}
	return objective.(*contrast)
}

// A matrix that is 0 at first, as some layers are, has no direction: the vector waits for one.
func TestSpectralOfZeros(t *testing.T) {
	matrices := []matrix{{index: 0, columns: 2}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			_, vectors := spectral(matrices, []*graph.Node{graph.ZerosLike(in[0])}, []*graph.Node{in[1]})
			sum := vectors[0]
			for range 30 {
				sum, vectors = spectral(matrices, []*graph.Node{in[0]}, vectors)
			}
			return []*graph.Node{sum}
		}, [][]float64{{3, 0}, {0, 1}}, []float64{0.5, 0.5})
		near(t, "the largest singular value squared", got[0][0], 9, 1e-9)
	})
}

// A flat energy accepts every proposal, and yet the step size stays near what the settings say.
func TestContrastBoundsStepSize(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		adapting := &samplers.MALA{Steps: 20, StepSize: 0.05, TargetAcceptance: 0.6}
		trainer := newTrainer(t, backend, Spec{
			Model: &models.MLP{Hidden: []int{8}, Activation: "silu"}, Data: normalData(64, []float64{0, 0}, 1), Optimizer: NewOptimizer(), Seed: 1,
			Method: &PCD{InitStd: 1, BufferSize: 64, Contrast: Contrast{Sampler: adapting}},
			Loop:   Loop{Steps: 60, BatchSize: 64, LogEvery: 1},
		})
		largest := 0.0
		if err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error {
			largest = max(largest, r.Values[0][slices.Index(r.Names, "step_scale")])
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		if !(largest > 5 && largest <= maxStepSize) {
			t.Errorf("the step size was multiplied by up to %v", largest)
		}
	})
}

// The penalty of gradients is half their squared norm, at the data and at the negatives, one further on; noise is added to
// the data before all else.
func TestContrastPenalties(t *testing.T) {
	const gamma, noise = 0.7, 0.5
	objective := contrastOf(t, Contrast{GradientPenalty: gamma, DataNoise: noise, Sampler: counted(1)})
	want, data, samples := 0.0, 0.0, 0.0
	for i, point := range fivePoints {
		x := []float64{point[0] + noise*fiveNoises[i][0], point[1] + noise*fiveNoises[i][1]}
		y := []float64{x[0] + 1, x[1] + 1}
		data, samples = data+tilted.energy(x)/5, samples+tilted.energy(y)/5
		for _, at := range [][]float64{x, y} {
			s := tilted.score(at)
			want += gamma / 2 * (s[0]*s[0] + s[1]*s[1]) / 5
		}
	}
	want += data - samples
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			given := graph.InsertAxes(in[1], 0)
			out := objective.Loss(Input{Net: net, Batch: in[0], Draws: random.NewReplay(given.Graph(), given, nil)})
			return append([]*graph.Node{out.Loss}, out.Metrics...)
		}, fivePoints, fiveNoises)
		near(t, "the loss", got[0][0], want, 1e-12)
		near(t, "energy_data", got[1][0], data, 1e-12)
		near(t, "energy_samples", got[2][0], samples, 1e-12)
		near(t, "energy_gap", got[3][0], samples-data, 1e-12)
	})
}

// While it warms up, the step size is its share of the steps: gradient descent moves by so much of the score.
func TestContrastStepWarmup(t *testing.T) {
	const epsilon, warmup = 0.1, 4
	objective := contrastOf(t, Contrast{StepWarmup: warmup, Sampler: &samplers.Langevin{Steps: 1, StepSize: epsilon}})
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for step, share := range []float64{0.25, 0.5, 0.75, 1, 1} {
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				_, end, _ := objective.chains(Input{Net: net, Batch: in[0], Step: in[1], Draws: random.NewReplay(in[0].Graph(), nil, nil)})
				return []*graph.Node{end.X}
			}, fivePoints, int32(step))[0]
			for i, x := range fivePoints {
				s := tilted.score(x)
				for k := range x {
					near(t, "a chain", got[2*i+k], x[k]+share*epsilon*s[k], 1e-12)
				}
			}
		}
	})
}

// The step size of a sampler that adapts follows the acceptance from step to step, and is kept with the run. The energy
// hardly moves meanwhile.
func TestContrastAdaptsStepSize(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, stepSize := range []float64{0.3, 20} {
			optimizer := NewOptimizer()
			optimizer.LearningRate = 1e-9
			trainer := newTrainer(t, backend, Spec{
				Model: models.NewQuadratic(), Data: normalData(64, []float64{0, 0}, 1), Optimizer: optimizer, Seed: 1,
				Method: &PCD{InitStd: 1, BufferSize: 256, Contrast: Contrast{
					Sampler: &samplers.MALA{Steps: 10, StepSize: stepSize, TargetAcceptance: 0.6}}},
				Loop: Loop{Steps: 200, BatchSize: 64, LogEvery: 20},
			})
			var last map[string]float64
			if err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error {
				last = map[string]float64{}
				for i, name := range r.Names {
					last[name] = r.Values[0][i]
				}
				return nil
			}}); err != nil {
				t.Fatal(err)
			}
			// 20 steps of 10 transitions of 64 chains: the standard error is below 0.005.
			near(t, "the acceptance", last["acceptance"], 0.6, 0.03)
			if scale := last["step_scale"]; !(scale > 0) || math.Abs(math.Log(scale*stepSize)) > 2 {
				t.Errorf("a step size of %v was multiplied by %v", stepSize, scale)
			}
		}
	})
}

// picky is a sampler that fits no model.
type picky struct{ counting }

func (picky) Fit(models.Energy) error { return errors.New("no model will do") }

// A sampler that a model does not fit is refused before anything is compiled.
func TestContrastRefusesSampler(t *testing.T) {
	_, err := (&CD{Contrast{Sampler: picky{counted(1)}}}).Prepare(Problem{Data: []*datasets.Set{normalData(16, []float64{0, 0}, 1)}, Model: models.NewQuadratic(), BatchSize: 5, Devices: 1})
	if err == nil || err.Error() != "no model will do" {
		t.Errorf("error %v", err)
	}
	data := normalData(16, []float64{0, 0}, 1)
	for _, test := range []struct {
		sampler       samplers.Sampler
		batch, shared int
		data          []*datasets.Set
		want          string
	}{
		{samplers.NewSVGD(), 20000, 1, []*datasets.Set{data}, "train.batch_size 20000 has a chain for each point: method.sampler: " +
			"a sampler of kind svgd compares every chain with every other, and 20000 are too many: at most 16384"},
		{samplers.NewSVGD(), 10000, 1, []*datasets.Set{data, data, data, data}, "train.batch_size 10000 has a chain for each point: method.sampler: " +
			"a sampler of kind svgd compares every chain with every other, and 10000 in each of 4 replicas are too many: at most 8192"},
		{samplers.NewEnsemble(), 3, 1, []*datasets.Set{data}, "train.batch_size 3 has a chain for each point: method.sampler: " +
			"a sampler of kind ensemble lets chains jump by the differences of others, and 3 are too few: at least 4"},
		{samplers.NewEnsemble(), 6, 2, []*datasets.Set{data}, "train.batch_size 6 has a chain for each point, shared by 2 devices: method.sampler: " +
			"a sampler of kind ensemble lets halves of the chains jump in turn, and 2 devices cannot share the halves of 6 evenly: want a multiple of 4"},
	} {
		_, err := (&CD{Contrast{Sampler: test.sampler}}).Prepare(Problem{Data: test.data, Model: models.NewQuadratic(), BatchSize: test.batch / test.shared, Devices: test.shared})
		if err == nil || err.Error() != test.want {
			t.Errorf("error %v\nwant  %s", err, test.want)
		}
	}
}
