package main

import (
	"fmt"
	"reflect"

	"joule/backends"
	"joule/datasets"
	"joule/metrics"
	"joule/models"
	"joule/rundir"
)

// ensemble is a run, or several that were trained at once on the same points, whose energies are averaged.
type ensemble []*trained

// readEnsemble reads the run in a directory, or the runs in the directory of several, for use at a noise level.
func readEnsemble(dir, checkpoint string, sigma float64) (ensemble, error) {
	runs, err := rundir.OpenAll(dir)
	if err != nil {
		return nil, err
	}
	var all ensemble
	for _, run := range runs {
		t, err := readRun(run.Dir(), checkpoint, nil)
		if err != nil {
			return nil, err
		}
		if err := t.at(sigma); err != nil {
			return nil, err
		}
		all = append(all, t)
		first := all[0]
		seed, own := first.config.DataSeed, t.config.DataSeed
		if len(all) > 1 && (seed == nil || own == nil || *seed != *own || !reflect.DeepEqual(first.dataset, t.dataset)) {
			return nil, fmt.Errorf("%s: holds runs of different training points, and what one is tested on others were trained on: "+
				"name one of them, such as %s, or train them with data_seed, which gives all the same points", dir, first.dir.Dir())
		}
	}
	return all, nil
}

// open puts the models on one backend: the given one, or else the choice of the first run.
func (e ensemble) open(backend string) (*backends.Backend, error) {
	backend, err := e[0].backendFor(backend)
	if err != nil {
		return nil, err
	}
	b, err := openBackend(backend, backends.Options{})
	if err != nil {
		return nil, err
	}
	for _, t := range e {
		if err := t.load(b); err != nil {
			b.Close()
			return nil, err
		}
	}
	return b, nil
}

// anomaly makes a score of the ensemble ready.
func (e ensemble) anomaly(score string, set *datasets.Set) (*metrics.Anomaly, error) {
	var all []*models.Compiled
	for _, t := range e {
		all = append(all, t.model)
	}
	return metrics.NewAnomaly(score, set.Train, all...)
}

// heldOut are points of the data that the runs were not trained on, and what they are called: the test part, or where there is
// none the validation part.
func (e ensemble) heldOut(set *datasets.Set) (points datasets.Points, name string, err error) {
	if points, name = set.HeldOut(); points.N > 0 {
		return points, name, nil
	}
	return datasets.Points{}, "", fmt.Errorf("%s: no points were held out (data.test_fraction was 0), and scores of training points are no measure for others", e[0].dir.Dir())
}
