package conformance

import "math"

func (g *generator) fdsmCase(epsilon float64) []byte {
	x, u := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim)
	factor := 1 / (epsilon * epsilon) * float64(g.dim) / float64(g.batch)
	loss := 0.0
	var points [][]float64
	var coefficients []float64
	for i, p := range x {
		ahead, behind := make([]float64, g.dim), make([]float64, g.dim)
		for k := range p {
			v := epsilon / math.Sqrt(float64(g.dim)) * u[i][k]
			ahead[k], behind[k] = p[k]+v, p[k]-v
		}
		e, plus, minus := g.net.energy(p, -1, -1).a, g.net.energy(ahead, -1, -1).a, g.net.energy(behind, -1, -1).a
		loss += factor * (2*e - plus - minus + (plus-minus)*(plus-minus)/8)
		points = append(points, p, ahead, behind)
		coefficients = append(coefficients, 2*factor, factor*(-1+(plus-minus)/4), factor*(-1-(plus-minus)/4))
	}
	return g.text("fdsm", object{"x": x, "projections": u}, object{"epsilon": epsilon},
		object{"loss": loss, "grads": g.layers(g.net.gradient(points, coefficients, nil))})
}

// ksdCase has the kernel φ(q) = (1 + q/ℓ²)^β of squared distances q, or exp(−q/(2ℓ²)), over pairs of different points or
// over all.
func (g *generator) ksdCase(kernel, statistic string, bandwidth, exponent float64) []byte {
	x, n, square := g.normal(g.batch, g.dim), float64(g.batch), bandwidth*bandwidth
	scores, byScore := make([][]float64, len(x)), make([][]float64, len(x))
	for i, p := range x {
		scores[i], byScore[i] = g.net.score(p), make([]float64, g.dim)
	}
	pairs, loss := n*n, 0.0
	if statistic == "u" {
		pairs = n * (n - 1)
	}
	for i := range x {
		for j := range x {
			if i == j && statistic == "u" {
				continue
			}
			q, inner, along := 0.0, 0.0, 0.0
			for k := range g.dim {
				d := x[i][k] - x[j][k]
				q, inner, along = q+d*d, inner+scores[i][k]*scores[j][k], along+(scores[i][k]-scores[j][k])*d
			}
			f, f1, f2 := math.Exp(-q/(2*square)), -1/(2*square), 1/(4*square*square)
			f1, f2 = f*f1, f*f2
			if kernel == "imq" {
				f, f1 = math.Pow(1+q/square, exponent), exponent/square*math.Pow(1+q/square, exponent-1)
				f2 = exponent * (exponent - 1) / (square * square) * math.Pow(1+q/square, exponent-2)
			}
			loss += (f*inner - 2*f1*(along+float64(g.dim)) - 4*q*f2) / pairs
			for k := range g.dim {
				d := x[i][k] - x[j][k]
				byScore[i][k] += (f*scores[j][k] - 2*f1*d) / pairs
				byScore[j][k] += (f*scores[i][k] + 2*f1*d) / pairs
			}
		}
	}
	return g.text("ksd", object{"x": x}, object{"kernel": kernel, "statistic": statistic, "bandwidth": bandwidth, "exponent": exponent},
		object{"loss": loss, "grads": g.layers(g.net.gradient(x, nil, byScore))})
}
