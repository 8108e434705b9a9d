package trainers

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/tensor"
)

// feed brings the windows of streamed data to the devices: one is there, and the next is read while they compute. Which window
// a step is made with follows from its number alone.
type feed struct {
	backend compute.Backend
	streams []*datasets.Stream // of each replica; a single one where they share their data
	shape   shapes.Shape       // [points, dim]: one replica's points after the other's
	first   compute.DeviceNum  // of the devices
	devices int
	each    int      // steps with a window
	last    int      // the window of the last step
	at      int      // the window that is on the devices; −1: none
	next    *reading // of a window that is read ahead; nil: of none
}

// reading is a window that is being read.
type reading struct {
	window int
	cancel context.CancelFunc
	done   chan struct{} // closed when what follows is there
	data   []*tensors.Tensor
	err    error
}

// newFeed is the feed of a program on some sets, all of which stream; nil where they are in memory.
func newFeed(backend compute.Backend, device compute.DeviceNum, p *program, replicas []member) *feed {
	first := replicas[0].Data.Stream
	if first == nil {
		return nil
	}
	f := &feed{
		backend: backend, first: device, devices: p.devices, at: -1, each: first.Steps,
		shape: shapes.Make(p.dtype, p.points, first.Dim),
	}
	if f.each == 0 {
		f.each = (p.points + p.settings.BatchSize - 1) / p.settings.BatchSize
	}
	f.last = (p.settings.Steps - 1) / f.each
	f.streams = []*datasets.Stream{first}
	if p.ownData {
		f.streams, f.shape.Dimensions[0] = nil, p.points*len(replicas)
		for _, r := range replicas {
			f.streams = append(f.streams, r.Data.Stream)
		}
	}
	return f
}

// pointsOf is the number of points of a set that are on a device at once.
func pointsOf(set *datasets.Set) int {
	if set.Stream != nil {
		return set.Stream.Size
	}
	return set.Train.N
}

// empty stands for the window on a device until the first is there; nil: the data are in memory.
func (f *feed) empty() *tensors.Tensor {
	if f == nil {
		return nil
	}
	return tensors.FromShape(f.shape)
}

// left is how many of n steps from the given one on are made with the same window.
func (f *feed) left(step, n int) int {
	if f == nil {
		return n
	}
	return min(n, f.each-step%f.each)
}

// bring puts the window of a step on the devices of all crews, where it is not there yet.
func (t *Trainer) bring(ctx context.Context, step int) error {
	for _, c := range t.crews {
		if c.feed == nil || step/c.feed.each == c.feed.at {
			continue
		}
		start := time.Now()
		if err := c.bring(ctx, step/c.feed.each); err != nil {
			return err
		}
		t.pace.time += time.Since(start)
	}
	return nil
}

// bring puts a window on the devices, and begins to read the next one.
func (c *crew) bring(ctx context.Context, window int) error {
	f := c.feed
	data, err := f.get(ctx, window)
	if err != nil {
		return err
	}
	for device, fixed := range c.fixed {
		tensor.Free(fixed[atData])
		fixed[atData] = data[device]
	}
	f.at = window
	if f.at < f.last {
		f.next = f.read(f.at + 1)
	}
	return nil
}

// get waits for a window. That it is not the one that is read ahead happens at the start and after a rollback.
func (f *feed) get(ctx context.Context, window int) ([]*tensors.Tensor, error) {
	if f.next != nil && f.next.window != window {
		f.close()
	}
	if f.next == nil {
		f.next = f.read(window)
	}
	select {
	case <-f.next.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	data, err := f.next.data, f.next.err
	f.next.cancel()
	f.next = nil
	return data, err
}

// close ends what is read ahead.
func (f *feed) close() {
	if f == nil || f.next == nil {
		return
	}
	f.next.cancel()
	<-f.next.done
	tensor.Free(f.next.data...)
	f.next = nil
}

// read begins to read a window.
func (f *feed) read(window int) *reading {
	ctx, cancel := context.WithCancel(context.Background())
	r := &reading{window: window, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		if r.data, r.err = f.window(ctx, window); r.err != nil {
			tensor.Free(r.data...)
			r.data = nil
		}
	}()
	return r
}

// window reads a window, and puts it on every device.
func (f *feed) window(ctx context.Context, window int) (data []*tensors.Tensor, _ error) {
	for i := range compute.DeviceNum(f.devices) {
		device := f.first + i
		t, err := tensors.FromShapeForBackend(f.backend, device, f.shape)
		if err != nil {
			return data, fmt.Errorf("cannot hold a window of the data: %w", err)
		}
		data = append(data, t)
		if i == 0 {
			err = f.fill(ctx, window, t)
		} else {
			err = copyInto(t, data[0])
		}
		if err == nil {
			err = t.ToDevice(f.backend, device)
		}
		if err != nil {
			return data, err
		}
	}
	return data, nil
}

// fill writes a window of every stream into a tensor.
func (f *feed) fill(ctx context.Context, window int, t *tensors.Tensor) error {
	var inner error
	err := t.MutableFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float32:
			inner = fill(ctx, f.streams, window, flat)
		case []float64:
			inner = fill(ctx, f.streams, window, flat)
		}
	})
	if inner != nil {
		return inner
	}
	return err
}

// fill writes a window of every stream, one after the other.
func fill[T float32 | float64](ctx context.Context, streams []*datasets.Stream, window int, flat []T) error {
	for _, s := range streams {
		err := s.Window(ctx, window, func(slot int, point []float64) {
			to := flat[slot*s.Dim : (slot+1)*s.Dim]
			for k, v := range point {
				to[k] = T(v)
			}
		})
		if err != nil {
			return err
		}
		flat = flat[s.Size*s.Dim:]
	}
	return nil
}
