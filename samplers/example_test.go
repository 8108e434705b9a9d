package samplers_test

import (
	"fmt"
	"log"
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/backends"
	"joule/datasets"
	"joule/metrics"
	"joule/models"
	"joule/samplers"
)

// Points of an energy, and its log Z. This one is a Gaussian of mean (1, −1) and precision diag(1, 4); one that was trained is
// compiled by its trainer.
func Example() {
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	gaussian := &models.Quadratic{Mean: []float64{1, -1}, Precision: [][]float64{{1, 0}, {0, 4}}}
	energy, err := models.Compile(backend.Backend, gaussian, 2, nil) // it has nothing to learn, so there are no values
	if err != nil {
		log.Fatal(err)
	}
	defer energy.Close()

	hmc := samplers.NewHMC()
	hmc.Steps = 200 // of burn-in, in the first half of which the step size is adapted
	start := samplers.Start{Mean: []float64{0, 0}, Std: []float64{2, 2}}
	sample, err := samplers.Draw(energy, hmc, samplers.NewSampling(), start, 5000, 1)
	if err != nil {
		log.Fatal(err)
	}
	points := datasets.Points{N: 5000, Dim: 2, Values: sample.Points}
	mean, std := points.Moments()
	fmt.Printf("%d chains: mean %.1f, standard deviation %.1f\n", sample.Chains, mean, std)

	z, err := metrics.Normalize(energy, &datasets.Set{Train: points}, metrics.Options{}) // with a grid around the points
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("log Z %.3f by %s, %.3f in closed form\n", z.LogZ, z.Way, math.Log(2*math.Pi)-math.Log(4)/2)
	// Output:
	// 5000 chains: mean [1.0 -1.0], standard deviation [1.0 0.5]
	// log Z 1.145 by quadrature, 1.145 in closed form
}

// RandomWalk is Metropolis's algorithm (Metropolis et al. 1953): a chain at x goes to y = x + wz, z standard normal, with probability
// min(1, exp(E(x) − E(y))), and stays otherwise. It needs no score.
type RandomWalk struct {
	// Steps is the number of transitions of a run.
	Steps int `yaml:"steps" check:"> 0"`
	// Width is w, in the units of the data.
	Width float64 `yaml:"width" check:"> 0"`
}

// Length implements samplers.Sampler.
func (w *RandomWalk) Length() int { return w.Steps }

// Cost implements samplers.Sampler: an energy at the start, and one for each proposal.
func (w *RandomWalk) Cost() samplers.Cost {
	return samplers.Cost{Start: models.CostOfEnergy, Transition: models.CostOfEnergy}
}

// Fit implements samplers.Sampler: any model will do.
func (w *RandomWalk) Fit(models.Energy) error { return nil }

// Start implements samplers.Sampler. The energy at x is kept beside it.
func (w *RandomWalk) Start(net models.Net, x *graph.Node, _ samplers.Draws) samplers.State {
	return samplers.State{X: x, Own: []*graph.Node{net.Energy(x)}}
}

// Transition implements samplers.Sampler.
func (w *RandomWalk) Transition(net models.Net, s samplers.State, _ samplers.Clock, draws samplers.Draws) samplers.State {
	x, energy := s.X, s.Own[0] // [chains, dim] and [chains]
	y := graph.Add(x, graph.MulScalar(draws.Normal(x.Shape()), w.Width))
	there := net.Energy(y)
	u := graph.MaxScalar(draws.Uniform(energy.Shape()), 1e-8) // its logarithm is then a number
	moves := graph.LessThan(graph.Log(u), graph.Sub(energy, there))
	s.X = graph.Where(graph.BroadcastToDims(graph.InsertAxes(moves, -1), x.Shape().Dimensions...), y, x)
	s.Own = []*graph.Node{graph.Where(moves, there, energy)}
	return s
}

// A sampler of one's own. Settings of how points are taken from chains, and what looks at chains, are the same as for all.
func Example_sampler() {
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()
	gaussian := &models.Quadratic{Mean: []float64{1, -1}, Precision: [][]float64{{1, 0}, {0, 4}}}
	energy, err := models.Compile(backend.Backend, gaussian, 2, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer energy.Close()

	start := samplers.Start{Mean: []float64{0, 0}, Std: []float64{2, 2}}
	how := samplers.Sampling{Chains: 500, Thinning: 50, Precondition: "none"}
	sample, err := samplers.Draw(energy, &RandomWalk{Steps: 1000, Width: 0.7}, how, start, 10000, 1)
	if err != nil {
		log.Fatal(err)
	}
	mean, std := datasets.Points{N: 10000, Dim: 2, Values: sample.Points}.Moments()
	fmt.Printf("%d points from each of %d chains: mean %.1f, standard deviation %.1f\n", sample.Draws, sample.Chains, mean, std)
	mixing := metrics.MixingOf(sample.Energies, sample.Chains)
	fmt.Printf("R̂ is below 1.01: %t\n", mixing.RHat < 1.01)
	// Output:
	// 20 points from each of 500 chains: mean [1.0 -1.0], standard deviation [1.0 0.5]
	// R̂ is below 1.01: true
}
