package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"joule/backends"
	"joule/configs"
	"joule/models"
	"joule/trainers"
)

// folder holds the configs of Joule's methods.
const folder = "anomaly/"

// jouleMethods are the configs of that folder.
func jouleMethods() (names []string) {
	for _, entry := range configs.List() {
		if name, inFolder := strings.CutPrefix(entry.Name, folder); inFolder {
			names = append(names, name)
		}
	}
	return names
}

// joule trains a config on splits of a task, all at once, and scores their points by the mean energy of its replicas.
func joule(ctx context.Context, backend *backends.Backend, config *configs.Config, splits []*split) (scores [][]float64, err error) {
	var all []trainers.Replica
	for _, s := range splits {
		for member := range config.Train.Replicas {
			all = append(all, trainers.Replica{Data: s.set, Seed: config.Seed + int64(member)})
		}
	}
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train,
		Data: all[0].Data, Seed: all[0].Seed, Replicas: all[1:],
	})
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	if err := trainer.Run(ctx, trainers.Hooks{}); err != nil {
		return nil, err
	}
	for i, s := range splits {
		points := s.points()
		mean := make([]float64, points.N)
		for member := range config.Train.Replicas {
			values, err := trainer.Parameters(i*config.Train.Replicas + member)
			if err != nil {
				return nil, err
			}
			model, err := models.Compile(backend.Backend, config.Model, points.Dim, values)
			if err != nil {
				return nil, err
			}
			energies, err := model.Energies(points.Values)
			if err != nil {
				return nil, err
			}
			for k, e := range energies {
				mean[k] += e / float64(config.Train.Replicas)
			}
		}
		scores = append(scores, mean)
	}
	return scores, nil
}

// openFor opens the backend that a config wants on points of dim coordinates.
func openFor(config *configs.Config, spec string, dim int) (*backends.Backend, error) {
	plan := trainers.PlanFor(config.Model, config.Method, dim, config.Train, runtime.GOMAXPROCS(0))
	b, err := backends.Open(spec, backends.Options{Devices: 1, Threads: plan.Threads})
	if err != nil {
		return nil, fmt.Errorf("--backend: %w", err)
	}
	return b, nil
}
