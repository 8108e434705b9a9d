package samplers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// twoModes is a mixture of Gaussians of variance 0.1 at (−3, 0) and (3, 1), of the weights 0.3 and 0.7.
type twoModes struct{}

func (twoModes) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (twoModes) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	joint := func(weight float64, mean []float64) *graph.Node {
		centre := graph.ExpandLeftToRank(graph.ConvertDType(graph.Const(x.Graph(), mean), x.DType()), x.Rank())
		return graph.AddScalar(graph.MulScalar(squaredNorm(graph.Sub(x, centre)), -5), math.Log(weight))
	}
	a, b := joint(0.3, []float64{-3, 0}), joint(0.7, []float64{3, 1})
	most := graph.StopGradient(graph.Max(a, b))
	return graph.Neg(graph.Add(most, graph.Log(graph.Add(graph.Exp(graph.Sub(a, most)), graph.Exp(graph.Sub(b, most))))))
}

// Chains that all start between the modes find them as they come, half and half, and jumps weigh them right; without
// jumps they stay as they are. The share is that of independent chains within five standard errors, √(0.3·0.7/n), to which
// what the chains know of each other adds little.
func TestEnsembleWeighsModes(t *testing.T) {
	const n = 4000
	start := Start{Mean: []float64{0, 0}, Std: []float64{2, 1}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, twoModes{}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		share := func(s Sampler) float64 {
			sample, err := Draw(model, s, NewSampling(), start, n, 1)
			if err != nil {
				t.Fatal(err)
			}
			left := 0.0
			for i := range n {
				if sample.Points[2*i] < 0 {
					left++
				}
			}
			if !(sample.Acceptance > 0.3 && sample.Acceptance < 0.95) {
				t.Errorf("the acceptance is %v", sample.Acceptance)
			}
			return left / n
		}
		ensemble := NewEnsemble()
		ensemble.Steps = 40
		near(t, "the share of the left mode", share(ensemble), 0.3, 5*math.Sqrt(0.21/n))
		alone := NewMALA()
		alone.Steps = 160
		if got := share(alone); got < 0.4 {
			t.Errorf("without jumps the share of the left mode is %v: the test would pass without them", got)
		}
	})
}

// Few chains that start as independent draws stay independent: the number of them in the left mode, over many replicas, keeps the
// mean and the variance of the binomial distribution. With differences that all chains share it does not.
//
// The variance of n numbers has the variance σ⁴(2 + κ)/n, where κ is the excess kurtosis, (1 − 6pq)/(Cpq).
func TestEnsembleKeepsChainsIndependent(t *testing.T) {
	const p, q = 0.3, 0.7
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for chains, replicas := range map[int]int{4: 1 << 15, 20: 1 << 13} {
			r := rand.New(rand.NewPCG(7, uint64(chains)))
			start := make([]float64, 0, 2*chains*replicas)
			for range chains * replicas {
				at := [2]float64{3, 1}
				if r.Float64() < p {
					at = [2]float64{-3, 0}
				}
				start = append(start, at[0]+math.Sqrt(0.1)*r.NormFloat64(), at[1]+math.Sqrt(0.1)*r.NormFloat64())
			}
			s := &Ensemble{Steps: 10, Local: &MALA{Steps: 1, StepSize: 0.08}, Jitter: 0.01}
			x := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{Run(s, models.Net{Model: twoModes{}}, in[1], Options{}, random.NewStream(in[0])).X}
			}, random.Seed(5, 1), tensor.From(start, dtypes.Float32, replicas, chains, 2))[0]
			n, c, sum, square := float64(replicas), float64(chains), 0.0, 0.0
			changed := 0
			for i := range replicas {
				left := 0.0
				for k := i * chains; k < (i+1)*chains; k++ {
					if x[2*k] < 0 {
						left++
					}
					if (x[2*k] < 0) != (start[2*k] < 0) {
						changed++
					}
				}
				sum, square = sum+left, square+(left-p*c)*(left-p*c)
			}
			variance := c * p * q
			near(t, fmt.Sprintf("%d chains: the mean number in the left mode", chains), sum/n, p*c, 5*math.Sqrt(variance/n))
			kurtosis := (1 - 6*p*q) / variance
			near(t, fmt.Sprintf("%d chains: its variance", chains), square/n, variance, 5*variance*math.Sqrt((2+kurtosis)/n))
			if share := float64(changed) / (n * c); share < 0.05 {
				t.Errorf("%d chains: %v of them have changed the mode: there is nothing to see", chains, share)
			}
		}
	})
}

// Every chain takes the difference of two different ones of its own replica's others.
func TestDifferences(t *testing.T) {
	const chains, others = 4, 5
	value := func(replica, i int) float64 { return float64(1000*replica + 1<<i) }
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		seen := map[float64]bool{}
		for seed := range int64(40) {
			out, err := graph.CallOnceN(backend, func(keys *graph.Node) []*graph.Node {
				rows := make([][][]float32, 2)
				for r := range rows {
					for i := range others {
						rows[r] = append(rows[r], []float32{float32(value(r, i))})
					}
				}
				y := graph.Const(keys.Graph(), rows)
				x := graph.Zeros(keys.Graph(), shapes.Make(y.DType(), 2, chains, 1))
				return []*graph.Node{differences(x, y, random.NewStream(keys))}
			}, random.Seeds([]int64{seed, seed + 100}, 1))
			if err != nil {
				t.Fatal(err)
			}
			for _, replica := range out[0].Value().([][][]float32) {
				for _, chain := range replica {
					seen[float64(chain[0])] = true
				}
			}
		}
		want := map[float64]bool{}
		for i := range others {
			for j := range others {
				if i != j {
					want[value(0, i)-value(0, j)] = true
				}
			}
		}
		for d := range seen {
			if !want[d] {
				t.Errorf("a difference is %v", d)
			}
		}
		if len(seen) < len(want) {
			t.Errorf("%d of %d differences occur", len(seen), len(want))
		}
	})
}
