package trainers_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/trainers"
)

// An energy of points that the program has itself. The points are of two groups, around (−1, 0) and (1, 0).
func Example() {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float64, 1000)
	for i := range rows {
		rows[i] = []float64{math.Copysign(1, r.Float64()-0.5) + 0.3*r.NormFloat64(), 0.3 * r.NormFloat64()}
	}
	points, err := datasets.PointsOf(rows)
	if err != nil {
		log.Fatal(err)
	}
	set, err := datasets.NewInMemory(points).Load(datasets.Env{Seed: 1}) // a fifth of them is kept for testing
	if err != nil {
		log.Fatal(err)
	}

	backend, err := backends.Open("go", backends.Options{}) // or "auto": CUDA, XLA on the CPU, or else this one
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()

	model, loop, optimizer := models.NewMLP(), trainers.NewLoop(), trainers.NewOptimizer()
	model.Hidden = []int{32, 32}
	loop.Steps, loop.LogEvery = 400, 400
	optimizer.LearningRate = 0.01
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: model, Method: trainers.NewDSM(), Optimizer: optimizer, Loop: loop, Data: set, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	hooks := trainers.Hooks{Logged: func(report trainers.Report) error {
		fmt.Printf("step %d: %s %.1f\n", report.Step, report.Names[0], report.Values[0][0])
		return nil
	}}
	if err := trainer.Run(context.Background(), hooks); err != nil {
		log.Fatal(err)
	}

	energy, err := trainer.Compile(0)
	if err != nil {
		log.Fatal(err)
	}
	defer energy.Close()
	e, err := energy.Energies([]float64{-1, 0, 1, 0, 0, 3}) // the two groups, and a point far from both
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("the groups differ by %.0f, the point is less likely: %t\n", math.Abs(e[0]-e[1]), e[2] > e[0]+2 && e[2] > e[1]+2)
	// Output:
	// step 400: loss 0.6
	// the groups differ by 0, the point is less likely: true
}
