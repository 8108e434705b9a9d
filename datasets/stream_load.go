package datasets

import (
	"fmt"
	"slices"
)

// load makes a set of the files that a path stands for, all of them taken as one: open opens one of them, with the columns
// of the first, which is nil for the first itself. It reads all of them through once, so that what is wrong in any row is
// found here.
func (s *Streaming) load(env Env, file FileData, how Preparation, open func(path string, columns []string) (shard, error)) (*Set, error) {
	paths, err := Files(file.Path, env.Dir)
	if err != nil {
		return nil, err
	}
	var shards []shard
	var columns []string
	for _, path := range paths {
		one, err := open(path, columns)
		if err != nil {
			return nil, err
		}
		if own := one.columns(); columns == nil {
			columns = own
		} else if !slices.Equal(own, columns) {
			return nil, fmt.Errorf("%s: the columns are %.200q, and those of %s are %.200q: the files of one set have to have the same", path, own, paths[0], columns)
		}
		shards = append(shards, one)
	}
	set, err := s.prepare(shards, how, env.Seed)
	if err != nil {
		return nil, err
	}
	if err := file.fit(set, env.Seed); err != nil {
		return nil, fmt.Errorf("%s: %w", paths[0], err)
	}
	return set, nil
}

// prepare reads the files through, splits their rows, and standardises them where asked.
func (s *Streaming) prepare(shards []shard, how Preparation, seed int64) (*Set, error) {
	found, err := scan(shards, s.block(), 3*s.sample(), seed) // of each part
	if err != nil {
		return nil, err
	}
	name := shards[0].name()
	if found.n < 2 {
		return nil, fmt.Errorf("%s: %d row of numbers, want at least 2", name, found.n)
	}
	test, validation, sample, err := found.deal(how, s.sample())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	training := found.others
	stream := &Stream{
		N: training.n, Dim: found.dim, Size: min(s.Window, training.n), Steps: s.Steps,
		Low: slices.Clone(training.low), High: slices.Clone(training.high),
		seed: seed, checksum: found.checksum, shards: shards, blocks: found.blocks,
	}
	for _, part := range []Points{test, validation} {
		if part.N == 0 {
			continue
		}
		low, high := part.Range()
		for k := range low {
			stream.Low[k], stream.High[k] = min(stream.Low[k], low[k]), max(stream.High[k], high[k])
		}
	}
	columns := shards[0].columns()
	set := &Set{Train: sample, Validation: validation, Test: test, Columns: columns, Encoding: Plain(columns), Stream: stream}
	if how.Standardize {
		set.Transform, err = standardizerOf(training.n, training.mean, training.std(), training.low, training.high, columns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		stream.transform = set.Transform
		set.standardize()
	}
	return set, nil
}
