// Command wells works with kinds of its own.
//
//	wells train CONFIG BACKEND
//	wells score RUN BACKEND X...
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"joule/backends"
	"joule/configs"
	"joule/datasets"
	"joule/models"
	"joule/rundir"
	"joule/trainers"

	_ "example.org/wells/kinds"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "wells:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("want train CONFIG BACKEND, or score RUN BACKEND X...")
	}
	backend, err := backends.Open(args[2], backends.Options{})
	if err != nil {
		return err
	}
	defer backend.Close()
	if args[0] == "train" {
		return train(args[1], backend)
	}
	return score(args[1], backend, args[3:])
}

// train trains what a config says, and prints what was learned.
func train(path string, backend *backends.Backend) error {
	config, err := configs.Load(path, []string{"train.log_every=3000"}) // the path, and what is assigned as by --set
	if err != nil {
		return err
	}
	set, err := config.LoadData()
	if err != nil {
		return err
	}
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: set, Seed: config.Seed,
	})
	if err != nil {
		return err
	}
	defer trainer.Close()
	if err := trainer.Run(context.Background(), trainers.Hooks{}); err != nil {
		return err
	}
	values, err := trainer.Parameters(0)
	if err != nil {
		return err
	}
	for _, v := range values {
		fmt.Printf("%s %.0f\n", v.Name, math.Exp(v.Numbers[0]))
	}
	return nil
}

// open is the model of a run directory, and the map from the units of its data to the coordinates of the model.
func open(dir string, backend *backends.Backend) (*models.Compiled, *datasets.Standardizer, error) {
	run, err := rundir.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	config, err := configs.LoadRun(filepath.Join(dir, "config.yaml"), "", nil)
	if err != nil {
		return nil, nil, err
	}
	data, err := run.Dataset()
	if err != nil {
		return nil, nil, err
	}
	parameters, err := run.Parameters()
	if err != nil {
		return nil, nil, err
	}
	values, err := parameters.Values()
	if err != nil {
		return nil, nil, err
	}
	energy, err := models.Compile(backend.Backend, config.Model, len(data.Columns), values)
	return energy, (*datasets.Standardizer)(data.Standardizer), err
}

// score prints the energies of points of one coordinate, in the units of the data.
func score(dir string, backend *backends.Backend, args []string) error {
	energy, transform, err := open(dir, backend)
	if err != nil {
		return err
	}
	defer energy.Close()
	points := datasets.NewPoints(len(args), 1)
	for i, arg := range args {
		if points.Values[i], err = strconv.ParseFloat(arg, 64); err != nil {
			return err
		}
	}
	energies, err := energy.Energies(transform.Apply(points).Values)
	if err != nil {
		return err
	}
	for _, e := range energies {
		fmt.Printf("%.0f\n", e)
	}
	return nil
}
