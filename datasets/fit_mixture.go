package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// effort is how far a fit goes.
type effort struct {
	starts     int     // most starts of the EM algorithm
	enough     int     // starts with an end point, of which the best is kept
	iterations int     // most steps from one start
	tolerance  float64 // relative gain in log likelihood that counts as converged
}

var (
	thorough = effort{starts: 10, enough: 10, iterations: 2000, tolerance: 1e-10}
	rough    = effort{starts: 10, enough: 3, iterations: 200, tolerance: 1e-6}
)

// fitRidge is added to the variances, which are about 1 in the coordinates of the fit.
const fitRidge = 1e-6

// FitMixture fits a mixture of Gaussians with full covariances by maximum likelihood: the EM algorithm (Dempster,
// Laird and Rubin 1977) from several k-means++ starts (Arthur and Vassilvitskii 2007), in standardised coordinates.
//
// A component that shrinks onto a few points makes the likelihood as large as one likes, so starts that end that way
// are set aside; it is an error when all do. Components come in the order of their means. The same points and seed
// give the same mixture.
func FitMixture(points Points, components int, seed int64) (*Mixture, error) {
	return thorough.fit(points, components, seed)
}

// FitMixtureRoughly is FitMixture where close to the best is good enough: from fewer starts, each left when the likelihood
// hardly grows any more.
func FitMixtureRoughly(points Points, components int, seed int64) (*Mixture, error) {
	return rough.fit(points, components, seed)
}

func (e effort) fit(points Points, components int, seed int64) (*Mixture, error) {
	if components < 1 {
		return nil, fmt.Errorf("components: %d is not positive", components)
	}
	if need := components * (points.Dim + 1); points.N < need {
		return nil, fmt.Errorf("components: %d in %d dimensions need at least %d points, there are %d",
			components, points.Dim, need, points.N)
	}
	transform, err := FitStandardizer(points, unnamed(points.Dim))
	if err != nil {
		return nil, err
	}
	points = transform.Apply(points)

	r := newRand(seed, streamFit)
	var best *Mixture
	bestLogLik, ended := math.Inf(-1), 0
	for range e.starts {
		start, err := nearestCentre(points, components, r)
		if err != nil {
			return nil, err
		}
		m, logLik, ok := e.climb(points, start)
		if !ok {
			continue
		}
		if logLik > bestLogLik {
			best, bestLogLik = m, logLik
		}
		if ended++; ended == e.enough || components == 1 {
			break
		}
	}
	if best == nil {
		return nil, fmt.Errorf("components: with %d, one shrank onto a few points or a line from each of %d starts: "+
			"take fewer, and leave out columns that depend linearly on others", components, e.starts)
	}
	if best, err = best.sorted(); err != nil {
		return nil, err
	}
	return transform.undoDensity(best)
}

// climb repeats EM steps from the given responsibilities until the likelihood no longer grows. It is not ok when a
// component collapsed on the way.
func (e effort) climb(points Points, responsibilities Points) (m *Mixture, logLik float64, ok bool) {
	logLik = math.Inf(-1)
	for range e.iterations {
		if m, ok = maximize(points, responsibilities); !ok {
			return nil, 0, false
		}
		if responsibilities.Dim == 1 { // which is all of the points in any case
			return m, 0, true
		}
		previous := logLik
		logLik = m.expect(points, responsibilities)
		if logLik-previous <= e.tolerance*math.Abs(logLik) {
			break
		}
	}
	return m, logLik, true
}

// expect is the E step: it writes to row i of responsibilities [N, K] the probability of each component given point i,
// and returns the log likelihood of the points.
func (m *Mixture) expect(points, responsibilities Points) (logLik float64) {
	for i := range points.N {
		row := responsibilities.Row(i)
		var sum logSum
		for k := range row {
			row[k] = m.logJoint(k, points.Row(i))
			sum.add(row[k])
		}
		logProb := sum.value()
		for k := range row {
			row[k] = math.Exp(row[k] - logProb)
		}
		logLik += logProb
	}
	return logLik
}

// maximize is the M step: the mixture with the weights, means and covariances of the points shared out as
// responsibilities [N, K] says. It is not ok when a component is left with too few points to span the space.
func maximize(points, responsibilities Points) (m *Mixture, ok bool) {
	components, dim := responsibilities.Dim, points.Dim
	weights, means, covariances := make([]float64, components), make([][]float64, components), make([][][]float64, components)
	for k := range components {
		mean, away, cov := make([]float64, dim), make([]float64, dim), newMatrix(dim)
		var count float64
		for i := range points.N {
			share := responsibilities.Row(i)[k]
			count += share
			for a, x := range points.Row(i) {
				mean[a] += share * x
			}
		}
		if count < float64(dim+1) {
			return nil, false
		}
		for a := range mean {
			mean[a] /= count
		}
		for i := range points.N {
			share, x := responsibilities.Row(i)[k]/count, points.Row(i)
			for a, v := range x {
				away[a] = v - mean[a]
			}
			for a, row := range cov {
				scaled := share * away[a]
				for b, v := range away[:a+1] {
					row[b] += scaled * v
				}
			}
		}
		for a := range cov {
			cov[a][a] += fitRidge
			for b := range a {
				cov[b][a] = cov[a][b]
			}
		}
		weights[k], means[k], covariances[k] = count/float64(points.N), mean, cov
	}
	m, err := NewMixture(weights, means, covariances)
	if err != nil {
		return nil, false
	}
	for _, factor := range m.factors {
		for a := range factor {
			if factor[a][a]*factor[a][a] < 10*fitRidge { // nothing but the ridge holds it open
				return nil, false
			}
		}
	}
	return m, true
}

// nearestCentre chooses centres among the points by k-means++, each with probability proportional to its squared
// distance from the nearest centre so far, and returns responsibilities [N, K] that give each point to its nearest.
func nearestCentre(points Points, components int, r *rand.Rand) (Points, error) {
	responsibilities := NewPoints(points.N, components)
	nearest, distance := make([]int, points.N), make([]float64, points.N)
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	centre := r.IntN(points.N)
	for k := range components {
		if k > 0 {
			if total(distance) == 0 {
				return Points{}, fmt.Errorf("components: %d is more than the %d distinct points", components, k)
			}
			centre = draw(r, distance)
		}
		for i := range points.N {
			var d float64
			for a, x := range points.Row(i) {
				d += (x - points.Row(centre)[a]) * (x - points.Row(centre)[a])
			}
			if d < distance[i] {
				nearest[i], distance[i] = k, d
			}
		}
	}
	for i, k := range nearest {
		responsibilities.Row(i)[k] = 1
	}
	return responsibilities, nil
}

// sorted returns the mixture with its components in the order of their means.
func (m *Mixture) sorted() (*Mixture, error) {
	order := make([]int, len(m.Means))
	for k := range order {
		order[k] = k
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(m.Means[a], m.Means[b]) })
	weights, means, covariances := make([]float64, len(order)), make([][]float64, len(order)), make([][][]float64, len(order))
	for to, from := range order {
		weights[to], means[to], covariances[to] = m.Weights[from], m.Means[from], m.Covariances[from]
	}
	return NewMixture(weights, means, covariances)
}
