package trained

import (
	"fmt"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/models"
)

// TakeClass makes the model of the run, before it is opened, that of one of its classes.
func (t *Run) TakeClass(class int) error {
	n := models.ClassesOf(t.Config.Model)
	if n == 0 {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--class %d: the model of %s tells no classes apart", class, t.Dir.Dir()))
	}
	if class < 0 || class >= n {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--class %d: the classes are 0 to %d", class, n-1))
	}
	t.Config.Model, t.class = models.OfClass(t.Config.Model.(models.Classifier), class), &class
	return nil
}

// ownPoints are the training points that the model stands for: all of them, or those of its class.
func (t *Run) ownPoints(set *datasets.Set) datasets.Points {
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
