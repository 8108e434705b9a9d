package datasets

import (
	"math"
	"slices"
)

// Entropy returns −E log p(x) in nats and whether it is known: exactly for one component; otherwise, in one and two
// dimensions, by quadrature to about 1e-6. It is not known in more dimensions, nor where there are so many components, or
// they differ so much in width, that no affordable grid resolves them.
func (m *Mixture) Entropy() (nats float64, known bool) {
	if len(m.Means) == 1 {
		return float64(m.Dim())/2 - m.logNorm[0], true // logNorm holds log 1 − ½ log |2πΣ|
	}
	if m.Dim() > 2 {
		return m.planarEntropy()
	}
	if std, ok := m.commonWidth(); ok {
		if nats, known = gridEntropy(m.Means, m.Weights, std); known {
			return nats, true
		}
		nats = 0
	}
	for k, w := range m.Weights {
		mean, converged := m.meanLogProb(k)
		if !converged {
			return 0, false
		}
		nats -= w * mean
	}
	return nats, true
}

// planarEntropy is the entropy where the components are isotropic, of one width, and their means in a plane: there it is that of a
// mixture in two dimensions or less, and across it that of a Gaussian.
func (m *Mixture) planarEntropy() (nats float64, known bool) {
	variance := m.Covariances[0][0][0]
	for _, c := range m.Covariances {
		for i := range c {
			for j, v := range c[i] {
				if i == j && v != variance || i != j && v != 0 {
					return 0, false
				}
			}
		}
	}
	apart := make([][]float64, len(m.Means)-1)
	for k := range apart {
		apart[k] = make([]float64, m.Dim())
		for j := range apart[k] {
			apart[k][j] = m.Means[k+1][j] - m.Means[0][j]
		}
	}
	basis := orthonormal(apart)
	if len(basis) == 0 {
		basis = [][]float64{make([]float64, m.Dim())}
		basis[0][0] = 1
	}
	if len(basis) > 2 {
		return 0, false
	}
	means := make([][]float64, len(m.Means))
	for k, mean := range m.Means {
		means[k] = make([]float64, len(basis))
		for b, direction := range basis {
			means[k][b] = dot(mean, direction)
		}
	}
	within, err := NewIsotropic(m.Weights, means, slices.Repeat([]float64{variance}, len(means)))
	if err != nil {
		return 0, false
	}
	nats, known = within.Entropy()
	return nats + float64(m.Dim()-len(basis))/2*math.Log(2*math.Pi*math.E*variance), known
}

// meanLogProb returns E log p(x) over x from component k alone.
//
// It uses the trapezoidal rule in the component's own coordinates z = L⁻¹(x − μ), where the weight is the standard
// normal density whatever the component's scale: for a smooth integrand that vanishes at the border the error falls
// exponentially with the spacing, so halving it until nothing changes gives the accuracy of the last step.
func (m *Mixture) meanLogProb(k int) (mean float64, converged bool) {
	const tolerance, mostTerms = 1e-8, 3e8
	most := 1 << 18 // intervals along an axis
	if m.Dim() == 2 {
		most = 1 << 11
	}
	affordable := math.Pow(mostTerms/math.Pow(float64(len(m.Means)), 2), 1/float64(m.Dim()))
	most = min(most, int(affordable))
	intervals := 48
	for j := range m.Means {
		// ‖Lⱼ⁻¹Lₖ‖ bounds how many times narrower component j is, seen from component k.
		intervals = max(intervals, int(math.Ceil(36*productNorm(m.precision[j], m.factors[k]))))
		if intervals > most {
			return 0, false
		}
	}
	previous := m.trapezoid(k, intervals)
	for intervals *= 2; intervals <= most; intervals *= 2 {
		mean = m.trapezoid(k, intervals)
		if math.Abs(mean-previous) <= tolerance*max(1, math.Abs(mean)) {
			return mean, true
		}
		previous = mean
	}
	return 0, false
}

// trapezoid returns the trapezoidal rule for E log p(μₖ + Lₖ z), z standard normal, over [−9, 9] along each axis; the
// mass outside is below 1e-18.
func (m *Mixture) trapezoid(k, intervals int) (mean float64) {
	const reach = 9.0
	dim, step := m.Dim(), 2*reach/float64(intervals)
	nodes, density := make([]float64, intervals+1), make([]float64, intervals+1)
	for i := range nodes {
		nodes[i] = float64(i)*step - reach
		density[i] = step * math.Exp(-nodes[i]*nodes[i]/2) / math.Sqrt(2*math.Pi)
	}
	z, x := make([]float64, dim), make([]float64, dim)
	var along func(axis int, weight float64)
	along = func(axis int, weight float64) {
		for i := range nodes {
			z[axis] = nodes[i]
			if axis+1 < dim {
				along(axis+1, weight*density[i])
				continue
			}
			m.place(k, z, x)
			mean += weight * density[i] * m.LogProb(x)
		}
	}
	along(0, 1)
	return mean
}

// productNorm returns the Frobenius norm of a·b for square matrices.
func productNorm(a, b [][]float64) float64 {
	var squares float64
	for i := range a {
		for j := range b {
			var entry float64
			for k := range b {
				entry += a[i][k] * b[k][j]
			}
			squares += entry * entry
		}
	}
	return math.Sqrt(squares)
}
