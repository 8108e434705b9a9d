// Two moons in Go: go run ./examples/moons dsm|cd SAMPLES.csv
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || os.Args[1] != "dsm" && os.Args[1] != "cd" {
		log.Fatal("usage: moons dsm|cd SAMPLES.csv")
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(method, path string) error {
	backend, err := backends.Open("go", backends.Options{}) // or "auto"
	if err != nil {
		return err
	}
	defer backend.Close()
	set, err := datasets.NewTwoMoons().Load(datasets.Env{Seed: 0})
	if err != nil {
		return err
	}

	model, loop, optimizer := models.NewMLP(), trainers.NewLoop(), trainers.NewOptimizer()
	model.Confinement = 3
	optimizer.LearningRate, optimizer.Schedule = 5e-3, "cosine"
	loop.Steps, loop.BatchSize = 1500, 128
	dsm, cd := trainers.NewDSM(), trainers.NewCD()
	dsm.Sigma = 0.1
	cd.Sampler = samplers.NewULA(10, 0.02)
	spec := trainers.Spec{Model: model, Method: dsm, Optimizer: optimizer, Loop: loop, Data: set}
	if method == "cd" {
		spec.Method, spec.Loop.Steps = cd, 600
	}
	trainer, err := trainers.New(backend.Backend, spec)
	if err != nil {
		return err
	}
	defer trainer.Close()
	if err := trainer.Run(context.Background(), trainers.Hooks{}); err != nil {
		return err
	}

	energy, err := trainer.Compile(0)
	if err != nil {
		return err
	}
	defer energy.Close()
	mean, std := set.Train.Moments()
	sample, err := samplers.Draw(energy, samplers.NewULA(300, 0.02), samplers.NewSampling(), samplers.Start{Mean: mean, Std: std}, 1000, 0)
	if err != nil {
		return err
	}
	var table strings.Builder
	for i := 0; i < len(sample.Points); i += 2 {
		fmt.Fprintf(&table, "%g,%g\n", sample.Points[i], sample.Points[i+1])
	}
	return os.WriteFile(path, []byte(table.String()), 0o644)
}
