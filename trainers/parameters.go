package trainers

import (
	"fmt"

	"joule/internal/tensor"
	"joule/models"
)

// Parameters are the learned values of a replica's model, and those of the method under names that start with "method.":
// the running averages when the settings ask for them.
func (t *Trainer) Parameters(replica int) ([]models.Value, error) {
	all, err := t.AllParameters()
	if err != nil {
		return nil, err
	}
	return all[replica], nil
}

// AllParameters are the Parameters of every replica, for what it costs to read those of one.
func (t *Trainer) AllParameters() ([][]models.Value, error) {
	at, layout := 0, t.program.layout
	if t.spec.Loop.EMA > 0 {
		at = t.program.atAverage()
	}
	all := make([][]models.Value, len(t.replicas))
	for replica := range all {
		all[replica] = make([]models.Value, len(layout.learned))
	}
	for k := range layout.parts {
		part, err := tensor.Values(t.states[0][at+k])
		if err != nil {
			return nil, fmt.Errorf("cannot read the parameters: %w", err)
		}
		for replica, values := range all {
			layout.of(replica, k, part, func(i int, numbers []float64) {
				values[i] = models.Value{Name: layout.learned[i].Name, Shape: layout.learned[i].Shape, Numbers: numbers}
			})
		}
	}
	return all, nil
}
