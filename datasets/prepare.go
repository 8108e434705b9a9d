package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Preparation holds the settings of what happens to the points once they are there.
type Preparation struct {
	TestFraction float64 `yaml:"test_fraction" check:">= 0, < 1"` // share of the points kept for testing
	Standardize  bool    `yaml:"standardize"`                     // to mean 0 and variance 1, fitted on the training part
}

var defaultPreparation = Preparation{TestFraction: 0.2}

// prepare splits the points and, where asked, standardises them together with their density (nil when unknown).
func (s Preparation) prepare(points Points, columns []string, density Density, seed int64) (*Set, error) {
	train, test, err := Split(points, s.TestFraction, seed)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		columns = unnamed(points.Dim)
	}
	set := &Set{Train: train, Test: test, Columns: columns, Density: density}
	if s.Standardize {
		if set.Transform, err = FitStandardizer(train, columns); err != nil {
			return nil, err
		}
		set.Train, set.Test = set.Transform.Apply(train), set.Transform.Apply(test)
		if density != nil {
			if set.Density, err = set.Transform.applyDensity(density); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// unnamed gives the names of columns that have none: x0, x1, ….
func unnamed(dim int) []string {
	names := make([]string, dim)
	for i := range names {
		names[i] = fmt.Sprintf("x%d", i)
	}
	return names
}

// What a seed is used for: each use draws from a stream of its own, so that one does not disturb another.
const (
	streamPoints uint64 = iota + 1
	streamSplit
	streamFit
	streamNoise
	streamLimit
	streamDequantise
)

func newRand(seed int64, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), stream))
}

// Split deals the points, shuffled by the seed, into a training and a test part. The test part holds testFraction
// of them (in [0, 1)), rounded; it is empty only for a fraction of 0. It is an error when a part would get no point.
func Split(points Points, testFraction float64, seed int64) (train, test Points, err error) {
	parts, err := Preparation{TestFraction: testFraction}.deal(points.N, seed)
	if err != nil {
		return Points{}, Points{}, err
	}
	return points.Rows(parts.train), points.Rows(parts.test), nil
}

// split is which points are in which part of a set, by their indices.
type split struct{ train, validation, test []int }

// deal deals n points into the parts: see [Split].
func (s Preparation) deal(n int, seed int64) (split, error) {
	if !(s.TestFraction >= 0 && s.TestFraction < 1) {
		return split{}, fmt.Errorf("test_fraction: %v is not in [0, 1)", s.TestFraction)
	}
	tests := int(math.Round(s.TestFraction * float64(n)))
	if tests >= n || tests == 0 && s.TestFraction > 0 {
		return split{}, fmt.Errorf("test_fraction: %v of %d points leaves %d for training and %d for testing, "+
			"want at least one each", s.TestFraction, n, n-tests, tests)
	}
	order := newRand(seed, streamSplit).Perm(n)
	return split{train: order[tests:], test: order[:tests]}, nil
}
