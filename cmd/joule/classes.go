package main

import (
	"fmt"

	"joule/datasets"
	"joule/models"
)

// takeClass makes the model of the run, before it is opened, that of one of its classes.
func (t *trained) takeClass(class int) error {
	n := models.ClassesOf(t.config.Model)
	if n == 0 {
		return coded(exitUsage, fmt.Errorf("--class %d: the model of %s tells no classes apart", class, t.dir.Dir()))
	}
	if class < 0 || class >= n {
		return coded(exitUsage, fmt.Errorf("--class %d: the classes are 0 to %d", class, n-1))
	}
	t.config.Model, t.class = models.OfClass(t.config.Model.(models.Classifier), class), &class
	return nil
}

// ownPoints are the training points that the model stands for: all of them, or those of its class.
func (t *trained) ownPoints(set *datasets.Set) datasets.Points {
	if t.class == nil || set.Labels == nil {
		return set.Train
	}
	var own []int
	for i, label := range set.Labels.Train {
		if label == *t.class {
			own = append(own, i)
		}
	}
	return set.Train.Rows(own)
}
