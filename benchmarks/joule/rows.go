package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

const block = 100 // training steps in one call, as joule train has it

// network is what the rows of a size train, and on what.
type network struct {
	model              models.Energy
	points, dim, batch int
}

// networks are those of the rows, by their letter.
var networks = map[string]*network{
	"S": {&models.MLP{Hidden: []int{64, 64}, Activation: "silu"}, 10000, 2, 128},
	"L": {&models.MLP{Hidden: []int{256, 256, 256}, Activation: "silu"}, 10000, 2, 128},
	"C": {models.NewConv(), 2048, 28 * 28, 64},
}

// data are the two Gaussians, or images of uniform noise between −1 and 1.
func (n *network) data(seed int64) (*datasets.Set, error) {
	if n.dim == 2 {
		return (&datasets.TwoGaussians{Synthetic: datasets.Synthetic{Size: n.points}}).Load(datasets.Env{Seed: seed})
	}
	set, r := &datasets.Set{Train: datasets.NewPoints(n.points, n.dim)}, rand.New(rand.NewPCG(uint64(seed), 0))
	for i := range set.Train.Values {
		set.Train.Values[i] = 2*r.Float64() - 1
	}
	return set, nil
}

// methods are those of the rows, with the peers' settings.
var methods = map[string]trainers.Method{
	"mle100": chains(100),
	"mle60":  chains(60),
	"mle20":  chains(20),
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

// settings are those of every row of a network.
func (n *network) settings() trainers.Loop {
	loop := trainers.NewLoop()
	loop.BatchSize, loop.Steps, loop.LogEvery = n.batch, 1<<30, block
	return loop
}

// plan is what joule train would plan for a method on this machine.
func plan(size string, method trainers.Method) trainers.Plan {
	n := networks[size]
	return trainers.PlanFor(n.model, method, n.dim, n.settings(), runtime.GOMAXPROCS(0))
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
	m, net := methods[method], networks[size]
	if m == nil || net == nil {
		return nil, fmt.Errorf("there is no row %s %s", size, method)
	}
	spec := trainers.Spec{Model: net.model, Method: m, Optimizer: trainers.NewOptimizer(), Loop: net.settings()}
	for i := range replicas {
		set, err := net.data(int64(i))
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
