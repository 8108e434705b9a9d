package datasets

import (
	"fmt"
	"math"
	"slices"
)

func newMatrix(dim int) [][]float64 {
	rows := make([][]float64, dim)
	for i := range rows {
		rows[i] = make([]float64, dim)
	}
	return rows
}

// cholesky returns the lower triangular L with a = L Lᵀ, or an error when a is not a symmetric positive definite
// matrix of dim rows.
func cholesky(a [][]float64, dim int) ([][]float64, error) {
	if len(a) != dim {
		return nil, fmt.Errorf("%d rows, want %d", len(a), dim)
	}
	for i, row := range a {
		if len(row) != dim {
			return nil, fmt.Errorf("row %d has %d numbers, want %d", i+1, len(row), dim)
		}
	}
	factor := newMatrix(dim)
	for i := range dim {
		for j := range i + 1 {
			if math.Abs(a[i][j]-a[j][i]) > 1e-9*(math.Abs(a[i][j])+math.Abs(a[j][i])) {
				return nil, fmt.Errorf("not symmetric: %v at (%d, %d), %v at (%d, %d)", a[i][j], i+1, j+1, a[j][i], j+1, i+1)
			}
			sum := a[i][j]
			for k := range j {
				sum -= factor[i][k] * factor[j][k]
			}
			if i != j {
				factor[i][j] = sum / factor[j][j]
			} else if !(sum > 0) || math.IsInf(sum, 1) {
				return nil, fmt.Errorf("not positive definite (pivot %d is %v)", i+1, sum)
			} else {
				factor[i][i] = math.Sqrt(sum)
			}
		}
	}
	return factor, nil
}

// invertLower returns the inverse of a lower triangular matrix.
func invertLower(l [][]float64) [][]float64 {
	inverse := newMatrix(len(l))
	for j := range l {
		inverse[j][j] = 1 / l[j][j]
		for i := j + 1; i < len(l); i++ {
			var sum float64
			for k := j; k < i; k++ {
				sum -= l[i][k] * inverse[k][j]
			}
			inverse[i][j] = sum / l[i][i]
		}
	}
	return inverse
}

// logSum adds up numbers that are given by their logarithms, without overflow or underflow.
type logSum struct {
	largest, scaled float64 // the sum is scaled·exp(largest)
}

func (s *logSum) add(logValue float64) {
	switch {
	case math.IsInf(logValue, -1): // adds nothing, and ∞ − ∞ below would be NaN
	case s.scaled == 0:
		s.largest, s.scaled = logValue, 1
	case logValue > s.largest:
		s.largest, s.scaled = logValue, 1+s.scaled*math.Exp(s.largest-logValue)
	default:
		s.scaled += math.Exp(logValue - s.largest)
	}
}

func (s *logSum) value() float64 { return s.largest + math.Log(s.scaled) }

// orthonormal is a basis of what some vectors span, by Gram and Schmidt, twice for the rounding. Vectors that the ones before them
// span, but for a small part of the longest one, add nothing.
func orthonormal(vectors [][]float64) (basis [][]float64) {
	const small = 1e-9
	longest := 0.0
	for _, v := range vectors {
		longest = max(longest, math.Sqrt(dot(v, v)))
	}
	for _, v := range vectors {
		own := slices.Clone(v)
		for range 2 {
			for _, b := range basis {
				along := dot(own, b)
				for j := range own {
					own[j] -= along * b[j]
				}
			}
		}
		length := math.Sqrt(dot(own, own))
		if length <= small*longest {
			continue
		}
		for j := range own {
			own[j] /= length
		}
		basis = append(basis, own)
	}
	return basis
}

func dot(a, b []float64) (sum float64) {
	for j, v := range a {
		sum += v * b[j]
	}
	return sum
}
