package trainers

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/tensor"
)

// callTime is about how long a call of the program may take: signals are heeded between calls. What a run computes does not
// depend on where it is cut.
const callTime = time.Second

// pace is the speed of a run.
type pace struct {
	length int           // of the last call, in steps
	step   time.Duration // what a step of it took
	// Since the last report:
	steps int
	time  time.Duration
	// Since the beginning:
	allSteps int
	allTime  time.Duration
}

// next is the length of a call, of n steps that are due.
func (p *pace) next(n int) int {
	if p.length == 0 {
		return 1 // nothing is known yet
	}
	return min(n, max(1, min(4*p.length, int(callTime/max(p.step, 1)))))
}

func (p *pace) made(steps int, took time.Duration) {
	p.length, p.step = steps, took/time.Duration(steps)
	p.steps, p.time = p.steps+steps, p.time+took
	p.allSteps, p.allTime = p.allSteps+steps, p.allTime+took
}

// perSecond is the speed since it was last asked for; NaN: no step was made.
func (p *pace) perSecond() float64 {
	speed := float64(p.steps) / p.time.Seconds()
	p.steps, p.time = 0, 0
	return speed
}

// outcome is what a call gave. It has not been taken over as the state of the run.
type outcome struct {
	states [][][]*tensors.Tensor // [crews][devices], each in the order of stepState.flatten; nil of a crew without active replicas
	look
	took time.Duration
}

// look is what a call has seen of its steps, on all devices.
type look struct {
	sick   []int     // [replicas]: the first sick step, counted from 1 over the run; 0: none
	seen   []float64 // [replicas·metrics]: what that step gave
	finite []bool    // [replicas]: whether the state is, after the last step
}

func newLook(replicas, metrics int) look {
	return look{make([]int, replicas), make([]float64, replicas*metrics), make([]bool, replicas)}
}

// call makes n steps of the active replicas, all of which are at the given one. The state of the run stays as it is.
func (t *Trainer) call(active []int, step, n int) (*outcome, error) {
	start := time.Now()
	o := &outcome{states: make([][][]*tensors.Tensor, len(t.crews)), look: newLook(len(t.replicas), len(t.program.metrics()))}
	errs := make([]error, len(t.crews))
	parts := t.byCrew(active)
	part := func(k int) {
		if len(parts[k]) > 0 {
			o.states[k], errs[k] = t.crews[k].call(parts[k], step, n, t.part(o.look, k))
		}
	}
	var going sync.WaitGroup
	for k := 1; k < len(parts); k++ {
		going.Go(func() { part(k) })
	}
	part(0)
	going.Wait()
	if err := errors.Join(errs...); err != nil {
		o.free()
		return nil, err
	}
	o.took = time.Since(start)
	return o, nil
}

// part is what a crew has to say to a look at all replicas.
func (t *Trainer) part(all look, crew int) look {
	n, width := len(t.crews[crew].replicas), len(t.program.metrics())
	from, to := crew*n, (crew+1)*n
	return look{all.sick[from:to], all.seen[from*width : to*width], all.finite[from:to]}
}

func (o *outcome) free() {
	for _, devices := range o.states {
		for _, state := range devices {
			tensor.Free(state...)
		}
	}
}

// take makes what a call of so many steps gave the state of the run.
func (t *Trainer) take(o *outcome, active []int, steps int) {
	for k, states := range o.states {
		if states != nil {
			t.crews[k].take(states)
		}
	}
	for _, i := range active {
		t.replicas[i].step += steps
		t.replicas[i].summed += steps
	}
	t.pace.made(steps, o.took)
}

// advance makes up to n steps of the active replicas, which are all at one step, in one or more calls, as far as the window of
// streamed data goes. It ends before a sick step, and then says which of the replicas are sick there, and of what.
//
// A call that met a sick step is thrown away, and the good steps of it are made again: they come out the same.
func (t *Trainer) advance(active []int, n int) (made int, sick []Incident, err error) {
	step := t.replicas[active[0]].step
	n = t.pace.next(t.crews[0].feed.left(step, n))
	bad := n + 1 // the first step that is known to be sick, or not good enough to end with, counted from 1 over those to come
	for length := n; length > 0; {
		o, err := t.call(active, step+made, length)
		if err != nil {
			return made, nil, err
		}
		first, known := o.firstSick(active, step+made, length)
		if first == 0 {
			t.take(o, active, length)
			made, bad = made+length, bad-length
			length = min(bad-1, max(1, bad/2))
			continue
		}
		sick = t.incidents(o.look, active, step+made)
		o.free()
		bad, length = first, first-1
		if !known { // some step up to this one
			length = first / 2
		}
	}
	for i := range sick {
		sick[i].Step = step + made + 1
	}
	return made, sick, nil
}

// earliest is the first step after the given one in which an active replica was sick, counted from 1 over the run; 0: none was.
func (l look) earliest(active []int, step int) (first int) {
	for _, i := range active {
		if s := l.sick[i]; s > step && (first == 0 || s < first) {
			first = s
		}
	}
	return first
}

// firstSick is the first step of a call with a value out of its bounds, counted from 1; 0: there is none. Where the values
// are healthy and the state at the end is not finite, it is the last, and the one at fault is not known.
func (l look) firstSick(active []int, step, n int) (first int, known bool) {
	if first := l.earliest(active, step); first > 0 {
		return first - step, true
	}
	if slices.ContainsFunc(active, func(i int) bool { return !l.finite[i] }) {
		return n, n == 1
	}
	return 0, true
}

// incidents says of what the active replicas are sick in the first sick step of a call that began after the given one.
func (t *Trainer) incidents(l look, active []int, step int) (all []Incident) {
	metrics := t.program.metrics()
	first := l.earliest(active, step)
	for _, i := range active {
		switch {
		case first > 0 && l.sick[i] == first:
			all = append(all, diagnose(i, metrics, l.seen[i*len(metrics):], t.program.dtype))
		case first == 0 && !l.finite[i]: // else it is what came after the sick step
			all = append(all, Incident{Replica: i, Quantity: stateQuantity, Cause: tooFast})
		}
	}
	return all
}

// diagnose finds the first metric that is out of its bounds.
func diagnose(replica int, metrics []Metric, values []float64, dtype dtypes.DType) Incident {
	for k, m := range metrics {
		if low, high := m.bounds(dtype); !(values[k] >= low && values[k] <= high) {
			return Incident{Replica: replica, Quantity: m.Name, Value: values[k], Cause: m.Cause}
		}
	}
	return Incident{Replica: replica, Quantity: stateQuantity, Cause: tooFast}
}

// report averages what some replicas, all at one step, gave since their last report, and starts anew.
func (t *Trainer) report(replicas []int) (Report, error) {
	first := t.replicas[replicas[0]]
	r := Report{Count: first.summed, Step: first.step, Steps: t.spec.Loop.Steps, StepsPerSecond: t.pace.perSecond()}
	metrics := t.program.metrics()
	for _, m := range metrics {
		r.Names = append(r.Names, m.Name)
	}
	sums, err := t.sums()
	if err != nil {
		return r, fmt.Errorf("cannot read the results of step %d: %w", r.Step, err)
	}
	r.Values = make([][]float64, len(t.replicas))
	for _, i := range replicas {
		if n := t.replicas[i].summed; n > 0 {
			for _, sum := range sums[i*len(metrics) : (i+1)*len(metrics)] {
				r.Values[i] = append(r.Values[i], sum/float64(n))
			}
		}
	}
	return r, t.clearSums(replicas)
}

// sums are those of what is logged, of all replicas: [replicas·metrics].
func (t *Trainer) sums() (all []float64, err error) {
	for _, c := range t.crews {
		own, err := tensor.Values(c.states[0][c.program.atSums()])
		if err != nil {
			return nil, err
		}
		all = append(all, own...)
	}
	return all, nil
}

// clearSums starts the sums of some replicas anew.
func (t *Trainer) clearSums(replicas []int) error {
	for k, own := range t.byCrew(replicas) {
		if err := t.crews[k].clearSums(own); err != nil {
			return err
		}
	}
	for _, i := range replicas {
		t.replicas[i].summed = 0
	}
	return nil
}
