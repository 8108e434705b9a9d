// Package tracking says what the event files of TensorBoard have of a run, whether it is being trained or was: names,
// hyperparameters, times, histograms and pictures.
package tracking

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"joule/cmd/internal/measured"
	"joule/internal/safetensors"
	"joule/internal/strictyaml"
	"joule/rundir"
	"joule/watch/tensorboard"
)

// Name is what a run or a suite is called in a log directory that was found at or below a directory: by the last part of that
// one's path, and the way from there. A replica is called by the directory of all, too.
func Name(top, dir string) string {
	if absolute, err := filepath.Abs(top); err == nil {
		top = absolute
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	name := filepath.Base(top)
	if below, err := filepath.Rel(top, dir); err == nil && below != "." {
		return filepath.Join(name, below)
	}
	if strings.HasPrefix(name, "seed-") {
		name = filepath.Join(filepath.Base(filepath.Dir(top)), name)
	}
	return name
}

// PictureOf is a figure on the disk, as a picture.
func PictureOf(d measured.Drawing) (tensorboard.Image, error) {
	file, err := os.ReadFile(d.Path)
	if err != nil {
		return tensorboard.Image{}, err
	}
	return tensorboard.NewImage("figures/"+d.Name, file)
}

// HparamsOf are the keys of a config.
func HparamsOf(config []byte) (map[string]string, error) {
	values, err := strictyaml.Flatten(config)
	if err != nil {
		return nil, err
	}
	hparams := make(map[string]string, len(values))
	for _, v := range values {
		hparams[v.Key] = v.Text
	}
	return hparams, nil
}

// EndOf is the end that a result tells of; nil: the run can be gone on with.
func EndOf(result rundir.Result, at time.Time) *tensorboard.End {
	switch result.Status {
	case rundir.Completed:
		return &tensorboard.End{Status: tensorboard.Succeeded, At: at}
	case rundir.Failed:
		return &tensorboard.End{Status: tensorboard.Failed, At: at}
	}
	return nil
}

// StateEvent is histograms of parameters.
func StateEvent(step int64, at time.Time, tensors []safetensors.Tensor) tensorboard.Event {
	e := tensorboard.Event{Time: at, Step: step}
	for _, tensor := range tensors {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			continue // no numbers of a model
		}
		if h, ok := tensorboard.NewHistogram("parameters/"+tensor.Name, numbers); ok {
			e.Values = append(e.Values, h)
		}
	}
	return e
}

// StartEvent is what a run is begun with.
func StartEvent(step int64, at time.Time, start tensorboard.Start, config string) tensorboard.Event {
	e := tensorboard.Event{Time: at, Step: step, Values: []tensorboard.Value{start}}
	if config != "" {
		e.Values = append(e.Values, tensorboard.Verbatim("config", config))
	}
	return e
}
