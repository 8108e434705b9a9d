package datasets

import (
	"cmp"
	"math"
	"slices"
)

// gridEntropy returns −∫ p log p in nats for a mixture of Gaussians in the plane that all have the standard deviations
// std along the axes, to about 1e-6, and whether an affordable grid gave it.
//
// It uses the trapezoidal rule in units of std. The integrand is as smooth as these Gaussians and vanishes at the
// border, so that the error falls exponentially with the spacing, and halving that until nothing changes gives the
// accuracy of the last step.
func gridEntropy(means [][]float64, weights []float64, std [2]float64) (nats float64, known bool) {
	const tolerance = 1e-7
	previous := math.NaN()
	for perStd := 1.0; perStd <= 8; perStd *= 2 {
		p, ok := onGrid(means, weights, std, perStd)
		if !ok {
			return 0, false
		}
		nats = math.Log(std[0]) + math.Log(std[1])
		for _, density := range p {
			if density > 0 {
				nats -= density * math.Log(density) / (perStd * perStd)
			}
		}
		if math.Abs(nats-previous) <= tolerance {
			return nats, true
		}
		previous = nats
	}
	return 0, false
}

// onGrid adds the Gaussians up on a grid of perStd points a standard deviation, each as far as it matters. It is not ok
// when that would take too long.
func onGrid(means [][]float64, weights []float64, std [2]float64, perStd float64) (p []float64, ok bool) {
	const (
		reach     = 9       // standard deviations; the mass beyond is below 1e-18
		mostCells = 1 << 23 // of the grid
		mostSteps = 1 << 28
	)
	var low [2]float64 // of the grid, in steps
	cells := [2]int{1, 1}
	for axis := range low {
		at := func(a, b []float64) int { return cmp.Compare(a[axis], b[axis]) }
		least, most := slices.MinFunc(means, at)[axis]/std[axis], slices.MaxFunc(means, at)[axis]/std[axis]
		low[axis] = math.Floor((least - reach) * perStd)
		span := math.Ceil((most+reach)*perStd) - low[axis] + 1
		if !(span <= mostCells) {
			return nil, false
		}
		cells[axis] = int(span)
	}
	width := 2*reach*int(perStd) + 1
	if cells[0] > mostCells/cells[1] || len(means) > mostSteps/width/width {
		return nil, false
	}
	p = make([]float64, cells[0]*cells[1])
	for k, mean := range means {
		var from [2]int
		var along [2][]float64 // the standard normal density at the grid's points around the mean, in units of std
		for axis := range from {
			z := mean[axis] / std[axis]
			first := math.Ceil((z - reach) * perStd)
			from[axis] = int(first - low[axis])
			for i := range min(width, cells[axis]-from[axis]) {
				d := (first+float64(i))/perStd - z
				along[axis] = append(along[axis], math.Exp(-d*d/2)/math.Sqrt(2*math.Pi))
			}
		}
		for i, a := range along[0] {
			line := p[(from[0]+i)*cells[1]+from[1]:]
			for j, b := range along[1] {
				line[j] += weights[k] * a * b
			}
		}
	}
	return p, true
}

// commonWidth returns the standard deviations along the axes of a mixture in the plane, if all of its components have
// the same and no correlation.
func (m *Mixture) commonWidth() (std [2]float64, ok bool) {
	if m.Dim() != 2 {
		return std, false
	}
	for _, c := range m.Covariances {
		if c[0][1] != 0 || c[0][0] != m.Covariances[0][0][0] || c[1][1] != m.Covariances[0][1][1] {
			return std, false
		}
	}
	return [2]float64{m.factors[0][0][0], m.factors[0][1][1]}, true
}
