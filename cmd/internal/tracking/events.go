// Package tracking says what the event files of TensorBoard have of a run, whether it is being trained or was: hyperparameters,
// histograms, pictures and how it ended.
package tracking

import (
	"time"

	"joule/internal/safetensors"
	"joule/watch/tensorboard"
	"joule/watch/tracked"
)

// ImageOf is a picture as TensorBoard has it.
func ImageOf(p tracked.Picture) (tensorboard.Image, error) {
	return tensorboard.NewImage("figures/"+p.Name, p.PNG)
}

// EndEvent is how a run ended; false: it can be gone on with.
func EndEvent(step int64, end *tracked.End) (tensorboard.Event, bool) {
	if end == nil {
		return tensorboard.Event{}, false
	}
	status := tensorboard.Failed
	if end.IsSuccess {
		status = tensorboard.Succeeded
	}
	return tensorboard.Event{Time: end.At, Step: step, Values: []tensorboard.Value{tensorboard.End{Status: status, At: end.At}}}, true
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
