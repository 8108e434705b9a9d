package batching

import (
	"fmt"
	"slices"
	"time"
)

// part is those points of a request that are in a batch.
type part struct {
	request *request
	count   int
}

// run evaluates batch after batch until the batcher is closed and nothing waits.
func (b *Batcher) run() {
	defer close(b.ended)
	for b.wait() {
		if parts, points := b.take(); points > 0 { // all may have gone meanwhile
			b.batch(parts, points)
		}
	}
}

// wait returns true when there is a batch to be evaluated, and false when there will be none any more.
func (b *Batcher) wait() bool {
	for {
		b.mutex.Lock()
		most := b.settings.Sizes[len(b.settings.Sizes)-1]
		isFull, isClosed, isEmpty := b.waiting >= most, b.closed, b.waiting == 0
		var left time.Duration
		if !isEmpty {
			left = b.settings.Delay - time.Since(b.queue[0].since)
		}
		b.mutex.Unlock()
		switch {
		case isEmpty && isClosed:
			return false
		case isEmpty:
			<-b.news
		case isFull || isClosed || left <= 0 || b.settings.Apart:
			return true
		default:
			timer := time.NewTimer(left)
			select {
			case <-b.news:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// take moves points from the queue into the next batch, those that came first at first.
func (b *Batcher) take() (parts []part, points int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	room := b.settings.Sizes[len(b.settings.Sizes)-1]
	for points < room && len(b.queue) > 0 && !(b.settings.Apart && points > 0) {
		r := b.queue[0]
		count := min(r.n-r.taken, room-points)
		copy(b.padded[points*b.dim:], r.points[r.taken*b.dim:(r.taken+count)*b.dim])
		parts = append(parts, part{r, count})
		points += count
		if r.taken += count; r.taken == r.n {
			b.queue = slices.Delete(b.queue, 0, 1)
		}
	}
	b.waiting -= points
	return parts, points
}

// batch evaluates points and hands out what comes of them.
func (b *Batcher) batch(parts []part, points int) {
	at, _ := slices.BinarySearch(b.settings.Sizes, points)
	size := b.settings.Sizes[at]
	clear(b.padded[points*b.dim : size*b.dim])
	begun := time.Now()
	values, err := b.call(size)
	if b.settings.Observe != nil {
		b.settings.Observe(Batch{Requests: len(parts), Points: points, Size: size, Duration: time.Since(begun), Err: err})
	}
	for _, p := range parts {
		r := p.request
		if err != nil {
			b.remove(r)
			r.values, r.err = nil, err
			close(r.done)
			continue
		}
		r.values = append(r.values, values[:p.count*b.width]...)
		values = values[p.count*b.width:]
		if len(r.values) == r.n*b.width {
			close(r.done)
		}
	}
}

// call evaluates the first points of the padded ones. A panic is an error of the batch alone.
func (b *Batcher) call(size int) (values []float64, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the evaluation panicked: %v", r)
		}
	}()
	values, err = b.evaluate(b.padded[:size*b.dim])
	if err == nil && len(values) != size*b.width {
		err = fmt.Errorf("%d values of %d points; want %d for each", len(values), size, b.width)
	}
	return values, err
}
