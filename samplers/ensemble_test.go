package samplers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
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

// Every chain takes the difference of two different ones of its own replica's others.
func TestDifferences(t *testing.T) {
	const chains, others = 4, 5
	value := func(replica, i int) float64 { return float64(1000*replica + 1<<i) }
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		seen := map[float64]bool{}
		for seed := range int64(40) {
			out, err := graph.ExecOnceN(backend, func(keys *graph.Node) []*graph.Node {
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
