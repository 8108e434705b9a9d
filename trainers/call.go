package trainers

import (
	"fmt"
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
	states [][]*tensors.Tensor // [devices]
	sick   [][]int32           // [devices][replicas]: the first sick step, counted from 1 over the run; 0: none
	seen   [][]float64         // [devices][replicas·metrics]: what that step gave
	finite [][]int32           // [devices][replicas]
	crews  []*outcome          // of each crew, where there are crews: nil of one without active replicas
	took   time.Duration
}

// call makes n steps of the active replicas, all of which are at the given one. The state of the run stays as it is.
func (t *Trainer) call(active []int, step, n int) (*outcome, error) {
	start := time.Now()
	if t.crews != nil {
		o, err := t.callCrews(active, step, n)
		if o != nil {
			o.took = time.Since(start)
		}
		return o, err
	}
	going := make([]bool, len(t.replicas))
	for _, i := range active {
		going[i] = true
	}
	var in []any
	for device, state := range t.states {
		for _, tensor := range state {
			in = append(in, tensor)
		}
		for _, tensor := range t.fixed[device] {
			in = append(in, tensor)
		}
		in = append(in, int32(step), int32(n))
		if len(going) > 1 {
			in = append(in, going)
		}
	}
	out, _, err := t.exec.CallWithGraphOnDevice(t.device, in...) // in GoMLX v0.28.3 CallOnDevice takes the first
	if err != nil {
		return nil, fmt.Errorf("training failed after step %d: %w", step, err)
	}
	o := &outcome{}
	size := len(out) / len(t.states)
	for ; len(out) > 0; out = out[size:] {
		own, last := out[:size], size-3
		o.states = append(o.states, own[:last:last])
		sick, err1 := tensors.CopyFlatData[int32](own[last])
		seen, err2 := tensor.Values(own[last+1])
		finite, err3 := tensors.CopyFlatData[int32](own[last+2])
		tensor.Free(own[last:]...)
		o.sick, o.seen, o.finite = append(o.sick, sick), append(o.seen, seen), append(o.finite, finite)
		for _, e := range []error{err1, err2, err3} {
			if e != nil && err == nil {
				err = fmt.Errorf("cannot read the results of step %d: %w", step+n, e)
			}
		}
	}
	if err != nil {
		o.free()
		return nil, err
	}
	o.took = time.Since(start)
	return o, nil
}

func (o *outcome) free() {
	for _, own := range o.crews {
		if own != nil {
			own.free()
		}
	}
	for _, state := range o.states {
		tensor.Free(state...)
	}
}

// take makes what a call of so many steps gave the state of the run.
func (t *Trainer) take(o *outcome, active []int, steps int) {
	for k, own := range o.crews {
		if own != nil {
			t.crews[k].take(own, nil, steps)
		}
	}
	for device, state := range t.states {
		tensor.Free(state...)
		t.states[device] = o.states[device]
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
	n = t.pace.next(t.left(step, n))
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
		sick = t.incidents(o, active, step+made)
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

// firstSick is the first step of a call with a value out of its bounds, counted from 1; 0: there is none. Where the values
// are healthy and the state at the end is not finite, it is the last, and the one at fault is not known.
func (o *outcome) firstSick(active []int, step, n int) (first int, known bool) {
	finite := true
	for device := range o.sick {
		for _, i := range active {
			if s := int(o.sick[device][i]) - step; s > 0 && (first == 0 || s < first) {
				first = s
			}
			finite = finite && o.finite[device][i] == 1
		}
	}
	if first == 0 && !finite {
		return n, n == 1
	}
	return first, true
}

// incidents says of what the active replicas are sick in the first sick step of a call that began after the given one.
func (t *Trainer) incidents(o *outcome, active []int, step int) (all []Incident) {
	metrics := t.program.metrics()
	first := 0
	for _, i := range active {
		for device := range o.sick {
			if s := int(o.sick[device][i]); s > step && (first == 0 || s < first) {
				first = s
			}
		}
	}
	for _, i := range active {
		for device := range o.sick {
			if s := int(o.sick[device][i]); s > step && s == first {
				all = append(all, diagnose(i, metrics, o.seen[device][i*len(metrics):], t.program.dtype))
				break
			}
			if first == 0 && o.finite[device][i] == 0 { // else it is what came after the sick step
				all = append(all, Incident{Replica: i, Quantity: stateQuantity, Cause: tooFast})
				break
			}
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
	if t.crews == nil {
		return tensor.Values(t.states[0][t.program.atSums()])
	}
	for _, crew := range t.crews {
		own, err := crew.sums()
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
		if len(own) > 0 {
			if err := t.crews[k].clearSums(own); err != nil {
				return err
			}
		}
	}
	at := t.program.atSums()
	for _, state := range t.states {
		fresh := t.program.zeroSums()
		if len(replicas) < len(t.replicas) {
			old, err := tensor.Values(state[at])
			if err != nil {
				return fmt.Errorf("cannot read what is to be logged: %w", err)
			}
			width := len(t.program.metrics())
			for _, i := range replicas {
				clear(old[i*width : (i+1)*width])
			}
			fresh = tensor.From(old, t.program.dtype, fresh.Shape().Dimensions...)
		}
		tensor.Free(state[at])
		state[at] = fresh
	}
	for _, i := range replicas {
		t.replicas[i].summed = 0
	}
	return nil
}
