package main

import (
	"fmt"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

const (
	batch  = 128
	points = 10000
	block  = 100 // training steps in one call, as joule train has it
)

// widths are the hidden layers of the networks, by their letter.
var widths = map[string][]int{"S": {64, 64}, "L": {256, 256, 256}}

func network(size string) models.Energy { return &models.MLP{Hidden: widths[size], Activation: "silu"} }

// methods are those of the rows, with the peers' settings.
var methods = map[string]trainers.Method{
	"mle100": chains(100),
	"mle60":  chains(60),
	"fisher": &trainers.Fisher{Points: "data"},
	"dsm":    &trainers.DSM{Sigma: 0.3, Weighting: "none"},
	// The standard deviation of the data is 2.12, that of the peers' noise 3.
	"nce": &trainers.NCE{NoiseRatio: 1, Noise: &trainers.GaussianNoise{Scale: 1.414}},
}

func chains(steps int) trainers.Method {
	return &trainers.MLE{Init: "noise", InitStd: 1,
		Sampler: &samplers.Langevin{Steps: steps, StepSize: 0.01, Temperature: 1}}
}

// runner makes so many steps, and returns when the device is done.
type runner func(steps int) error

type side struct {
	backend compute.Backend
	rows    map[string]runner // by "SIZE METHOD"
}

// build makes the runner of a row; its first call compiles it. The size "product" stands for matrix products, and its
// methods for their shapes.
func (s *side) build(size, method string) (runner, error) {
	if size == "product" {
		return s.products(method)
	}
	m := methods[method]
	if m == nil || widths[size] == nil {
		return nil, fmt.Errorf("there is no row %s %s", size, method)
	}
	set, err := (&datasets.TwoGaussians{Synthetic: datasets.Synthetic{Size: points}}).Load(datasets.Env{})
	if err != nil {
		return nil, err
	}
	loop := trainers.NewLoop()
	loop.BatchSize, loop.Steps, loop.LogEvery = batch, 1<<30, block
	loop.Devices = protoDevices
	loop.Precision = protoPrecision
	var more []trainers.Replica
	for i := 1; i < protoReplicas; i++ {
		more = append(more, trainers.Replica{Data: set, Seed: int64(i)})
	}
	trainer, err := trainers.New(s.backend, trainers.Spec{
		Model: network(size), Method: m, Optimizer: trainers.NewOptimizer(), Loop: loop, Data: set, Replicas: more,
	})
	if err != nil {
		return nil, err
	}
	return func(steps int) error {
		for done := 0; done < steps; done += block {
			if _, err := trainer.Block(min(block, steps-done)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

var protoDevices int
