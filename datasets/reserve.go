package datasets

import (
	"cmp"
	"container/heap"
	"slices"
)

// reserve keeps so many of the rows that it is offered: those with the smallest hashes. With hashes that are as good as
// random these are drawn without replacement, and any first of them in the order of their hashes are, too; which ones
// depends on nothing but the key of the hashes and the number of rows.
type reserve struct {
	size, dim int
	rows      []reserved // a heap: the one with the largest hash is first
	values    []float64  // [rows, dim]
	left      []float64  // the row that was given up last
}

// reserved is a row that is kept.
type reserved struct {
	hash uint64
	row  int // its number among all that were offered
	at   int // where its values are
}

// hashOf spreads the numbers of rows over all words: SplitMix64 (Steele, Lea and Flood 2014). No two have the same.
func hashOf(key uint64, row int) uint64 {
	z := key + (uint64(row)+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// offer takes a row, and gives back the one that is not kept: this or another, until the next offer; nil: all are.
func (r *reserve) offer(hash uint64, row int, x []float64) (left []float64) {
	if at := len(r.rows); at < r.size {
		r.values = append(r.values, x...)
		heap.Push(r, reserved{hash, row, at})
		return nil
	}
	worst := &r.rows[0]
	if hash > worst.hash {
		return x
	}
	own := r.values[worst.at*r.dim : (worst.at+1)*r.dim]
	r.left = append(r.left[:0], own...)
	copy(own, x)
	worst.hash, worst.row = hash, row
	heap.Fix(r, 0)
	return r.left
}

// sorted are the rows that are kept, in the order of their hashes.
func (r *reserve) sorted() []reserved {
	return slices.SortedFunc(slices.Values(r.rows), func(a, b reserved) int { return cmp.Compare(a.hash, b.hash) })
}

// points are some of the rows that are kept.
func (r *reserve) points(rows []reserved) Points {
	points := NewPoints(len(rows), r.dim)
	for i, row := range rows {
		copy(points.Row(i), r.values[row.at*r.dim:])
	}
	return points
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (r *reserve) Len() int           { return len(r.rows) }
func (r *reserve) Less(i, j int) bool { return r.rows[i].hash > r.rows[j].hash }
func (r *reserve) Swap(i, j int)      { r.rows[i], r.rows[j] = r.rows[j], r.rows[i] }
func (r *reserve) Push(row any)       { r.rows = append(r.rows, row.(reserved)) }

// Pop takes the last row.
func (r *reserve) Pop() any {
	last := r.rows[len(r.rows)-1]
	r.rows = r.rows[:len(r.rows)-1]
	return last
}
