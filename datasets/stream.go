package datasets

import (
	"context"
	"fmt"
	"sort"
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
	order     *order    // of the epoch that was asked for last
	values    []float64 // of the block that was read last
}

// Checksum identifies all rows of the source, to the bit and in their order: sha256: and the hexadecimal SHA-256 of their
// values, their number and their dimension, each in eight bytes, little-endian.
func (s *Stream) Checksum() string { return s.checksum }

// Window gives the points of window k = 0, 1, … in the coordinates of the set, in random order: put is called once for each
// slot of 0 … Size−1, with a point that it may not keep. That a file can no longer be read, or does not hold what it did, is a
// [*ChangedError].
func (s *Stream) Window(ctx context.Context, k int, put func(slot int, point []float64)) error {
	slots := newRand(s.seed, streamWindow+uint64(k)<<streamBits).Perm(s.Size)
	for next := k * s.Size; len(slots) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		order := s.orderOf(next / s.N)
		i := order.at(next % s.N)
		b := s.blocks[order.blocks[i]]
		points, err := s.read(b)
		if err != nil {
			return err
		}
		rows := b.training()[next%s.N-order.starts[i]:]
		rows = rows[:min(len(rows), len(slots))]
		for j, row := range rows {
			put(slots[j], points.Row(row))
		}
		slots, next = slots[len(rows):], next+len(rows)
	}
	return nil
}

// read reads a block again, in the coordinates of the set.
func (s *Stream) read(b block) (Points, error) {
	file := s.shards[b.shard]
	values, err := file.read(b, s.values[:0])
	if err != nil {
		return Points{}, &ChangedError{err}
	}
	s.values = values
	if len(values) != b.rows*s.Dim || sumOf(values) != b.sum {
		return Points{}, &ChangedError{fmt.Errorf("%s: has changed since the training began: %s is not what it was", file.name(), file.place(b))}
	}
	return s.transform.Apply(Points{N: b.rows, Dim: s.Dim, Values: values}), nil
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
