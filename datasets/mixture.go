package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Mixture is a mixture of Gaussians, p(x) = Σₖ wₖ N(x; μₖ, Σₖ), on the host and in float64.
//
// Make one with [NewMixture], [NewIsotropic] or [FitMixture], which check it and factorise the covariances once;
// the fields are for reading.
type Mixture struct {
	Weights     []float64     // [K], positive, summing to 1
	Means       [][]float64   // [K][D]
	Covariances [][][]float64 // [K][D][D], symmetric positive definite

	factors   [][][]float64 // L, lower triangular: Σ = L Lᵀ
	precision [][][]float64 // L⁻¹, lower triangular
	logNorm   []float64     // see LogNorm
}

// NewMixture returns the mixture of the given components. Weights within 1e-6 of summing to 1 are normalised; an error
// says which component is at fault, counted from 1. The arguments are not copied.
func NewMixture(weights []float64, means [][]float64, covariances [][][]float64) (*Mixture, error) {
	components := len(means)
	if components == 0 || len(means[0]) == 0 {
		return nil, fmt.Errorf("means: want at least one component of at least one coordinate")
	}
	if len(weights) != components || len(covariances) != components {
		return nil, fmt.Errorf("%d weights, %d means and %d covariances, want as many of each",
			len(weights), components, len(covariances))
	}
	sum := total(weights)
	if !sumsToOne(sum) {
		return nil, fmt.Errorf("weights: they sum to %v, want 1", sum)
	}
	m := &Mixture{Weights: make([]float64, components), Means: means, Covariances: covariances}
	dim := m.Dim()
	for k := range components {
		if !(weights[k] > 0) {
			return nil, fmt.Errorf("weights: weight %d is %v, want a positive number", k+1, weights[k])
		}
		m.Weights[k] = weights[k] / sum
		if len(means[k]) != dim {
			return nil, fmt.Errorf("means: mean %d has %d coordinates, mean 1 has %d", k+1, len(means[k]), dim)
		}
		for _, v := range means[k] {
			if !isFinite(v) {
				return nil, fmt.Errorf("means: mean %d holds %v, want finite numbers", k+1, v)
			}
		}
		factor, err := cholesky(covariances[k], dim)
		if err != nil {
			return nil, fmt.Errorf("covariance of component %d: %w", k+1, err)
		}
		logNorm := math.Log(m.Weights[k]) - float64(dim)/2*math.Log(2*math.Pi)
		for i := range dim {
			logNorm -= math.Log(factor[i][i])
		}
		m.factors = append(m.factors, factor)
		m.precision = append(m.precision, invertLower(factor))
		m.logNorm = append(m.logNorm, logNorm)
	}
	return m, nil
}

// NewIsotropic returns the mixture of N(μₖ, vₖ I). Weights are treated as in [NewMixture].
func NewIsotropic(weights []float64, means [][]float64, variances []float64) (*Mixture, error) {
	if len(variances) != len(means) {
		return nil, fmt.Errorf("variances: %d for %d means, want one each", len(variances), len(means))
	}
	for k, mean := range means {
		if len(mean) != len(means[0]) {
			return nil, fmt.Errorf("means: mean %d has %d coordinates, mean 1 has %d", k+1, len(mean), len(means[0]))
		}
	}
	if len(means) > 0 {
		if problem := tooLarge(len(means), len(means[0])); problem != "" {
			return nil, fmt.Errorf("means: %s", problem)
		}
	}
	covariances := make([][][]float64, len(means))
	for k, v := range variances {
		if !(v > 0) || math.IsInf(v, 1) {
			return nil, fmt.Errorf("variances: variance %d is %v, want a positive number", k+1, v)
		}
		covariances[k] = newMatrix(len(means[k]))
		for i := range covariances[k] {
			covariances[k][i][i] = v
		}
	}
	return NewMixture(weights, means, covariances)
}

// Dim returns the number of coordinates of a point.
func (m *Mixture) Dim() int { return len(m.Means[0]) }

// LogProb returns log p(x) in nats.
func (m *Mixture) LogProb(x []float64) float64 {
	var sum logSum
	for k := range m.Means {
		sum.add(m.logJoint(k, x))
	}
	return sum.value()
}

// logJoint returns log wₖ N(x; μₖ, Σₖ).
func (m *Mixture) logJoint(k int, x []float64) float64 {
	mean := m.Means[k]
	var distance float64 // squared, in standard deviations: ‖L⁻¹(x − μ)‖²
	for i, row := range m.precision[k] {
		var z float64
		for j := range i + 1 {
			z += row[j] * (x[j] - mean[j])
		}
		distance += z * z
	}
	return m.logNorm[k] - distance/2
}

// Sample draws n points.
func (m *Mixture) Sample(r *rand.Rand, n int) Points {
	points, _ := m.sampleComponents(r, n)
	return points
}

// sampleComponents draws n points, and says which component each is from.
func (m *Mixture) sampleComponents(r *rand.Rand, n int) (Points, []int) {
	points, components, z := NewPoints(n, m.Dim()), make([]int, n), make([]float64, m.Dim())
	for i := range n {
		k := draw(r, m.Weights)
		components[i] = k
		for j := range z {
			z[j] = r.NormFloat64()
		}
		m.place(k, z, points.Row(i))
	}
	return points, components
}

// place writes μₖ + Lₖ z to x.
func (m *Mixture) place(k int, z, x []float64) {
	for i := range x {
		x[i] = m.Means[k][i]
		for j := range i + 1 {
			x[i] += m.factors[k][i][j] * z[j]
		}
	}
}

// draw returns an index with probability proportional to its weight.
func draw(r *rand.Rand, weights []float64) int {
	left := r.Float64() * total(weights)
	last := 0
	for k, w := range weights {
		if w <= 0 {
			continue
		}
		if last = k; left < w {
			break
		}
		left -= w
	}
	return last
}

// PrecisionFactors returns the lower triangular L⁻¹ of each component, [K][D][D], where Σ = L Lᵀ: the precision matrix
// is L⁻ᵀL⁻¹. The result is the mixture's own, not a copy.
func (m *Mixture) PrecisionFactors() [][][]float64 { return m.precision }

// LogNorm returns for each component log wₖ − ½ log |2πΣₖ|, [K], so that
// log p(x) = logsumexpₖ (LogNormₖ − ½ ‖Lₖ⁻¹(x − μₖ)‖²). The result is the mixture's own, not a copy.
func (m *Mixture) LogNorm() []float64 { return m.logNorm }

// MeanCov returns the mean [D] and the covariance [D][D] of the whole mixture.
func (m *Mixture) MeanCov() (mean []float64, cov [][]float64) {
	mean, cov = make([]float64, m.Dim()), newMatrix(m.Dim())
	for k, w := range m.Weights {
		for i := range mean {
			mean[i] += w * m.Means[k][i]
		}
	}
	for k, w := range m.Weights {
		for i := range mean {
			for j := range mean {
				between := (m.Means[k][i] - mean[i]) * (m.Means[k][j] - mean[j])
				cov[i][j] += w * (m.Covariances[k][i][j] + between)
			}
		}
	}
	return mean, cov
}

// rescale returns the density of shift + scale·x, coordinate by coordinate, for x from this mixture.
func (m *Mixture) rescale(scale, shift []float64) (*Mixture, error) {
	means, covariances := make([][]float64, len(m.Means)), make([][][]float64, len(m.Means))
	for k := range means {
		means[k], covariances[k] = make([]float64, m.Dim()), newMatrix(m.Dim())
		for i := range means[k] {
			means[k][i] = shift[i] + scale[i]*m.Means[k][i]
			for j := range means[k] {
				covariances[k][i][j] = scale[i] * m.Covariances[k][i][j] * scale[j]
			}
		}
	}
	return NewMixture(m.Weights, means, covariances)
}
