package datasets

import (
	"context"
	"fmt"
	"runtime"
	"sort"
	"sync"
)

// Streaming holds the settings of a set that need not fit into memory: its rows are read while it is trained on, and a
// window of them is there at a time.
type Streaming struct {
	// Window is the number of training points that the device holds at once.
	Window int `yaml:"window" check:"> 0, <= 100000000"`
	// Block is the number of rows that are read together; 0 is a 64th of the window.
	Block int `yaml:"block" check:">= 0, <= 100000000"`
	// Steps is the number of training steps with a window; 0 is as many as draw each of its points once, on average.
	Steps int `yaml:"steps" check:">= 0, <= 2000000000"`
	// Sample is how many points of each part of the set are kept in memory, at most; 0 is 10000.
	Sample int `yaml:"sample" check:">= 0, <= 100000000"`
}

// Check refuses blocks that are larger than a window.
func (s *Streaming) Check(report func(key, problem string)) {
	if s.Block > s.Window {
		report("block", fmt.Sprintf("%d rows are more than a window holds, %d: want at most those", s.Block, s.Window))
	}
}

// suits refuses what only a table in memory can do with its columns.
func (s *Streaming) suits(t Table, report func(key, problem string)) {
	if s == nil {
		return
	}
	for _, c := range []struct {
		key   string
		given bool
	}{
		{"label", t.Label != ""}, {"categorical", len(t.Categorical) > 0}, {"category_noise", t.CategoryNoise > 0},
		{"missing", t.Missing != missingError}, {"constant", t.Constant != constantError},
	} {
		if c.given {
			report(c.key, "does not go with stream, which takes columns of numbers as they are: leave one of the two out")
		}
	}
}

// The defaults of Streaming.
const (
	blocksOfWindow = 64
	defaultSample  = 10_000
)

func (s *Streaming) block() int {
	if s.Block > 0 {
		return s.Block
	}
	return max(1, s.Window/blocksOfWindow)
}

func (s *Streaming) sample() int {
	if s.Sample > 0 {
		return s.Sample
	}
	return defaultSample
}

// Stream is a training part that is read in windows. All of them in a row are the epochs in a row: each goes through all
// training points once, in an order of the blocks of its own. What is in a window depends on its number, the seed and the
// settings alone, so that every window can be had again.
//
// It is not safe for concurrent use.
type Stream struct {
	// N is the number of training points, and Dim that of their coordinates.
	N, Dim int
	// Size is the number of points in a window: that of the settings, or N where there are not so many.
	Size int
	// Steps is the number of training steps with a window; 0 leaves it to the trainer.
	Steps int
	// Low and High are the smallest and the largest values of all rows, in the units of the source.
	Low, High []float64

	seed      int64
	checksum  string
	transform *Standardizer
	shards    []shard
	blocks    []block
	order     *order // of the epoch that was asked for last
}

// Checksum identifies all rows of the source, to the bit and in their order: sha256: and the hexadecimal SHA-256 of their
// values, their number and their dimension, each in eight bytes, little-endian.
func (s *Stream) Checksum() string { return s.checksum }

// Window gives the points of window k = 0, 1, … in the coordinates of the set, in random order: put is called once for each
// slot of 0 … Size−1, by several goroutines at once, with a point that it may not keep. That a file can no longer be read, or
// does not hold what it did, is a [*ChangedError].
func (s *Stream) Window(ctx context.Context, k int, put func(slot int, point []float64)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var readers sync.WaitGroup
	pieces := s.pieces(k)
	for range max(1, runtime.GOMAXPROCS(0)/2) { // the others are for those that train
		readers.Go(func() {
			var values []float64
			for p := range pieces {
				if ctx.Err() != nil {
					return
				}
				points, own, err := s.read(p.block, values[:0])
				if err != nil {
					cancel(err)
					return
				}
				for i, row := range p.rows {
					put(p.slots[i], points.Row(row))
				}
				values = own
			}
		})
	}
	readers.Wait()
	return context.Cause(ctx)
}

// piece is what of a block is in a window: rows, and the slots that they go to.
type piece struct {
	block       block
	rows, slots []int
}

// pieces are those of window k.
func (s *Stream) pieces(k int) chan piece {
	var all []piece
	slots := newRand(s.seed, streamWindow+uint64(k)<<streamBits).Perm(s.Size)
	for next := k * s.Size; len(slots) > 0; {
		order := s.orderOf(next / s.N)
		i := order.at(next % s.N)
		b := s.blocks[order.blocks[i]]
		rows := b.training()[next%s.N-order.starts[i]:]
		n := min(len(rows), len(slots))
		all = append(all, piece{b, rows[:n], slots[:n]})
		slots, next = slots[n:], next+n
	}
	queue := make(chan piece, len(all))
	for _, p := range all {
		queue <- p
	}
	close(queue)
	return queue
}

// read reads a block again, in the coordinates of the set. It also returns its values as they were read into the given slice.
func (s *Stream) read(b block, into []float64) (points Points, values []float64, err error) {
	file := s.shards[b.shard]
	if values, err = file.read(b, into); err != nil {
		return Points{}, nil, &ChangedError{err}
	}
	if len(values) != b.rows*s.Dim || sumOf(values) != b.sum {
		return Points{}, nil, &ChangedError{fmt.Errorf("%s: has changed since the training began: %s is not what it was", file.name(), file.place(b))}
	}
	return s.transform.Apply(Points{N: b.rows, Dim: s.Dim, Values: values}), values, nil
}

// ChangedError says that a file is no longer there, or no longer what it was when a [Stream] was made of it.
type ChangedError struct{ error }

// Unwrap is what is wrong.
func (e *ChangedError) Unwrap() error { return e.error }

// order is that of the blocks in an epoch.
type order struct {
	epoch  int
	blocks []int // in their order
	starts []int // the number of training points before each of them
}

// at finds, in the order, the block of a training point that so many come before.
func (o *order) at(before int) int { return sort.SearchInts(o.starts, before+1) - 1 }

// orderOf is the order of an epoch, which is kept until another one is asked for.
func (s *Stream) orderOf(epoch int) *order {
	if s.order == nil || s.order.epoch != epoch {
		o := &order{epoch: epoch, blocks: newRand(s.seed, streamOrder+uint64(epoch)<<streamBits).Perm(len(s.blocks))}
		before := 0
		for _, b := range o.blocks {
			o.starts = append(o.starts, before)
			before += s.blocks[b].rows - len(s.blocks[b].held)
		}
		s.order = o
	}
	return s.order
}
