package main

import "slices"

// speeds are steps a second, one for each round.
type speeds []float64

// median is the middle one, or the mean of the two in the middle; 0 of none.
func (s speeds) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// over is the median over the rounds of the ratio within a round, so that a machine that slows down for a while does so for
// both. Where rounds are missing it is the ratio of the medians.
func (s speeds) over(other speeds) float64 {
	if len(s) != len(other) {
		return s.median() / other.median()
	}
	ratios := make(speeds, len(s))
	for i := range s {
		ratios[i] = s[i] / other[i]
	}
	return ratios.median()
}

// worst and best are the smallest and largest; 0 of none.
func (s speeds) worst() float64 { return extreme(s, slices.Min[speeds]) }
func (s speeds) best() float64  { return extreme(s, slices.Max[speeds]) }

func extreme(s speeds, of func(speeds) float64) float64 {
	if len(s) == 0 {
		return 0
	}
	return of(s)
}

// rotate returns the numbers 0 … n−1 beginning with start.
func rotate(n, start int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (start + i) % n
	}
	return order
}
