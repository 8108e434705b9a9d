package trainers

import (
	"errors"
	"slices"
	"sync"

	"github.com/gomlx/compute"
)

// Where replicas can be spread over devices evenly, each device trains some of them, and the devices have nothing to say to each
// other: a crew, which is a trainer of its own, has the program, the state and the data of those replicas. What is decided about
// them, from the length of a call to what is done about a sick step, is decided for all together, as on one device.

// man gives each device a crew.
func (t *Trainer) man(devices int) error {
	each := len(t.replicas) / devices
	for device := range devices {
		own := slices.Clone(t.replicas[device*each : (device+1)*each])
		crew := &Trainer{spec: t.spec, replicas: own, backend: t.backend, device: compute.DeviceNum(device)}
		crew.spec.Loop.Devices, crew.spec.Data, crew.spec.Seed, crew.spec.Replicas = 1, own[0].Data, own[0].Seed, nil
		for _, r := range own[1:] {
			crew.spec.Replicas = append(crew.spec.Replicas, r.Replica)
		}
		t.crews = append(t.crews, crew) // Close frees what it has of it
		if err := crew.build(1); err != nil {
			return err
		}
		t.compile += crew.compile
	}
	t.program, t.validation = t.crews[0].program, t.crews[0].validation
	return nil
}

// crewOf is the crew of a replica, and its number in it.
func (t *Trainer) crewOf(replica int) (crew *Trainer, own int) {
	each := len(t.replicas) / len(t.crews)
	return t.crews[replica/each], replica % each
}

// byCrew are some replicas by the crews that they belong to, and their numbers there; nil without crews.
func (t *Trainer) byCrew(replicas []int) [][]int {
	if t.crews == nil {
		return nil
	}
	all := make([][]int, len(t.crews))
	for _, i := range replicas {
		each := len(t.replicas) / len(t.crews)
		all[i/each] = append(all[i/each], i%each)
	}
	return all
}

// left is how many of n steps from the given one on are made with the same window of streamed data.
func (t *Trainer) left(step, n int) int {
	if t.crews != nil {
		return t.crews[0].left(step, n)
	}
	return t.feed.left(step, n)
}

// callCrews is call of all crews that have active replicas, at once.
func (t *Trainer) callCrews(active []int, step, n int) (*outcome, error) {
	o := &outcome{crews: make([]*outcome, len(t.crews))}
	errs := make([]error, len(t.crews))
	var going sync.WaitGroup
	for k, own := range t.byCrew(active) {
		if len(own) > 0 {
			going.Go(func() { o.crews[k], errs[k] = t.crews[k].call(own, step, n) })
		}
	}
	going.Wait()
	if err := errors.Join(errs...); err != nil {
		o.free()
		return nil, err
	}
	width := len(t.program.metrics())
	sick, seen, finite := make([]int32, len(t.replicas)), make([]float64, len(t.replicas)*width), make([]int32, len(t.replicas))
	for k, own := range o.crews {
		if own != nil {
			first := k * len(t.crews[k].replicas)
			copy(sick[first:], own.sick[0])
			copy(seen[first*width:], own.seen[0])
			copy(finite[first:], own.finite[0])
		}
	}
	o.sick, o.seen, o.finite = [][]int32{sick}, [][]float64{seen}, [][]int32{finite}
	return o, nil
}
