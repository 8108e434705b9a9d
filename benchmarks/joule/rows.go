package main

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"joule/backends"
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
	return &trainers.ShortRun{InitStd: 1, Contrast: trainers.Contrast{Sampler: samplers.NewULA(steps, 0.01)}}
}

// runner makes so many steps, and returns when the device is done.
type runner func(steps int) error

type side struct {
	spec, network string // of the backend, and the size of the rows
	backends      map[trainers.Plan]*backends.Backend
	rows          map[string]runner // by "SIZE METHOD"
}

// open opens a backend as joule train would for a plan, once for each plan.
func (s *side) open(plan trainers.Plan) (*backends.Backend, error) {
	if b := s.backends[plan]; b != nil {
		return b, nil
	}
	b, err := backends.Open(s.spec, backends.Options{Devices: plan.Devices, Threads: plan.Threads})
	if err == nil {
		s.backends[plan] = b
	}
	return b, err
}

func (s *side) close() {
	for _, b := range s.backends {
		b.Close()
	}
}

// settings are those of every row.
func settings() trainers.Loop {
	loop := trainers.NewLoop()
	loop.BatchSize, loop.Steps, loop.LogEvery = batch, 1<<30, block
	return loop
}

// plan is what joule train would plan for a method on this machine.
func plan(size string, method trainers.Method) trainers.Plan {
	return trainers.PlanFor(network(size), method, 2, settings(), runtime.GOMAXPROCS(0))
}

// build makes the runner of a row; its first call compiles it. The size "product" stands for matrix products, and its
// methods for their shapes. METHOD*R is a method with R replicas.
func (s *side) build(size, method string) (runner, error) {
	if size == "product" {
		return s.products(method)
	}
	replicas := 1
	if name, count, several := strings.Cut(method, "*"); several {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q: want METHOD*REPLICAS", method)
		}
		method, replicas = name, n
	}
	m := methods[method]
	if m == nil || widths[size] == nil {
		return nil, fmt.Errorf("there is no row %s %s", size, method)
	}
	spec := trainers.Spec{Model: network(size), Method: m, Optimizer: trainers.NewOptimizer(), Loop: settings()}
	for i := range replicas {
		set, err := (&datasets.TwoGaussians{Synthetic: datasets.Synthetic{Size: points}}).Load(datasets.Env{Seed: int64(i)})
		if err != nil {
			return nil, err
		}
		if i == 0 {
			spec.Data = set
		} else {
			spec.Replicas = append(spec.Replicas, trainers.Replica{Data: set, Seed: int64(i)})
		}
	}
	chosen := plan(size, m)
	backend, err := s.open(chosen)
	if err != nil {
		return nil, err
	}
	if spec.Loop.Devices = chosen.Devices; !backend.IsCPU() {
		spec.Loop.Devices = 1
	}
	trainer, err := trainers.New(backend.Backend, spec)
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
