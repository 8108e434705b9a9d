package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Preparation holds the settings of what happens to the points once they are there.
type Preparation struct {
	TestFraction       float64 `yaml:"test_fraction" check:">= 0, < 1"`       // share of the points kept for testing
	ValidationFraction float64 `yaml:"validation_fraction" check:">= 0, < 1"` // share kept for stopping in time
	Standardize        bool    `yaml:"standardize"`                           // to mean 0 and variance 1, fitted on the training part
}

var defaultPreparation = Preparation{TestFraction: 0.2}

// HasValidation says whether points are kept for stopping in time.
func (s Preparation) HasValidation() bool { return s.ValidationFraction > 0 }

// prepare splits the points and, where asked, standardises them together with their density (nil when unknown).
func (s Preparation) prepare(points Points, columns []string, density Density, seed int64) (*Set, error) {
	split, err := s.deal(points.N, seed)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		columns = unnamed(points.Dim)
	}
	set := &Set{
		Train: points.Rows(split.train), Validation: points.Rows(split.validation), Test: points.Rows(split.test),
		Columns: columns, Density: density,
	}
	if s.Standardize {
		if set.Transform, err = FitStandardizer(set.Train, columns); err != nil {
			return nil, err
		}
		set.standardize()
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
	streamCategories
	streamOrder  // of the blocks in an epoch
	streamWindow // of the points in a window
)

// streamBits is by how many bits the number of an epoch or a window is above what the seed is used for.
const streamBits = 8

func newRand(seed int64, stream uint64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), stream))
}

// Split deals the points, shuffled by the seed, into a training and a test part, which holds testFraction of them, rounded.
// It is an error when a part would get no point.
func Split(points Points, testFraction float64, seed int64) (train, test Points, err error) {
	dealt, err := Preparation{TestFraction: testFraction}.deal(points.N, seed)
	if err != nil {
		return Points{}, Points{}, err
	}
	return points.Rows(dealt.train), points.Rows(dealt.test), nil
}

// split is which points are in which part of a set, by their indices.
type split struct{ train, validation, test []int }

// deal deals n points, shuffled by the seed, into the parts. It is an error when a part would get no point.
func (s Preparation) deal(n int, seed int64) (split, error) {
	tests, validations, err := s.sizes(n, n)
	if err != nil {
		return split{}, err
	}
	order := newRand(seed, streamSplit).Perm(n)
	return split{test: order[:tests], validation: order[tests : tests+validations], train: order[tests+validations:]}, nil
}

// sizes are how many of n points the test part and the validation part hold: their share of them, rounded, but at most so many.
// They are empty only where that is 0. It is an error when a part would get no point.
func (s Preparation) sizes(n, most int) (tests, validations int, err error) {
	for _, f := range []struct {
		key   string
		share float64
	}{{"test_fraction", s.TestFraction}, {"validation_fraction", s.ValidationFraction}} {
		if !(f.share >= 0 && f.share < 1) {
			return 0, 0, fmt.Errorf("%s: %v is not in [0, 1)", f.key, f.share)
		}
	}
	tests = min(most, int(math.Round(s.TestFraction*float64(n))))
	validations = min(most, int(math.Round(s.ValidationFraction*float64(n))))
	switch left := n - tests - validations; {
	case left > 0 && (tests > 0 || s.TestFraction == 0) && (validations > 0 || s.ValidationFraction == 0):
	case s.ValidationFraction == 0:
		return 0, 0, fmt.Errorf("test_fraction: %v of %d points leaves %d for training and %d for testing, "+
			"want at least one each", s.TestFraction, n, left, tests)
	default:
		return 0, 0, fmt.Errorf("test_fraction %v and validation_fraction %v of %d points leave %d for training, %d for validation and %d for testing, "+
			"want at least one each", s.TestFraction, s.ValidationFraction, n, max(left, 0), validations, tests)
	}
	return tests, validations, nil
}

// standardize takes the points of all parts to the coordinates of the transform.
func (s *Set) standardize() {
	s.Train, s.Validation, s.Test = s.Transform.Apply(s.Train), s.Transform.Apply(s.Validation), s.Transform.Apply(s.Test)
}
