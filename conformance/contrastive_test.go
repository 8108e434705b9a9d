package conformance

import "math"

// contrastiveCases are cases of the methods that compare points, of other shapes than the embedded ones.
func contrastiveCases() map[string][]byte {
	one := newGenerator(shape{1, 2, []int{3}, "tanh"})
	three := newGenerator(shape{3, 4, []int{5, 2}, "gelu"})
	six := newGenerator(shape{6, 2, []int{4, 3}, "softplus"})
	return map[string][]byte{
		"cnce, κ = 1": one.cnceCase(1, 0.2), "cnce in 6 dimensions": six.cnceCase(3, 1.1),
		"ranking nce, K = 1": one.rankingCase(1), "ranking nce in 3 dimensions": three.rankingCase(5),
		"energy discrepancy, M = 1": one.discrepancyCase(0.4, 1, 0.5), "energy discrepancy in 6 dimensions": six.discrepancyCase(1, 3, 0),
		"adversarial in 3 dimensions": three.adversarialCase(0, "importance"), "adversarial with α": one.adversarialCase(0.2, "equal"),
	}
}

// energies are those of points on the host.
func (g *generator) energies(points [][]float64) (e []float64) {
	for _, p := range points {
		e = append(e, g.net.energy(p, -1, -1).a)
	}
	return e
}

// moved is a + s·b, with each row of a for as many rows of b in turn.
func moved(a, b [][]float64, s float64) [][]float64 {
	var sum [][]float64
	for i, row := range b {
		var p []float64
		for k := range row {
			p = append(p, a[i*len(a)/len(b)][k]+s*row[k])
		}
		sum = append(sum, p)
	}
	return sum
}

// lossOf are the fields expected of a loss with these derivatives by the energies of points.
func (g *generator) lossOf(loss float64, points [][]float64, byEnergy []float64) object {
	return object{"loss": loss, "grads": g.layers(g.net.gradient(points, byEnergy, nil))}
}

func (g *generator) cnceCase(ratio int, scale float64) []byte {
	x, z := g.normal(g.batch, g.dim), g.normal(ratio*g.batch, g.dim)
	points := append(append([][]float64{}, x...), moved(x, z, scale)...)
	e, loss, by := g.energies(points), 0.0, make([]float64, len(points))
	for j := range z {
		i, n := j/ratio, float64(len(z))
		d := e[i] - e[g.batch+j]
		loss += 2 * math.Log1p(math.Exp(d)) / n
		slope := 2 / (1 + math.Exp(-d)) / n
		by[i] += slope
		by[g.batch+j] -= slope
	}
	return g.text("cnce", object{"x": x, "noise": z}, object{"noise_ratio": ratio, "noise_scale": scale}, g.lossOf(loss, points, by))
}

// gaussianNoise is the noise distribution of a case, and its log density.
func (g *generator) gaussianNoise() (distribution object, logProb func(p []float64) float64) {
	var mean, std []float64
	for k := range g.dim {
		mean, std = append(mean, 0.1*float64(k)), append(std, 1+0.25*float64(k))
	}
	return object{"kind": "gaussian", "mean": mean, "std": std}, func(p []float64) (sum float64) {
		for k := range p {
			z := (p[k] - mean[k]) / std[k]
			sum -= z*z/2 + math.Log(std[k]*math.Sqrt(2*math.Pi))
		}
		return sum
	}
}

func (g *generator) rankingCase(ratio int) []byte {
	x, y := g.normal(g.batch, g.dim), g.normal(ratio*g.batch, g.dim)
	points := append(append([][]float64{}, x...), y...)
	distribution, logProb := g.gaussianNoise()
	e, by, loss, n := g.energies(points), make([]float64, len(points)), 0.0, float64(g.batch)
	rank := func(i int) float64 { return math.Exp(-e[i] - logProb(points[i])) }
	for i := range x {
		own, sum := []int{i}, 0.0
		for j := range ratio {
			own = append(own, g.batch+i*ratio+j)
		}
		for _, j := range own {
			sum += rank(j)
		}
		loss -= math.Log(rank(i)/sum) / n
		by[i] += 1 / n
		for _, j := range own {
			by[j] -= rank(j) / sum / n
		}
	}
	return g.text("ranking_nce", object{"x": x, "noise": y}, object{"noise_ratio": ratio, "noise_distribution": distribution}, g.lossOf(loss, points, by))
}

func (g *generator) discrepancyCase(t float64, negatives int, w float64) []byte {
	x, away, back := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim), g.normal(negatives*g.batch, g.dim)
	points := append(append([][]float64{}, x...), moved(moved(x, away, math.Sqrt(t)), back, math.Sqrt(t))...)
	e, by, loss, n := g.energies(points), make([]float64, len(points)), 0.0, float64(g.batch)
	for i := range x {
		sum := w
		for j := range negatives {
			sum += math.Exp(e[i] - e[g.batch+i*negatives+j])
		}
		loss += math.Log(sum/float64(negatives)) / n
		for j := range negatives {
			at := g.batch + i*negatives + j
			share := math.Exp(e[i]-e[at]) / sum / n
			by[i] += share
			by[at] -= share
		}
	}
	return g.text("energy_discrepancy", object{"x": x, "noise": away, "noise_back": back},
		object{"t": t, "negatives": negatives, "w": w}, g.lossOf(loss, points, by))
}

func (g *generator) adversarialCase(alpha float64, weights string) []byte {
	x, y := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim)
	points := append(append([][]float64{}, x...), y...)
	distribution, logProb := g.gaussianNoise()
	e, by, loss, n := g.energies(points), make([]float64, len(points)), 0.0, float64(g.batch)
	weight, sum := make([]float64, len(y)), 0.0
	for i := range weight {
		weight[i] = 1
		if weights == "importance" {
			weight[i] = math.Exp(-e[g.batch+i] - logProb(y[i]))
		}
		sum += weight[i]
	}
	for i, v := range e {
		by[i] = 1 / n
		if i >= g.batch {
			by[i] = -weight[i-g.batch] / sum
		}
		loss += by[i]*v + alpha*v*v/n
		by[i] += 2 * alpha * v / n
	}
	return g.text("adversarial", object{"x": x, "negatives": y},
		object{"weights": weights, "energy_l2": alpha, "noise_distribution": distribution}, g.lossOf(loss, points, by))
}
