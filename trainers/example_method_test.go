package trainers_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/trainers"
)

// NonNegative is score matching for data that are nowhere below 0 (Hyvärinen 2007), such as waiting times or intensities: with
// h(x) = log(1 + x), which is 0 where the data end (Yu, Drton & Shojaie 2019), and random directions v of ±1,
//
//	mean Σₖ [ h′(xₖ)sₖ + ½h(xₖ)sₖ² ] + (h(x)∘v)ᵀ∇(vᵀs).
//
// Plain score matching is wrong where a density is cut off: its integration by parts leaves out the edge.
type NonNegative struct {
	// Slack is how far below 0 a point may be, as by rounding, in the units of the data as trained on. There it counts as 0.
	Slack float64 `yaml:"slack" check:">= 0"`
}

// NewNonNegative returns the default settings: no slack.
func NewNonNegative() *NonNegative { return &NonNegative{} }

// Prepare implements trainers.Method. It refuses data below 0.
func (m *NonNegative) Prepare(p trainers.Problem) (trainers.Objective, error) {
	for _, set := range p.Data {
		low, _ := set.Train.Range()
		for k, v := range low {
			if v < -m.Slack {
				return nil, fmt.Errorf("method non_negative needs data from 0 on: coordinate %d goes down to %v; data.standardize moves data", k+1, v)
			}
		}
	}
	return nonNegative{m}, nil
}

// Cost implements trainers.Method: a score and a curvature, learned from.
func (m *NonNegative) Cost(models.Energy, int) (trainers.Cost, error) {
	return trainers.Cost{Loss: (models.CostOfScore + models.CostOfCurvature) * models.CostOfLearning}, nil
}

// nonNegative is the method made ready. Nothing is learned beside the model, carried from step to step, or measured beside the loss.
type nonNegative struct{ *NonNegative }

func (nonNegative) Parameters() []models.Parameter { return nil }
func (nonNegative) State() []trainers.State        { return nil }
func (nonNegative) Metrics() []trainers.Metric     { return nil }

func (m nonNegative) Loss(in trainers.Input) trainers.Output {
	v := graph.Sign(in.Draws.Normal(in.Batch.Shape()))
	return trainers.Output{Loss: m.NonNegative.Loss(in.Net, in.Batch, v)}
}

// Loss is the loss for data x and directions v, both [batch, dim].
func (m *NonNegative) Loss(net models.Net, x, v *graph.Node) *graph.Node {
	x = graph.MaxScalar(x, 0)
	score := net.Score(x)
	along := graph.Gradient(graph.ReduceAllSum(graph.Mul(score, v)), x)[0] // ∇(vᵀs), [batch, dim]
	h := graph.Log1P(x)
	terms := graph.Add(graph.Div(score, graph.OnePlus(x)), graph.Mul(h, graph.MulScalar(graph.Square(score), 0.5)))
	terms = graph.Add(terms, graph.Mul(graph.Mul(h, v), along))
	return graph.ReduceMean(graph.ReduceSum(terms, -1), -1) // axes are counted from the end: there may be replicas in front
}

// A method of one's own: a Gaussian of mean 1 and standard deviation 1 of which only what is above 0 was observed.
func Example_method() {
	r := rand.New(rand.NewPCG(1, 2))
	points := datasets.NewPoints(20000, 1)
	for i := range points.N {
		for x := -1.0; x < 0; points.Values[i] = x {
			x = 1 + r.NormFloat64()
		}
	}
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()

	for _, method := range []trainers.Method{trainers.NewSM(), NewNonNegative()} {
		loop, optimizer := trainers.NewLoop(), trainers.NewOptimizer()
		loop.Steps, loop.BatchSize = 1000, 512
		optimizer.LearningRate, optimizer.Schedule = 0.02, "cosine"
		trainer, err := trainers.New(backend.Backend, trainers.Spec{
			Model: models.NewQuadratic(), Method: method, Optimizer: optimizer, Loop: loop, Data: &datasets.Set{Train: points},
		})
		if err != nil {
			log.Fatal(err)
		}
		defer trainer.Close()
		if err := trainer.Run(context.Background(), trainers.Hooks{}); err != nil {
			log.Fatal(err)
		}
		energy, err := trainer.Compile(0)
		if err != nil {
			log.Fatal(err)
		}
		defer energy.Close()
		s, err := energy.Scores([]float64{0, 1}) // (μ − x)/σ²
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%T: mean %.1f, variance %.1f\n", method, s[0]/(s[0]-s[1]), 1/(s[0]-s[1]))
	}
	// Output:
	// *trainers.SM: mean 1.3, variance 0.6
	// *trainers_test.NonNegative: mean 1.0, variance 1.0
}
