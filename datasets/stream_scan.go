package datasets

import (
	"math"
	"slices"
)

// survey is what is found when the rows of a stream are read for the first time.
type survey struct {
	blocks   []block
	n, dim   int
	checksum string
	kept     reserve // rows drawn at random
	others   moments // of all rows that are not kept
}

// scan reads all files through, in blocks of so many rows, and keeps so many rows drawn at random by the seed.
func scan(shards []shard, rows, keep int, seed int64) (*survey, error) {
	s := &survey{dim: len(shards[0].columns())}
	s.kept, s.others = reserve{size: keep, dim: s.dim}, newMoments(s.dim)
	key, digest := newRand(seed, streamSplit).Uint64(), newDigest()
	for i, file := range shards {
		err := file.scan(rows, func(b block, values []float64) error {
			b.shard, b.rows, b.sum = i, len(values)/s.dim, sumOf(values)
			if b.rows > 0 { // not only blank lines
				s.blocks = append(s.blocks, b)
			}
			for ; len(values) > 0; values = values[s.dim:] {
				row := values[:s.dim]
				for _, v := range row {
					digest.add(math.Float64bits(v))
				}
				if left := s.kept.offer(hashOf(key, s.n), s.n, row); left != nil {
					s.others.add(left)
				}
				s.n++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	digest.add(uint64(s.n))
	digest.add(uint64(s.dim))
	s.checksum = digest.text()
	return s, nil
}

// deal gives the parts that are held out, of their shares of all rows but at most so many points each, and a sample of the
// training part of at most as many. It marks in the blocks what is held out, and completes the moments, which are then those
// of the training part.
func (s *survey) deal(how Preparation, most int) (test, validation, sample Points, err error) {
	tests, validations, err := how.sizes(s.n, most)
	if err != nil {
		return test, validation, sample, err
	}
	kept, held := s.kept.sorted(), tests+validations
	for _, r := range kept[held:] {
		s.others.add(s.kept.values[r.at*s.dim : (r.at+1)*s.dim])
	}
	s.mark(kept[:held])
	sample = s.kept.points(kept[held:min(len(kept), held+most)])
	return s.kept.points(kept[:tests]), s.kept.points(kept[tests:held]), sample, nil
}

// mark notes in the blocks which rows are held out.
func (s *survey) mark(held []reserved) {
	rows := make([]int, len(held))
	for i, r := range held {
		rows[i] = r.row
	}
	slices.Sort(rows)
	first := 0 // row of the block
	for i := range s.blocks {
		b := &s.blocks[i]
		for len(rows) > 0 && rows[0] < first+b.rows {
			b.held, rows = append(b.held, rows[0]-first), rows[1:]
		}
		first += b.rows
	}
}

// moments are those of rows that come one after the other (Welford 1962), and their range.
type moments struct {
	n                     int
	mean, sum2, low, high []float64 // sum2: of the squares of the distances from the mean
}

func newMoments(dim int) moments {
	return moments{
		mean: make([]float64, dim), sum2: make([]float64, dim),
		low: slices.Repeat([]float64{math.Inf(1)}, dim), high: slices.Repeat([]float64{math.Inf(-1)}, dim),
	}
}

func (m *moments) add(x []float64) {
	m.n++
	for k, v := range x {
		d := v - m.mean[k]
		m.mean[k] += d / float64(m.n)
		m.sum2[k] += d * (v - m.mean[k])
		m.low[k], m.high[k] = min(m.low[k], v), max(m.high[k], v)
	}
}

// std are the standard deviations, with divisor n.
func (m *moments) std() []float64 {
	std := make([]float64, len(m.sum2))
	for k, v := range m.sum2 {
		std[k] = math.Sqrt(v / float64(m.n))
	}
	return std
}
