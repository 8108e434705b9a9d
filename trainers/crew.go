package trainers

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/tensor"
)

// crew is one device, or several that share each batch, with the replicas that are trained there: it has their program, their state and
// their data. It decides nothing. How many steps are made, and what is done about a sick one, is decided for all crews together, so that
// a run comes out the same however its replicas are spread.
type crew struct {
	spec      Spec     // of the run
	replicas  []member // those of the trainer that are trained here
	backend   compute.Backend
	device    compute.DeviceNum // the first
	program   *program
	exec      *graph.Exec
	graph     *graph.Graph        // that exec has compiled
	states    [][]*tensors.Tensor // [devices], each in the order of stepState.flatten
	fixed     [][]*tensors.Tensor // [devices], each in the order of constants.flatten
	feed      *feed               // of the data; nil where they are in memory
	compiling time.Duration
	// validation is what early stopping goes by; nil: there is none.
	validation *validation
}

// build makes the program, for devices that share each batch, and the state.
func (c *crew) build(devices int) error {
	if err := c.prepare(devices); err != nil {
		if _, told := errors.AsType[*SpecError](err); !told {
			err = &SpecError{error: err}
		}
		return err
	}
	if err := c.initialise(); err != nil {
		return err
	}
	var err error
	if c.exec, err = graph.NewExec(c.backend, c.program.block); err != nil {
		return err
	}
	c.exec.SetMaxCache(1)
	if devices > 1 {
		mesh, err := distributed.NewDeviceMesh([]int{devices}, []string{"batch"})
		if err != nil {
			return err
		}
		c.exec.SPMD(mesh)
	}
	return c.warm()
}

// prepare makes the program and the criterion of early stopping, and checks the spec.
func (c *crew) prepare(devices int) error {
	p, problem, err := newProgram(c.backend, c.spec, c.replicas, devices)
	if err != nil {
		return err
	}
	c.program = p
	start := time.Now()
	c.validation, err = newValidation(c, problem)
	c.compiling = time.Since(start)
	return err
}

// initialise makes the state before the first step, and the constants.
func (c *crew) initialise() (err error) {
	p := c.program
	var seeds []int64
	for _, r := range c.replicas {
		seeds = append(seeds, r.Seed)
	}
	if c.states, err = p.first(c.backend, seeds); err != nil {
		return err
	}
	c.feed = newFeed(c.backend, c.device, p, c.replicas)
	values, points := c.replicas[0].Data.Train.Values, p.points
	if p.ownData {
		values, points = nil, p.points*len(c.replicas)
		for _, r := range c.replicas {
			values = append(values, r.Data.Train.Values...)
		}
	}
	labels := c.labels()
	for device := range p.devices {
		data := c.feed.empty()
		if data == nil {
			data = tensor.From(values, p.dtype, points, c.replicas[0].Data.Train.Dim)
		}
		rate := tensor.From(slices.Repeat([]float64{1}, len(seeds)), p.dtype, p.layout.each()...)
		fixed := []*tensors.Tensor{data, keyOf(seeds, purposeSteps), tensors.FromScalar(int32(device)), rate}
		if p.labelled {
			fixed = append(fixed, tensors.FromValue(labels))
		}
		c.fixed = append(c.fixed, fixed)
	}
	return nil
}

// labels are those of all points of the data; none without.
func (c *crew) labels() (labels []int32) {
	if !c.program.labelled {
		return nil
	}
	for i, r := range c.replicas {
		if i > 0 && !c.program.ownData {
			break
		}
		for _, label := range r.Data.Labels.Train {
			labels = append(labels, int32(label))
		}
	}
	return labels
}

// warm compiles the program.
func (c *crew) warm() error {
	start := time.Now()
	var in []shapes.Shape
	for device := range c.states {
		for _, tensor := range slices.Concat(c.states[device], c.fixed[device]) {
			in = append(in, tensor.Shape())
		}
		in = append(in, shapes.Make(dtypes.Int32), shapes.Make(dtypes.Int32))
		if n := len(c.replicas); n > 1 {
			in = append(in, shapes.Make(dtypes.Bool, n))
		}
	}
	var err error
	if c.graph, err = c.exec.Compile(in...); err != nil {
		return fmt.Errorf("cannot compile the training program: %w", err)
	}
	c.compiling += time.Since(start)
	return nil
}

// call makes n steps of the active replicas, given by their numbers in the crew, and says what was seen of all. It returns the states after
// them, and leaves those of the crew as they are.
func (c *crew) call(active []int, step, n int, seen look) ([][]*tensors.Tensor, error) {
	going := make([]bool, len(c.replicas))
	for _, i := range active {
		going[i] = true
	}
	var in []any
	for device, state := range c.states {
		for _, tensor := range state {
			in = append(in, tensor)
		}
		for _, tensor := range c.fixed[device] {
			in = append(in, tensor)
		}
		in = append(in, int32(step), int32(n))
		if len(going) > 1 {
			in = append(in, going)
		}
	}
	out, _, err := c.exec.CallWithGraphOnDevice(c.device, in...) // in GoMLX v0.28.3 CallOnDevice takes the first
	if err != nil {
		return nil, fmt.Errorf("training failed after step %d: %w", step, err)
	}
	for i := range seen.finite {
		seen.finite[i] = true
	}
	var states [][]*tensors.Tensor
	size := len(out) / len(c.states)
	for own := range slices.Chunk(out, size) {
		last := size - 3
		states = append(states, own[:last:last])
		if e := seen.add(own[last], own[last+1], own[last+2]); e != nil && err == nil {
			err = fmt.Errorf("cannot read the results of step %d: %w", step+n, e)
		}
		tensor.Free(own[last:]...)
	}
	if err != nil {
		for _, state := range states {
			tensor.Free(state...)
		}
		return nil, err
	}
	return states, nil
}

// add adds what one device has seen: the watch, and whether the state is finite (program.block).
func (l look) add(sick, seen, finite *tensors.Tensor) error {
	first, err1 := tensors.CopyFlatData[int32](sick)
	values, err2 := tensor.Values(seen)
	isFinite, err3 := tensors.CopyFlatData[int32](finite)
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	width := len(l.seen) / len(l.sick)
	for i, s := range first {
		if s := int(s); s > 0 && (l.sick[i] == 0 || s < l.sick[i]) {
			l.sick[i] = s
			copy(l.seen[i*width:(i+1)*width], values[i*width:])
		}
		l.finite[i] = l.finite[i] && isFinite[i] == 1
	}
	return nil
}

// take makes what a call gave the state of the crew.
func (c *crew) take(states [][]*tensors.Tensor) {
	for _, state := range c.states {
		tensor.Free(state...)
	}
	c.states = states
}

// clearSums starts the sums of some replicas of the crew anew.
func (c *crew) clearSums(replicas []int) error {
	if len(replicas) == 0 {
		return nil
	}
	at := c.program.atSums()
	for _, state := range c.states {
		fresh := c.program.zeroSums()
		if len(replicas) < len(c.replicas) {
			old, err := tensor.Values(state[at])
			if err != nil {
				return fmt.Errorf("cannot read what is to be logged: %w", err)
			}
			width := len(c.program.metrics())
			for _, i := range replicas {
				clear(old[i*width : (i+1)*width])
			}
			fresh = tensor.From(old, c.program.dtype, fresh.Shape().Dimensions...)
		}
		tensor.Free(state[at])
		state[at] = fresh
	}
	return nil
}

// crewOf is the crew of a replica, and its number in it.
func (t *Trainer) crewOf(replica int) (c *crew, own int) {
	each := len(t.replicas) / len(t.crews)
	return t.crews[replica/each], replica % each
}

// byCrew are the numbers that some replicas have in each crew.
func (t *Trainer) byCrew(replicas []int) [][]int {
	all := make([][]int, len(t.crews))
	each := len(t.replicas) / len(t.crews)
	for _, i := range replicas {
		all[i/each] = append(all[i/each], i%each)
	}
	return all
}

// close frees the device memory of the crew.
func (c *crew) close() {
	c.feed.close()
	c.validation.close()
	for device := range c.states {
		tensor.Free(c.states[device]...)
	}
	for device := range c.fixed {
		tensor.Free(c.fixed[device]...)
	}
	if c.exec != nil {
		c.exec.Finalize()
	}
}
