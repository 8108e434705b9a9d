package models_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/trainers"
)

// DoubleWell is the potential of a particle with two places to be, along each coordinate, in units of kT:
//
//	E(x) = Σₖ hₖ ((xₖ/wₖ)² − 1)²,
//
// with a barrier of height hₖ between wells at ±wₖ. Both are learned, as logarithms.
type DoubleWell struct{}

// Parameters implements models.Energy. They start at h = w = 1.
func (DoubleWell) Parameters(dim int) ([]models.Parameter, error) {
	zeros := func(*rand.Rand) []float64 { return make([]float64, dim) }
	return []models.Parameter{
		{Name: "log_height", Shape: []int{dim}, Init: zeros},
		{Name: "log_width", Shape: []int{dim}, Init: zeros},
	}, nil
}

// Energy implements models.Energy: [batch, dim] -> [batch]. With an axis of replicas in front of both, points and parameters, it is
// the same, since axes are counted from the end.
func (DoubleWell) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	height := graph.Exp(graph.InsertAxes(theta[0], -2)) // [1, dim]
	width := graph.Exp(graph.InsertAxes(theta[1], -2))
	well := graph.Square(graph.AddScalar(graph.Square(graph.Div(x, width)), -1))
	return graph.ReduceSum(graph.Mul(height, well), -1)
}

// A physical potential with parameters that are learned from positions of a particle, drawn from a barrier of 3 kT between wells at
// ±2 by rejection.
func Example_energy() {
	r := rand.New(rand.NewPCG(1, 2))
	points := datasets.NewPoints(20000, 1)
	for i := range points.N {
		for {
			x := 4 * (2*r.Float64() - 1)
			if r.Float64() < math.Exp(-3*math.Pow(x*x/4-1, 2)) {
				points.Values[i] = x
				break
			}
		}
	}
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()

	method, optimizer, loop := trainers.NewDSM(), trainers.NewOptimizer(), trainers.NewLoop()
	method.Sigma = 0.05 // small beside the wells, which are 0.4 wide: what is learned is the density blurred by it
	optimizer.LearningRate, optimizer.Schedule = 0.05, "cosine"
	loop.Steps, loop.BatchSize = 6000, 512
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: DoubleWell{}, Method: method, Optimizer: optimizer, Loop: loop, Data: &datasets.Set{Train: points},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	if err := trainer.Run(context.Background(), trainers.Hooks{}); err != nil {
		log.Fatal(err)
	}
	values, err := trainer.Parameters(0)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range values {
		fmt.Printf("%s: exp gives %.1f\n", v.Name, math.Exp(v.Numbers[0]))
	}
	// Output:
	// log_height: exp gives 3.0
	// log_width: exp gives 2.0
}
