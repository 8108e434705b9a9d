package trainers

import (
	"errors"
	"fmt"
	"math"
)

// check reports what is missing in a spec, and data that nothing can be learned from: programs made of them fail where nobody could
// tell why.
func (s Spec) check() error {
	switch {
	case s.Model == nil:
		return errors.New("the spec has no model (Spec.Model), such as models.NewMLP()")
	case s.Method == nil:
		return errors.New("the spec has no method (Spec.Method), such as trainers.NewDSM()")
	case s.Loop.Steps < 1:
		return fmt.Errorf("train.steps is %d; want 1 or more: trainers.NewLoop() has defaults", s.Loop.Steps)
	case s.Loop.BatchSize < 1:
		return fmt.Errorf("train.batch_size is %d; want 1 or more: trainers.NewLoop() has defaults", s.Loop.BatchSize)
	}
	for i, r := range append([]Replica{{Data: s.Data}}, s.Replicas...) {
		if i > 0 && r.Data == s.Data {
			continue // it may be large
		}
		if err := r.check(); err != nil {
			if i > 0 {
				err = fmt.Errorf("replica %d: %w", i+1, err)
			}
			return err
		}
	}
	return nil
}

// check reports data that are missing, of no size, or no numbers.
func (r Replica) check() error {
	if r.Data == nil {
		return errors.New("the spec has no data (Spec.Data), such as those that a datasets.Source loads")
	}
	p := r.Data.Train
	switch {
	case p.N < 1 || p.Dim < 1:
		return fmt.Errorf("there are %d training points of %d coordinates; want 1 or more of both", p.N, p.Dim)
	case len(p.Values) != p.N*p.Dim:
		return fmt.Errorf("%d training points of %d coordinates are %d numbers, and there are %d", p.N, p.Dim, p.N*p.Dim, len(p.Values))
	}
	for i, v := range p.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("training point %d has the coordinate %d %v; want finite numbers", i/p.Dim, i%p.Dim, v)
		}
	}
	return nil
}
