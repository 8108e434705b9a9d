package trainers

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/safetensors"
	"joule/internal/tensor"
)

// slot is where one tensor of a replica's state is: in which tensor of a device's, and which values of it. All devices have the
// same there; or else its rows are dealt out to them.
type slot struct {
	name         string
	shape        []int // of the whole
	isDealt      bool
	at           int
	offset, size int // in values, of one replica; offset is 0 where rows are dealt out
}

// slots lists the tensors of a replica's state.
func (p *program) slots() (all []slot) {
	parts := func(prefix string, at, stride int) {
		own := make([]slot, len(p.layout.learned))
		for k, members := range p.layout.parts {
			offset := 0
			for _, i := range members {
				learned := p.layout.learned[i]
				own[i] = slot{prefix + learned.Name, learned.Shape, false, at + k*stride, offset, learned.Size()}
				offset += learned.Size()
			}
		}
		all = append(all, own...)
	}
	parts(parametersName, 0, 1)
	parts(firstName, p.atMoments(), 2)
	parts(secondName, p.atMoments()+1, 2)
	if p.settings.EMA > 0 {
		parts(averageName, p.atAverage(), 1)
	}
	for k, s := range p.objective.State() {
		shape := slices.Clone(s.Shape[len(p.layout.each()):])
		if s.Dealt {
			shape[0] *= p.devices
		}
		size := shapes.Make(p.dtype, shape...).Size()
		all = append(all, slot{stateName + s.Name, shape, s.Dealt && p.devices > 1, p.atCarried() + k, 0, size})
	}
	n := len(p.metrics())
	return append(all, slot{sumsName, []int{n}, false, p.atSums(), 0, n})
}

// onDevice copies the values of a slot to or from the bytes of a replica that a device has of it. whole are all of the slot.
func (s slot) onDevice(whole, own []byte, device, devices, width int, copied func(whole, own []byte)) {
	if !s.isDealt {
		copied(whole, own[s.offset*width:(s.offset+s.size)*width])
		return
	}
	row := s.size / s.shape[0] * width
	for i := range s.shape[0] / devices {
		from := (i*devices + device) * row
		copied(whole[from:from+row], own[i*row:(i+1)*row])
	}
}

// tensorsOf copies those tensors of some replicas to the host whose names are wanted: [replicas].
func (t *Trainer) tensorsOf(replicas []int, isWanted func(name string) bool) ([][]safetensors.Tensor, error) {
	all := make([][]safetensors.Tensor, len(replicas))
	each := len(t.replicas) / len(t.crews)
	for k, own := range t.byCrew(replicas) {
		tensors, err := t.crews[k].tensorsOf(own, isWanted)
		if err != nil {
			return nil, err
		}
		for i := range tensors {
			all[slices.Index(replicas, k*each+own[i])] = tensors[i]
		}
	}
	return all, nil
}

// tensorsOf does so for replicas by their numbers in the crew.
func (c *crew) tensorsOf(replicas []int, isWanted func(name string) bool) ([][]safetensors.Tensor, error) {
	all := make([][]safetensors.Tensor, len(replicas))
	width, dtype := c.program.dtype.Size(), c.program.dtypeInFile()
	for _, s := range c.program.slots() {
		if !isWanted(s.name) {
			continue
		}
		whole := make([][]byte, len(replicas))
		for k := range replicas {
			whole[k] = make([]byte, s.size*width)
			all[k] = append(all[k], safetensors.Tensor{Name: s.name, DType: dtype, Shape: slices.Clone(s.shape), Data: whole[k]})
		}
		for device, state := range c.states {
			if device > 0 && !s.isDealt {
				break
			}
			err := state[s.at].ConstBytes(func(bytes []byte) {
				each := len(bytes) / len(c.replicas)
				for k, i := range replicas {
					s.onDevice(whole[k], bytes[i*each:(i+1)*each], device, len(c.states), width, func(whole, own []byte) { copy(whole, own) })
				}
			})
			if err != nil {
				return nil, fmt.Errorf("cannot read the state: %s: %w", s.name, err)
			}
		}
	}
	return all, nil
}

// write puts tensors into the part of the state that is a replica's, by its number in the crew.
func (c *crew) write(replica int, given map[string]safetensors.Tensor) error {
	width := c.program.dtype.Size()
	for device, state := range c.states {
		fresh := make([]*tensors.Tensor, len(state))
		for at, old := range state {
			fresh[at] = tensors.FromShape(old.Shape())
			if len(c.replicas) == 1 {
				continue // all of it is written below
			}
			if err := copyInto(fresh[at], old); err != nil {
				return fmt.Errorf("cannot restore the state: %w", err)
			}
		}
		for _, s := range c.program.slots() {
			err := fresh[s.at].MutableBytes(func(to []byte) {
				each := len(to) / len(c.replicas)
				s.onDevice(given[s.name].Data, to[replica*each:(replica+1)*each], device, len(c.states), width, func(whole, own []byte) { copy(own, whole) })
			})
			if err != nil {
				return fmt.Errorf("cannot restore the state: %s: %w", s.name, err)
			}
		}
		tensor.Free(state...)
		c.states[device] = fresh
	}
	return nil
}

// copyInto writes the values of a tensor into another one of the same shape.
func copyInto(to, from *tensors.Tensor) error {
	var inner error
	err := to.MutableBytes(func(to []byte) { inner = from.ConstBytes(func(from []byte) { copy(to, from) }) })
	return errors.Join(err, inner)
}
