package trainers

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
	"joule/samplers"
)

// kernel is what samplers that need nothing have in common.
type kernel struct{}

func (kernel) Fit(models.Energy) error { return nil }
func (kernel) Cost() samplers.Cost     { return samplers.Cost{} }

func (kernel) Start(_ models.Net, x *graph.Node, _ random.Draws) samplers.State {
	return samplers.State{X: x}
}

// counting is a sampler that counts: it moves a chain by 1 in every coordinate.
type counting struct {
	kernel
	steps int
}

func counted(steps int) counting { return counting{steps: steps} }

func (c counting) Length() int { return c.steps }

func (counting) Transition(_ models.Net, s samplers.State, _ samplers.Clock, _ random.Draws) samplers.State {
	s.X = graph.OnePlus(s.X)
	return s
}

var negativePoints = [][]float64{{1, 1}, {-2, 0.5}, {0.3, -0.4}, {2, 2}, {0, 3}}

// The loss is mean E(x⁺) − mean E(x⁻) + α(mean E(x⁺)² + mean E(x⁻)²). With dE/dμ = −Λ(x−μ), which is the score, its
// gradient is a difference of means; what the negatives depend on does not come into it.
func TestMLELoss(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, alpha := range []float64{0, 0.1} {
			n := float64(len(fivePoints))
			loss, gradient := 0.0, [2]float64{}
			for sign, points := range map[float64][][]float64{1: fivePoints, -1: negativePoints} {
				for _, x := range points {
					e, s := tilted.energy(x), tilted.score(x)
					loss += (sign*e + alpha*e*e) / n
					for k := range s {
						gradient[k] += (sign + 2*alpha*e) * s[k] / n
					}
				}
			}
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				// The negatives move with the mean, by 0: a gradient through them would show.
				moved := graph.Sub(net.Theta[0], graph.StopGradient(net.Theta[0]))
				negatives := graph.Add(in[1], graph.InsertAxes(moved, 0))
				l := (&Contrast{EnergyL2: alpha}).Loss(net, in[0], negatives)
				return append([]*graph.Node{l}, graph.Gradient(l, net.Theta...)...)
			}, fivePoints, negativePoints)
			near(t, "the loss", got[0][0], loss, 1e-13)
			near(t, "the gradient by the first coordinate of the mean", got[1][0], gradient[0], 1e-13)
			near(t, "the gradient by the second coordinate of the mean", got[1][1], gradient[1], 1e-13)
		}
	})
}

// Chains start from noise of the standard deviation asked for, or from the batch, and are moved by the sampler.
func TestMLEStarts(t *testing.T) {
	const steps, std = 3, 0.5
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for init, want := range map[string]func(point, z float64) float64{
			"noise": func(_, z float64) float64 { return std*z + steps },
			"data":  func(point, _ float64) float64 { return point + steps },
		} {
			method := &MLE{Init: init, PCD: PCD{InitStd: std, Contrast: Contrast{Sampler: counted(steps)}}}
			objective, err := method.Prepare(Problem{Data: []*datasets.Set{normalData(16, []float64{0, 0}, 1)}, BatchSize: 5, Devices: 1, DType: dtype})
			if err != nil {
				t.Fatal(err)
			}
			got := tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
				given := graph.InsertAxes(in[1], 0)
				_, end, state := objective.(*contrast).chains(Input{Net: net, Batch: in[0], Draws: random.NewReplay(given.Graph(), given, nil)})
				if len(state) != 0 || len(objective.State()) != 0 {
					t.Errorf("init %s has a state", init)
				}
				return []*graph.Node{end.X}
			}, fivePoints, fiveNoises)[0]
			for i, point := range fivePoints {
				for k := range point {
					near(t, "a negative from "+init, got[2*i+k], want(point[k], fiveNoises[i][k]), 1e-14)
				}
			}
		}
	})
}

// persistent is a run with so many chains, and a batch of 4.
func persistent(chains int, restart float64, sampler samplers.Sampler) Spec {
	return Spec{
		Model:     models.NewQuadratic(),
		Method:    &PCD{InitStd: 2, BufferSize: chains, RestartFraction: restart, Contrast: Contrast{Sampler: sampler}},
		Optimizer: NewOptimizer(), Data: normalData(16, []float64{0, 0}, 1),
		Loop: Loop{Steps: 100, BatchSize: 4, LogEvery: 100}, Seed: 3,
	}
}

// chains are the persistent chains of a run.
func chains(t *testing.T, trainer *Trainer) []float64 {
	t.Helper()
	values, err := tensor.Values(trainer.crews[0].states[0][trainer.program.atCarried()])
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// The chains wait in a queue: every one is moved once in a round, none twice, whatever the batch.
func TestMLEPersistentChainsTakeTurns(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, test := range []struct{ chains, steps, rounds int }{{12, 3, 1}, {4, 2, 2}, {10, 5, 2}} {
			trainer := newTrainer(t, backend, persistent(test.chains, 0, counted(1)))
			want := chains(t, trainer)
			if _, err := trainer.Block(test.steps); err != nil {
				t.Fatal(err)
			}
			for i := range want {
				for range test.rounds {
					want[i] = float64(float32(want[i]) + 1)
				}
			}
			// After whole rounds the queue is in its first order again.
			if got := chains(t, trainer); !slices.Equal(got, want) {
				t.Errorf("%d chains after %d steps of 4: %v, want %v", test.chains, test.steps, got, want)
			}
		}
		trainer := newTrainer(t, backend, persistent(12, 0, counted(1)))
		before := chains(t, trainer)
		if _, err := trainer.Block(1); err != nil {
			t.Fatal(err)
		}
		if after := chains(t, trainer); !slices.Equal(after[:16], before[8:]) {
			t.Errorf("one step moved chains that were not its turn: %v, then %v", before, after)
		}
	})
}

// Many updates that do not move the chains leave all of them in the buffer, each once: they go back to where there is room for them.
func TestMLEBufferKeepsEveryChain(t *testing.T) {
	const size, steps = 1000, 200 // of 32 chains: six rounds, and a part of one
	spec := persistent(size, 0, counted(0))
	spec.Loop.BatchSize = 32
	inOrder := func(chains []float64) [][]float64 {
		return slices.SortedFunc(slices.Chunk(chains, 2), slices.Compare)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		want := inOrder(chains(t, trainer))
		if _, err := trainer.Block(steps); err != nil {
			t.Fatal(err)
		}
		got := inOrder(chains(t, trainer))
		if !reflect.DeepEqual(got, want) {
			t.Error("the chains in the buffer are others than before")
		}
		if distinct := slices.CompactFunc(got, slices.Equal); len(distinct) != size {
			t.Errorf("%d of %d chains are different", len(distinct), size)
		}
	})
}

// losing is a sampler that leaves the first chain at a place of its own.
type losing struct {
	kernel
	at float64
}

func (losing) Length() int { return 1 }

func (l losing) Transition(_ models.Net, s samplers.State, _ samplers.Clock, _ random.Draws) samplers.State {
	isFirst := graph.Equal(graph.Iota(s.X.Graph(), s.X.Shape(), -2), graph.ZerosLike(s.X))
	s.X = graph.Where(isFirst, graph.MulScalar(graph.OnesLike(s.X), l.at), s.X)
	return s
}

// A chain that is not finite makes no finite loss: the step is sick, though no bounds are asked for, and nothing is reported. That
// holds for an energy that is finite everywhere, too.
func TestMLEStopsAtLostChains(t *testing.T) {
	energies := map[string]models.Energy{"quadratic": models.NewQuadratic(), "bounded": &models.MLP{Hidden: []int{4}, Activation: "tanh"}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, energy := range energies {
			for _, at := range []float64{math.NaN(), math.Inf(1)} {
				spec := persistent(8, 0, losing{at: at})
				spec.Model, spec.Loop.LogEvery = energy, 1
				trainer := newTrainer(t, backend, spec)
				err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error {
					if r.Values[0] != nil {
						t.Errorf("%s, a chain at %v: reported %v", name, at, r.Values[0])
					}
					return nil
				}})
				var diverged *DivergedError
				if !errors.As(err, &diverged) || diverged.Step != 1 {
					t.Errorf("%s, a chain at %v: error %v, want that step 1 is sick", name, at, err)
				}
			}
		}
	})
}

// Chains that are restarted start anew from noise: with a fraction of 1 they never get further than one run. Their
// number is binomial; the bounds are five standard errors.
func TestMLERestartsChains(t *testing.T) {
	const batch, steps, far = 64, 16, 100 // a chain that is moved is 100 further on
	const chainCount = batch * steps
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, fraction := range []float64{0.25, 1} {
			spec := persistent(chainCount, fraction, counted(far))
			spec.Loop.BatchSize = batch
			trainer := newTrainer(t, backend, spec)
			for range 2 { // two rounds
				if _, err := trainer.Block(steps); err != nil {
					t.Fatal(err)
				}
			}
			restarted := 0.0
			got := chains(t, trainer)
			for i := 0; i < len(got); i += 2 {
				if got[i] < 1.5*far { // moved once since the last restart, not twice
					restarted++
				}
				if math.Abs(got[i]-got[i+1]) > 20 { // noise of standard deviation 2
					t.Errorf("a chain is at %v: its coordinates did not restart together", got[i:i+2])
				}
			}
			near(t, "the fraction of chains restarted in the second round", restarted/chainCount, fraction,
				5*math.Sqrt(fraction*(1-fraction)/chainCount))
		}
	})
}

// What starts in the buffer is noise of the standard deviation asked for: five standard errors, and no two chains alike.
func TestMLEBufferStartsAsNoise(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := chains(t, newTrainer(t, backend, persistent(2000, 0, counted(1))))
		n, sum := float64(len(got)), 0.0
		for _, x := range got {
			sum += x * x
		}
		near(t, "the standard deviation", math.Sqrt(sum/n), 2, 5*2/math.Sqrt(2*n))
		if distinct := slices.Compact(slices.Sorted(slices.Values(got))); len(distinct) < len(got)-2 {
			t.Errorf("%d of %d numbers are different", len(distinct), len(got))
		}
	})
}

func TestMLEBufferHoldsABatch(t *testing.T) {
	m := &MLE{Init: "persistent", PCD: PCD{BufferSize: 64}}
	_, err := m.Prepare(Problem{BatchSize: 65, Devices: 1})
	if want := "method.buffer_size is 64, less than train.batch_size 65: each step moves one batch of chains"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	for _, fits := range []*MLE{{"persistent", PCD{BufferSize: 65}}, {"noise", PCD{BufferSize: 64}}, {"data", PCD{BufferSize: 64}}} {
		fits.Sampler = counted(1)
		if _, err := fits.Prepare(Problem{Data: []*datasets.Set{normalData(16, []float64{0, 0}, 1)}, BatchSize: 65, Devices: 1}); err != nil {
			t.Errorf("%s with %d chains: %v", fits.Init, fits.BufferSize, err)
		}
	}
}

// Maximum likelihood makes the chains' distribution that of the data, step bias and all: unadjusted Langevin steps at a
// precision Λ have the covariance (Λ(I − ½εΛ))⁻¹, and Λ is learned so that this is the data's. In the narrow direction Λ
// then is 22 % more than the inverse of the data's variance.
//
// The standard error of a covariance from n points is √((CᵢᵢCⱼⱼ + Cᵢⱼ²)/n), that of a mean √(Cᵢᵢ/n); data and chains
// contribute one each. The decaying rate averages over the last tenth of the points at least. The bounds are five
// standard errors.
func TestMLELearnsAGaussian(t *testing.T) {
	const epsilon, steps, batch = 0.2, 500, 256
	data := normalData(4000, []float64{2, -1}, 1)
	for i := range data.Train.N {
		row := data.Train.Row(i)
		row[1] += 0.4 * (row[0] - 2) // correlated coordinates
	}
	mean, std := data.Train.Moments()
	cov := [2][2]float64{{std[0] * std[0], 0}, {0, std[1] * std[1]}}
	for i := range data.Train.N {
		row := data.Train.Row(i)
		cov[0][1] += (row[0] - mean[0]) * (row[1] - mean[1]) / float64(data.Train.N)
	}
	cov[1][0] = cov[0][1]
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := trained(t, backend, Spec{
			Model:  models.NewQuadratic(),
			Method: &PCD{InitStd: 1, BufferSize: 512, Contrast: Contrast{Sampler: samplers.NewULA(10, epsilon)}},
			Data:   data, Optimizer: cosine(0.05), Loop: Loop{Steps: steps, BatchSize: batch, LogEvery: steps},
		})
		factor := mat.NewDense(2, 2, got["precision_factor"])
		var precision, chains mat.Dense
		precision.Mul(factor, factor.T())
		chains.Mul(&precision, &precision)
		chains.Scale(-epsilon/2, &chains)
		chains.Add(&chains, &precision)
		if err := chains.Inverse(&chains); err != nil {
			t.Fatal(err)
		}
		n := 0.1 * steps * batch
		for i := range 2 {
			near(t, fmt.Sprintf("mean %d", i), got["mean"][i], mean[i], 5*math.Sqrt(2*cov[i][i]/n))
			for j := range i + 1 {
				within := 5 * math.Sqrt(2*(cov[i][i]*cov[j][j]+cov[i][j]*cov[i][j])/n)
				near(t, fmt.Sprintf("the chains' covariance (%d, %d)", i, j), chains.At(i, j), cov[i][j], within)
			}
		}
	})
}
