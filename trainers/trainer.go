package trainers

import (
	"context"
	"errors"
	"time"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/safetensors"
	"joule/models"
)

// Spec is what to train on what, and how.
type Spec struct {
	Model     models.Energy
	Method    Method
	Optimizer Optimizer
	Loop      Loop // of which New leaves Replicas to the caller: see Replicas below
	Data      *datasets.Set
	// Seed fixes the initial parameters and all randomness of the run: the same spec on the same backend gives the
	// same bits.
	Seed int64
	// Replicas are further runs of the same settings. They are trained in the same program, which costs less than one
	// after the other, and come out as if alone, up to the rounding of numbers that are added in another order.
	Replicas []Replica
}

// Replica is what sets one of several runs apart. Their sets have to be of one size.
type Replica struct {
	Data *datasets.Set
	Seed int64
}

// Trainer is a training run in memory, or several replicas of one. It decides what its crews do, and keeps count of what came of it.
// It is not safe for concurrent use.
type Trainer struct {
	spec     Spec
	replicas []member // the spec's own run first
	backend  compute.Backend
	crews    []*crew  // of as many replicas each, in their order
	program  *program // of the first crew; those of the others differ in nothing that is asked of it here
	pace     pace
}

// member is one of the runs that are trained at once.
type member struct {
	Replica
	step      int // steps done
	summed    int // steps in the sums of what is logged
	rate      float64
	incidents []Incident // that it was helped out of
	stopped   *Incident  // what stopped it; nil: it goes on
	good      *Snapshot  // what a rollback goes back to; nil unless the settings ask for one
	// best is that of the criterion of early stopping so far, and bestParameters what the model was then; nil: none yet.
	best           *Best
	bestParameters []safetensors.Tensor
}

// CompileTime is how long the compilation of the training program took.
func (t *Trainer) CompileTime() (took time.Duration) {
	for _, c := range t.crews {
		took += c.compiling
	}
	return took
}

// StepTime is the number of steps made by this trainer, and how long the calls took that made them.
func (t *Trainer) StepTime() (steps int, took time.Duration) { return t.pace.allSteps, t.pace.allTime }

// Graph is the graph of the training program as text, a node a line; of several crews that of the first.
func (t *Trainer) Graph() string { return t.crews[0].graph.String() }

// All lists the replicas, counted from 0.
func (t *Trainer) All() []int {
	all := make([]int, len(t.replicas))
	for i := range all {
		all[i] = i
	}
	return all
}

// Step is the number of steps that every replica has done which was not stopped, or of the last one where all were.
func (t *Trainer) Step() int {
	least, most := -1, 0
	for i, r := range t.replicas {
		most = max(most, r.step)
		if !t.hasEnded(i) && (least < 0 || r.step < least) {
			least = r.step
		}
	}
	if least < 0 {
		return most
	}
	return least
}

// StepOf is the number of steps that a replica has done.
func (t *Trainer) StepOf(replica int) int { return t.replicas[replica].step }

// Block makes n training steps, and reports on them. It is an error that no replica is left.
func (t *Trainer) Block(n int) (Report, error) {
	all := t.All()
	if err := t.clearSums(all); err != nil {
		return Report{}, err
	}
	target := t.Step() + n
	for {
		active, step := t.behind(target)
		if len(active) == 0 {
			break
		}
		if err := t.bring(context.Background(), step); err != nil {
			return Report{}, err
		}
		_, sick, err := t.advance(active, target-step)
		for _, s := range sick {
			if err == nil {
				_, err = t.treat(s)
			}
		}
		if err != nil {
			return Report{}, err
		}
	}
	going := all[:0]
	for i, r := range t.replicas {
		if r.stopped == nil {
			going = append(going, i)
		}
	}
	if len(going) == 0 {
		return Report{}, t.diverged()
	}
	return t.report(going)
}

// Diverged says what stopped a replica; nil: nothing has.
func (t *Trainer) Diverged(replica int) *DivergedError {
	if sick := t.replicas[replica].stopped; sick != nil {
		return &DivergedError{*sick}
	}
	return nil
}

// diverged joins the errors of all replicas that were stopped.
func (t *Trainer) diverged() error {
	var all []error
	for i := range t.replicas {
		if err := t.Diverged(i); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// Helped are the sick steps that a replica was helped out of.
func (t *Trainer) Helped(replica int) []Incident { return t.replicas[replica].incidents }

// Incidents are the sick steps that a replica was helped out of, and the one that stopped it.
func (t *Trainer) Incidents(replica int) []Incident {
	r := t.replicas[replica]
	if r.stopped == nil {
		return r.incidents
	}
	return append(r.incidents[:len(r.incidents):len(r.incidents)], *r.stopped)
}

// Rate is what the scheduled learning rate of a replica is multiplied by: 1, and less after a rollback.
func (t *Trainer) Rate(replica int) float64 { return t.replicas[replica].rate }

// Close frees the device memory of the run.
func (t *Trainer) Close() {
	for _, c := range t.crews {
		c.close()
	}
}
