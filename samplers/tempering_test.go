package samplers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// Between modes that are twelve standard deviations apart chains at one temperature never move; with hot ones beside them
// they find the weights of both.
func TestParallelTemperingBetweenModes(t *testing.T) {
	const n = 1000
	m := mixture{a: 3, v: 0.25}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c, err := models.Compile(backend, m, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		draw := func(s Sampler) []float64 {
			sample, err := Draw(c, s, NewSampling(), Start{[]float64{m.a, 0}, []float64{0.5, 0.5}}, n, 2)
			if err != nil {
				t.Fatal(err)
			}
			return sample.Points
		}
		isLeft := func(x []float64) float64 {
			if x[0] < 0 {
				return 1
			}
			return 0
		}
		alone := draw(&MALA{Steps: 400, StepSize: 0.2})
		for i := range n {
			if isLeft(alone[2*i:]) != 0 {
				t.Fatal("chains at one temperature get from mode to mode: that proves nothing")
			}
		}
		x := draw(&ParallelTempering{Steps: 400, StepSize: 0.2, Temperatures: 6, MaxTemperature: 30})
		expect(t, "the weight of the left mode", x, 2, isLeft, 0.3)
		expect(t, "the mean square", x, 2, func(x []float64) float64 { return x[0] * x[0] }, m.a*m.a+m.v)
		expect(t, "the variance of the other coordinate", x, 2, func(x []float64) float64 { return x[1] * x[1] }, m.v)
	})
}

// An exchange is one of pairs of neighbours, even and odd ones in turn, and made with its probability: both move or none,
// with all that belongs to them.
func TestParallelTemperingExchanges(t *testing.T) {
	const n, levels = 20000, 4
	s := &ParallelTempering{Temperatures: levels, MaxTemperature: 8} // 1, 2, 4, 8
	energies := []float64{-1, 0.4, 2, 1}
	var x, energy []float64 // x tells chain and level
	for level := range levels {
		for chain := range n {
			x, energy = append(x, float64(chain*levels+level)), append(energy, energies[level])
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for pass, partners := range [][]int{{1, 0, 3, 2}, {0, 2, 1, 3}} {
			out := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				temperature := s.perLevel(in[1], s.temperature)
				at := Clock{Pass: graph.Const(in[0].Graph(), int32(pass+4))}
				return s.exchanged([]*graph.Node{in[0], in[1], in[0]}, temperature, at, random.NewStream(in[2]), n)
			}, tensor.From(x, dtypes.Float64, levels*n, 1), tensor.From(energy, dtypes.Float64, levels*n), random.Seed(1, 1))
			for level, partner := range partners {
				moved := 0.0
				for chain := range n {
					i := level*n + chain
					from := int(out[0][i]) - chain*levels
					if from != level && from != partner || out[1][i] != energies[from] || out[2][i] != out[0][i] {
						t.Fatalf("pass %d: chain %d of level %d has the point %v, the energy %v and the score %v", pass, chain, level, out[0][i], out[1][i], out[2][i])
					}
					if from == partner && int(out[0][partner*n+chain]) != chain*levels+level {
						t.Fatalf("pass %d: chain %d of level %d has moved and its partner has not", pass, chain, level)
					}
					if from == partner {
						moved++
					}
				}
				ratio := math.Exp((1/s.temperature(level) - 1/s.temperature(partner)) * (energies[level] - energies[partner]))
				p := min(1, ratio)
				near(t, "the share of exchanges", moved/n, p, 5*math.Sqrt(p*(1-p)/n))
			}
		}
	})
}
