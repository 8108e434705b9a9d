package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"joule/backends"
	"joule/configs"
	"joule/metrics"
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

// joule trains a config on splits of a task, all at once, and measures how the mean energy of its replicas tells the outliers.
func joule(ctx context.Context, backend *backends.Backend, config *configs.Config, splits []*split) ([]*metrics.Detection, error) {
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
	var found []*metrics.Detection
	for i, s := range splits {
		normal, outliers := make([]float64, s.set.Test.N), make([]float64, s.outliers.N)
		for member := range config.Train.Replicas {
			values, err := trainer.Parameters(i*config.Train.Replicas + member)
			if err != nil {
				return nil, err
			}
			model, err := models.Compile(backend.Backend, config.Model, s.set.Train.Dim, values)
			if err != nil {
				return nil, err
			}
			if err := addEnergies(model, s.set.Test.Values, normal); err != nil {
				return nil, err
			}
			if err := addEnergies(model, s.outliers.Values, outliers); err != nil {
				return nil, err
			}
		}
		d, err := metrics.Detect(normal, outliers)
		if err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	return found, nil
}

// addEnergies adds the energies of points to sums.
func addEnergies(model *models.Compiled, points, sums []float64) error {
	energies, err := model.Energies(points)
	if err != nil {
		return err
	}
	for i, e := range energies {
		sums[i] += e
	}
	return nil
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
