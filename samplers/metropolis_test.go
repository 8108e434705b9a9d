package samplers

import (
	"math"
	"math/rand/v2"
	"slices"
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

// exactSamplers are kernels that reject, with an acceptance of about a half for a standard deviation.
func exactSamplers(std float64, steps int) map[string]Sampler {
	return map[string]Sampler{
		"mala":               &MALA{Steps: steps, StepSize: 0.8 * std * std},
		"hmc":                &HMC{Steps: steps / 2, StepSize: 1.5 * std, Leapfrog: 3, Jitter: 0.2},
		"parallel_tempering": &ParallelTempering{Steps: steps, StepSize: 0.8 * std * std, Temperatures: 3, MaxTemperature: 4},
		"ensemble":           &Ensemble{Steps: steps / 2, Local: &MALA{Steps: 1, StepSize: 0.8 * std * std}, Jitter: 0.1 * std},
	}
}

// tempered is parallel tempering that starts at points of all temperatures, those of a temperature after those of the one below.
type tempered struct{ *ParallelTempering }

func (p tempered) Start(net models.Net, all *graph.Node, _ random.Draws) State {
	return p.state(State{Accepted: noneAccepted(all)}, all, net.Energy(all), net.Drift(all), chainsOf(all)/p.Temperatures)
}

// exactStart are n draws for each chain of a sampler that are exact: of exp(−E/T) for a temperature T. Parallel tempering starts at
// all of its temperatures.
func exactStart(s Sampler, n int, draw func(temperature float64) []float64) (Sampler, []float64) {
	temperatures := []float64{1}
	if p, ok := s.(*ParallelTempering); ok {
		s, temperatures = tempered{p}, nil
		for k := range p.Temperatures {
			temperatures = append(temperatures, p.temperature(k))
		}
	}
	var start []float64
	for _, temperature := range temperatures {
		for range n {
			start = append(start, draw(temperature)...)
		}
	}
	return s, start
}

// Chains that begin as exact draws from a density stay exact draws, whatever the step, where every transition is reversible
// with respect to it: of all temperatures together with parallel tempering, of all chains together with the ensemble. Langevin
// dynamics with the same steps, which do not reject, do not pass this test.
func TestExactKernelsKeepTheDensity(t *testing.T) {
	const n, steps = 1 << 15, 20
	// N(μ, FFᵀ) by the columns of F; the second is of condition 1000, with no axis along the coordinates.
	type gaussian struct {
		name   string
		std    float64 // the smallest, in all directions
		factor [2][2]float64
	}
	c, s := math.Cos(0.5), math.Sin(0.5)
	narrow := 1 / math.Sqrt(1000)
	gaussians := []gaussian{
		{name: "correlated", std: 0.6, factor: [2][2]float64{{1, 0}, {0.8, 0.6}}},
		{name: "badly conditioned", std: narrow, factor: [2][2]float64{{c, -s * narrow}, {s, c * narrow}}},
	}
	mean := []float64{1, -1}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, g := range gaussians {
			f := g.factor
			a, b, d := f[0][0]*f[0][0]+f[0][1]*f[0][1], f[0][0]*f[1][0]+f[0][1]*f[1][1], f[1][0]*f[1][0]+f[1][1]*f[1][1]
			det := a*d - b*b
			model := &models.Quadratic{Mean: mean, Precision: [][]float64{{d / det, -b / det}, {-b / det, a / det}}}
			energy := func(x []float64) float64 {
				u, v := x[0]-mean[0], x[1]-mean[1]
				return (d*u*u - 2*b*u*v + a*v*v) / det / 2
			}
			for kind, sampler := range exactSamplers(g.std, steps) {
				if backendtest.OnXLA(backend) && (kind == "ensemble" || kind == "parallel_tempering") {
					continue // takes long to compile; the mixture below will do
				}
				r := rand.New(rand.NewPCG(3, 4))
				sampler, start := exactStart(sampler, n, func(temperature float64) []float64 {
					u, v := math.Sqrt(temperature)*r.NormFloat64(), math.Sqrt(temperature)*r.NormFloat64()
					return []float64{mean[0] + f[0][0]*u + f[0][1]*v, mean[1] + f[1][0]*u + f[1][1]*v}
				})
				out := ends(t, backend, model, sampler, start, 2, 7, func(s State) []*graph.Node { return []*graph.Node{s.Accepted} })
				x, name := out[0], g.name+", "+kind
				if rate := out[1][0] / float64(sampler.Length()); !(rate > 0.25 && rate < 0.9) {
					t.Errorf("%s: the acceptance is %v", name, rate) // too few or too many rejections to see anything
				}
				expect(t, name+": mean 0", x, 2, func(x []float64) float64 { return x[0] }, mean[0])
				expect(t, name+": mean 1", x, 2, func(x []float64) float64 { return x[1] }, mean[1])
				expect(t, name+": the covariance", x, 2, func(x []float64) float64 { return (x[0] - mean[0]) * (x[1] - mean[1]) }, b)
				expect(t, name+": the energy", x, 2, energy, 1)
				expect(t, name+": its square", x, 2, func(x []float64) float64 { return energy(x) * energy(x) }, 2) // Γ(1)
			}
		}
		m := mixture{a: 1.5, v: 0.5}
		for kind, sampler := range exactSamplers(0.8, steps) {
			r := rand.New(rand.NewPCG(5, 6))
			sampler, start := exactStart(sampler, n, func(temperature float64) []float64 { return m.drawAt(r, 2, temperature) })
			x := ends(t, backend, m, sampler, start, 2, 8, nil)[0]
			expect(t, kind+": the mean of a mixture", x, 2, func(x []float64) float64 { return x[0] }, 0.4*m.a)
			expect(t, kind+": its second moment", x, 2, func(x []float64) float64 { return x[0] * x[0] }, m.a*m.a+m.v)
			expect(t, kind+": its third moment", x, 2, func(x []float64) float64 { return x[0] * x[0] * x[0] }, 0.4*(m.a*m.a*m.a+3*m.a*m.v))
			expect(t, kind+": the variance of the other coordinate", x, 2, func(x []float64) float64 { return x[1] * x[1] }, m.v)
		}
	})
}

// Chains get from anywhere to the density.
func TestExactKernelsConverge(t *testing.T) {
	const n = 1 << 12
	start := slices.Repeat([]float64{4}, n)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model := &models.Quadratic{Mean: []float64{1}, Precision: [][]float64{{4}}}
		for kind, sampler := range exactSamplers(0.5, 80) {
			x := ends(t, backend, model, sampler, start, 1, 9, nil)[0]
			expect(t, kind+": the mean", x, 1, func(x []float64) float64 { return x[0] }, 1)
			expect(t, kind+": the variance", x, 1, func(x []float64) float64 { return (x[0] - 1) * (x[0] - 1) }, 0.25)
		}
	})
}

// broken is ½x², and not a number for x > 0.
type broken struct{ mixture }

func (broken) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	energy := graph.MulScalar(squaredNorm(x), 0.5)
	isBad := graph.GreaterThan(graph.ReduceSum(x, -1), graph.ZerosLike(energy))
	return graph.Where(isBad, graph.Scalar(x.Graph(), x.DType(), math.NaN()), energy)
}

// A proposal whose energy is not a number is never accepted, and one that is far too wide hardly ever: the chain stays where it
// is, to the bit.
func TestMetropolisRejects(t *testing.T) {
	const n = 500
	start := make([]float64, n)
	for i := range start {
		start[i] = -0.01 * float64(i+1)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for kind, sampler := range exactSamplers(1, 20) {
			for i, x := range ends(t, backend, broken{}, sampler, start, 1, 10, nil)[0] {
				if !(x <= 0) {
					t.Errorf("%s: chain %d is at %v, where the energy is not a number", kind, i, x)
				}
			}
			if kind == "parallel_tempering" || kind == "ensemble" { // their chains exchange points, and jump by differences
				continue
			}
			model := &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{1}}}
			out := ends(t, backend, model, exactSamplers(1e4, 20)[kind], start, 1, 10, func(s State) []*graph.Node { return []*graph.Node{s.Accepted} })
			if !slices.Equal(out[0], start) || out[1][0] != 0 {
				t.Errorf("%s: chains move by steps that are far too wide", kind)
			}
		}
	})
}

// The step size comes to where the target is met, from far too large or small, and then stays.
func TestAdaptationMeetsItsTarget(t *testing.T) {
	const n, adapting = 200, 300
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c := compiled(t, backend, []float64{0, 0, 0}, [][]float64{{4, 1, 0}, {1, 4, 0}, {0, 0, 9}})
		for name, s := range map[string]struct {
			sampler Sampler
			target  float64
		}{
			"mala, from far too small steps":      {&MALA{Steps: 1, StepSize: 0.002, TargetAcceptance: 0.6}, 0.6},
			"mala, from far too large steps":      {&MALA{Steps: 1, StepSize: 6, TargetAcceptance: 0.6}, 0.6},
			"hmc, from far too small steps":       {&HMC{Steps: 1, StepSize: 0.003, Leapfrog: 3, Jitter: 0.2, TargetAcceptance: 0.8}, 0.8},
			"tempering, from far too large steps": {&ParallelTempering{Steps: 1, StepSize: 6, Temperatures: 2, MaxTemperature: 3, TargetAcceptance: 0.7}, 0.7},
		} {
			chains, err := NewChains(c, s.sampler, Start{make([]float64, 3), []float64{1, 1, 1}}, nil, n, 1, adapting)
			if err != nil {
				t.Fatal(err)
			}
			defer chains.Close()
			scale := func() float64 {
				v, err := chains.StepScale()
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			advance := func(transitions int) {
				if err := chains.Run(transitions); err != nil {
					t.Fatal(err)
				}
			}
			advance(adapting)
			if err := chains.Recount(); err != nil {
				t.Fatal(err)
			}
			adapted := scale()
			advance(150)
			if scale() != adapted {
				t.Errorf("%s: the scale goes from %v to %v after adapting has ended", name, adapted, scale())
			}
			rate, err := chains.Acceptance()
			if err != nil {
				t.Fatal(err)
			}
			near(t, name+": the acceptance", rate, s.target, 0.03)
		}
	})
}

// The step size of Hamiltonian Monte Carlo is uniform within ± jitter, from transition to transition, and the same for all
// chains: without a force an orbit is x + 3hp.
func TestJitter(t *testing.T) {
	const step, jitter = 0.5, 0.4
	momenta := [][][]float64{{{1}, {2}}, {{-1}, {0.5}}, {{2}, {1}}}
	uniforms := [][]float64{{0.25}, {0.75}, {0}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for i, u := range uniforms {
			out := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				flat := &models.Quadratic{Mean: []float64{0}, Precision: [][]float64{{0}}}
				net := models.Net{Model: flat}
				s := &HMC{Steps: 1, StepSize: step, Leapfrog: 3, Jitter: jitter}
				draws := &given{normal: in[0], jitter: in[1]}
				state := s.Start(net, graph.ZerosLike(in[0]), draws)
				return []*graph.Node{s.Transition(net, state, Clock{}, draws).X}
			}, tensor.From(slices.Concat(momenta[i]...), dtypes.Float64, 2, 1), tensor.From(u, dtypes.Float64))
			for k, x := range out[0] {
				near(t, "the end of an orbit", x, 3*step*(1+jitter*(2*u[0]-1))*momenta[i][k][0], 1e-12)
			}
		}
	})
}

// given hands out a normal draw and that of the jitter; whatever else is uniform is 0, so that all is accepted.
type given struct {
	random.Draws
	normal, jitter *graph.Node
}

func (g *given) Normal(shapes.Shape) *graph.Node { return g.normal }

func (g *given) Uniform(s shapes.Shape) *graph.Node {
	if s.IsScalar() {
		return g.jitter
	}
	return graph.Zeros(g.normal.Graph(), s)
}
