// Package batching lets many goroutines share calls of a device.
//
// A [Batcher] gathers the points that wait, pads them to one of a few sizes, evaluates them at once, and hands each caller its
// part. Every size is evaluated once when the batcher is made, so that whatever compiles on first use has been compiled by then:
//
//	b, err := batching.New(model.Dim, 1, model.Energies, batching.NewSettings())
//	…
//	energies, err := b.Do(ctx, points) // from any goroutine
package batching

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// What [Batcher.Do] fails with on account of others.
var (
	// ErrOverloaded says that too many points wait already; it is told at once.
	ErrOverloaded = errors.New("too many points wait already")
	// ErrClosed says that the batcher takes no more points.
	ErrClosed = errors.New("no more points are taken")
)

// Evaluate computes values of points given row by row, [size·dim] -> [size·width]. It is called by one goroutine at a time, with
// one of the sizes of [Settings]. The value of a point must not depend on the others: those may be padding, of zeros.
type Evaluate func(points []float64) ([]float64, error)

// Settings say what a batch is.
type Settings struct {
	// Sizes are the numbers of points that are evaluated at once, rising. The last is that of the largest batch.
	Sizes []int
	// Delay is how long the first point of a batch that is not full waits for others; 0: no longer than the device is busy.
	Delay time.Duration
	// Queue is how many points may wait. A caller with more than that is heard where nothing else waits.
	Queue int
	// Apart evaluates the points of each caller by themselves, so that the last bits of their values do not depend on who else asks.
	Apart bool
	// Observe, if there is one, is told of every batch before its values are handed out.
	Observe func(Batch)
}

// Batch is what was evaluated at once.
type Batch struct {
	Requests int // that have points in it
	Points   int
	Size     int // with the padding
	Duration time.Duration
	Err      error
}

// NewSettings returns the default settings.
func NewSettings() Settings { return Settings{Sizes: Sizes(1024), Queue: 65536} }

// Sizes are the powers of four below most, and most.
func Sizes(most int) (sizes []int) {
	for size := 1; size < most; size *= 4 {
		sizes = append(sizes, size)
	}
	return append(sizes, most)
}

// Check says what is wrong with the settings; nil: nothing is.
func (s Settings) Check() error {
	for i, size := range s.Sizes {
		if size < 1 || i > 0 && size <= s.Sizes[i-1] {
			return fmt.Errorf("batches of %v points; want sizes from 1 on, rising", s.Sizes)
		}
	}
	switch {
	case len(s.Sizes) == 0:
		return errors.New("no size of batches; want one or more")
	case s.Delay < 0:
		return fmt.Errorf("a delay of %v; want 0 or more", s.Delay)
	case s.Queue < 1:
		return fmt.Errorf("a queue of %d points; want 1 or more", s.Queue)
	}
	return nil
}

// Batcher evaluates points of many callers. Its methods may be called from several goroutines.
type Batcher struct {
	settings   Settings
	dim, width int
	evaluate   Evaluate
	padded     []float64     // of the largest size; only run uses it
	ended      chan struct{} // closed when run has returned
	news       chan struct{} // holds one where something has changed since run last looked

	mutex   sync.Mutex
	queue   []*request
	waiting int // points in the queue
	closed  bool
}

// request is the points of a caller.
type request struct {
	points []float64 // read under the mutex alone, as long as the request is in the queue
	n      int
	taken  int // points that are in batches
	since  time.Time
	values []float64 // written by run until done is closed
	err    error
	done   chan struct{}
}

// New makes a batcher of points of dim coordinates, with width values each, and evaluates every size once. [Batcher.Close] ends it.
func New(dim, width int, evaluate Evaluate, s Settings) (*Batcher, error) {
	if dim < 1 || width < 1 {
		return nil, fmt.Errorf("points of %d coordinates with %d values; want 1 or more of both", dim, width)
	}
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.Sizes = slices.Clone(s.Sizes)
	b := &Batcher{settings: s, dim: dim, width: width, evaluate: evaluate, padded: make([]float64, s.Sizes[len(s.Sizes)-1]*dim),
		ended: make(chan struct{}), news: make(chan struct{}, 1)}
	for _, size := range s.Sizes {
		if _, err := b.call(size); err != nil {
			return nil, fmt.Errorf("a batch of %d points: %w", size, err)
		}
	}
	go b.run()
	return b, nil
}

// Do evaluates points given row by row, [n·dim] -> [n·width], together with those of other callers. An error of a batch is that of
// all who have points in it. Once the context is done its points are no longer evaluated, unless they are on the device already,
// and the error is that of the context.
func (b *Batcher) Do(ctx context.Context, points []float64) ([]float64, error) {
	r := &request{points: points, n: len(points) / b.dim, since: time.Now(), done: make(chan struct{})}
	if r.n*b.dim != len(points) {
		return nil, fmt.Errorf("%d numbers are no points of %d coordinates", len(points), b.dim)
	}
	if err := ctx.Err(); err != nil || r.n == 0 {
		return nil, err
	}
	if err := b.add(r); err != nil {
		return nil, err
	}
	select {
	case <-r.done:
		return r.values, r.err
	case <-ctx.Done():
		b.remove(r)
		return nil, ctx.Err()
	}
}

// add puts a request into the queue.
func (b *Batcher) add(r *request) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.closed {
		return ErrClosed
	}
	if b.waiting > 0 && b.waiting+r.n > b.settings.Queue {
		return ErrOverloaded
	}
	b.queue = append(b.queue, r)
	b.waiting += r.n
	b.tell()
	return nil
}

// remove takes a request out of the queue, if it is there.
func (b *Batcher) remove(r *request) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if i := slices.Index(b.queue, r); i >= 0 {
		b.queue = slices.Delete(b.queue, i, i+1)
		b.waiting -= r.n - r.taken
	}
}

// tell lets run look again.
func (b *Batcher) tell() {
	select {
	case b.news <- struct{}{}:
	default: // it will
	}
}

// Waiting is the number of points that are not on the device yet.
func (b *Batcher) Waiting() int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.waiting
}

// Close takes no more points, and returns when those that wait have been evaluated.
func (b *Batcher) Close() {
	b.mutex.Lock()
	b.closed = true
	b.tell()
	b.mutex.Unlock()
	<-b.ended
}
