package trained

import (
	"fmt"
	"reflect"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/metrics"
	"joule/models"
	"joule/rundir"
)

// Ensemble is a run, or several that were trained at once on the same points, whose energies are averaged.
type Ensemble []*Run

// ReadEnsemble reads the run in a directory, or the runs in the directory of several, for use at a noise level.
func ReadEnsemble(dir, checkpoint string, sigma float64) (Ensemble, error) {
	runs, err := rundir.OpenAll(dir)
	if err != nil {
		return nil, err
	}
	var all Ensemble
	for _, run := range runs {
		t, err := Read(run.Dir(), checkpoint, nil)
		if err != nil {
			return nil, err
		}
		if err := t.At(sigma); err != nil {
			return nil, err
		}
		all = append(all, t)
		first := all[0]
		seed, own := first.Config.DataSeed, t.Config.DataSeed
		if len(all) > 1 && (seed == nil || own == nil || *seed != *own || !reflect.DeepEqual(first.Dataset, t.Dataset)) {
			return nil, fmt.Errorf("%s: holds runs of different training points, and what one is tested on others were trained on: "+
				"name one of them, such as %s, or train them with data_seed, which gives all the same points", dir, first.Dir.Dir())
		}
	}
	return all, nil
}

// Open puts the models on one backend: the given one, or else the choice of the first run.
func (e Ensemble) Open(backend string) (*backends.Backend, error) {
	backend, err := e[0].BackendFor(backend)
	if err != nil {
		return nil, err
	}
	b, err := cli.OpenBackend(backend, backends.Options{})
	if err != nil {
		return nil, err
	}
	for _, t := range e {
		if err := t.Load(b); err != nil {
			b.Close()
			return nil, err
		}
	}
	return b, nil
}

// Anomaly makes a score of the ensemble ready.
func (e Ensemble) Anomaly(score string, set *datasets.Set) (*metrics.Anomaly, error) {
	var all []*models.Compiled
	for _, t := range e {
		all = append(all, t.Model)
	}
	return metrics.NewAnomaly(score, set.Train, all...)
}

// HeldOut are points of the data that the runs were not trained on, and what they are called: the test part, or where there is
// none the validation part.
func (e Ensemble) HeldOut(set *datasets.Set) (points datasets.Points, name string, err error) {
	if points, name = set.HeldOut(); points.N > 0 {
		return points, name, nil
	}
	return datasets.Points{}, "", fmt.Errorf("%s: no points were held out (data.test_fraction was 0), and scores of training points are no measure for others", e[0].Dir.Dir())
}
