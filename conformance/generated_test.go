package conformance

import (
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
)

// object is JSON in the making.
type object = map[string]any

// shape is what varies between the generated cases.
type shape struct {
	dim, batch int
	hidden     []int
	activation string
}

// generator makes cases whose expected values it computes on the host, in float64.
type generator struct {
	shape
	r   *rand.Rand
	net network
}

func newGenerator(s shape) *generator {
	g := &generator{shape: s, r: rand.New(rand.NewPCG(1, uint64(s.dim))), net: network{activation: s.activation}}
	in := s.dim
	for _, out := range append(append([]int(nil), s.hidden...), 1) {
		g.net.weights = append(g.net.weights, g.normal(in, out))
		g.net.biases = append(g.net.biases, g.normal(1, out)[0])
		in = out
	}
	return g
}

func (g *generator) normal(rows, columns int) [][]float64 {
	m := make([][]float64, rows)
	for i := range m {
		m[i] = make([]float64, columns)
		for j := range m[i] {
			m[i][j] = 0.7 * g.r.NormFloat64()
		}
	}
	return m
}

// layers puts numbers in the order of network.count into the form of the case files.
func (g *generator) layers(values []float64) (layers []object) {
	for l, w := range g.net.weights {
		rows := make([][]float64, len(w))
		for i := range w {
			rows[i], values = values[:len(w[i])], values[len(w[i]):]
		}
		width := len(g.net.biases[l])
		layers = append(layers, object{"w": rows, "b": values[:width]})
		values = values[width:]
	}
	return layers
}

// text is the case as a file.
func (g *generator) text(method string, inputs, settings, expect object) []byte {
	params := []object{}
	for l := range g.net.weights {
		params = append(params, object{"w": g.net.weights[l], "b": g.net.biases[l]})
	}
	text, err := json.Marshal(object{
		"name": "generated-" + method, "method": method,
		"model":  object{"kind": "mlp", "hidden": g.hidden, "activation": g.activation, "input": g.dim},
		"params": params, "inputs": inputs, "settings": settings, "expect": expect,
	})
	if err != nil {
		panic(err)
	}
	return text
}

func (g *generator) energyCase() []byte {
	x := g.normal(g.batch, g.dim)
	energies, scores := []float64{}, [][]float64{}
	for _, p := range x {
		energies, scores = append(energies, g.net.energy(p, -1, -1).a), append(scores, g.net.score(p))
	}
	return g.text("energy", object{"x": x}, object{}, object{"energy": energies, "score": scores})
}

func (g *generator) langevinCase(steps int, temperature float64) []byte {
	const step = 0.03
	x := g.normal(g.batch, g.dim)
	var noise [][][]float64
	for range steps {
		noise = append(noise, g.normal(g.batch, g.dim))
	}
	end := [][]float64{}
	for i, p := range x {
		p = append([]float64(nil), p...)
		for _, z := range noise {
			for k, s := range g.net.score(p) {
				p[k] += step*s + math.Sqrt(2*step*temperature)*z[i][k]
			}
		}
		end = append(end, p)
	}
	return g.text("langevin", object{"x": x, "noise": noise}, object{"step_size": step, "steps": steps, "temperature": temperature}, object{"x": end})
}

func (g *generator) mleCase(alpha float64) []byte {
	x, negatives := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim)
	n, loss := float64(g.batch), 0.0
	var coefficients []float64
	all := append(append([][]float64{}, x...), negatives...)
	for i, p := range all {
		sign := 1.0
		if i >= len(x) {
			sign = -1
		}
		e := g.net.energy(p, -1, -1).a
		loss += (sign*e + alpha*e*e) / n
		coefficients = append(coefficients, (sign+2*alpha*e)/n)
	}
	return g.text("mle", object{"x": x, "negatives": negatives}, object{"energy_l2": alpha},
		object{"loss": loss, "grads": g.layers(g.net.gradient(all, coefficients, nil))})
}

// scoreCase is a loss w·½ mean ‖s(y) − t‖² with targets t.
func (g *generator) scoreCase(y, targets [][]float64, weight float64) (loss float64, grads []object) {
	n := float64(len(y))
	v := make([][]float64, len(y))
	for i, p := range y {
		v[i] = make([]float64, g.dim)
		for k, s := range g.net.score(p) {
			loss += 0.5 * weight * (s - targets[i][k]) * (s - targets[i][k]) / n
			v[i][k] = weight * (s - targets[i][k]) / n
		}
	}
	return loss, g.layers(g.net.gradient(y, nil, v))
}

func (g *generator) dsmCase(sigma float64, weighting string) []byte {
	x, z := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim)
	y, targets, weight := g.normal(g.batch, g.dim), g.normal(g.batch, g.dim), 1.0
	for i := range x {
		for k := range x[i] {
			y[i][k], targets[i][k] = x[i][k]+sigma*z[i][k], -z[i][k]/sigma
		}
	}
	if weighting == "variance" {
		weight = sigma * sigma
	}
	loss, grads := g.scoreCase(y, targets, weight)
	return g.text("dsm", object{"x": x, "noise": z}, object{"sigma": sigma, "weighting": weighting}, object{"loss": loss, "grads": grads})
}

// fisherCase has a mixture of so many components as its target.
func (g *generator) fisherCase(components int) []byte {
	x, means := g.normal(g.batch, g.dim), g.normal(components, g.dim)
	var variances, weights, logP []float64
	for k := range components {
		variances = append(variances, 0.3+0.2*float64(k))
		weights = append(weights, 2*float64(k+1)/float64(components*(components+1)))
	}
	targets := [][]float64{}
	for _, p := range x {
		density, slope := 0.0, make([]float64, g.dim)
		for k, m := range means {
			d := 0.0
			for i := range p {
				d += (p[i] - m[i]) * (p[i] - m[i])
			}
			part := weights[k] * math.Exp(-d/(2*variances[k])) / math.Pow(2*math.Pi*variances[k], float64(g.dim)/2)
			density += part
			for i := range p {
				slope[i] -= part * (p[i] - m[i]) / variances[k]
			}
		}
		for i := range slope {
			slope[i] /= density
		}
		targets, logP = append(targets, slope), append(logP, math.Log(density))
	}
	loss, grads := g.scoreCase(x, targets, 1)
	return g.text("fisher", object{"x": x}, object{"target": object{"means": means, "variances": variances, "weights": weights}},
		object{"loss": loss, "grads": grads, "target_score": targets, "target_log_prob": logP})
}

func (g *generator) nceCase(ratio int, c float64) []byte {
	x, y := g.normal(g.batch, g.dim), g.normal(ratio*g.batch, g.dim)
	var mean, std []float64
	for k := range g.dim {
		mean, std = append(mean, 0.1*float64(k)), append(std, 1+0.25*float64(k))
	}
	loss, slope, n := 0.0, 0.0, float64(g.batch)
	var coefficients []float64
	all := append(append([][]float64{}, x...), y...)
	for i, p := range all {
		logit := -g.net.energy(p, -1, -1).a - c - math.Log(float64(ratio))
		for k := range p {
			z := (p[k] - mean[k]) / std[k]
			logit += z*z/2 + math.Log(std[k]*math.Sqrt(2*math.Pi))
		}
		sign := -1.0 // of the logit in the softplus: data should have a high one
		if i >= len(x) {
			sign = 1
		}
		loss += math.Log1p(math.Exp(sign*logit)) / n
		byLogit := sign / (1 + math.Exp(-sign*logit)) / n
		coefficients = append(coefficients, -byLogit)
		slope -= byLogit
	}
	return g.text("nce", object{"x": x, "noise": y},
		object{"noise_ratio": ratio, "log_z": c, "noise_distribution": object{"kind": "gaussian", "mean": mean, "std": std}},
		object{"loss": loss, "grads": g.layers(g.net.gradient(all, coefficients, nil)), "grad_log_z": slope})
}

// Cases of other dimensions, depths, widths, activations, noise ratios and mixtures than the embedded ones; on XLA, which compiles for each,
// in float64 alone, which shows the most.
func TestGenerated(t *testing.T) {
	one := newGenerator(shape{1, 1, []int{3}, "tanh"})
	three := newGenerator(shape{3, 4, []int{5, 2, 4}, "gelu"})
	linear := newGenerator(shape{2, 3, nil, "silu"})
	six := newGenerator(shape{6, 2, []int{7, 3}, "softplus"})
	cases := map[string][]byte{
		"energy in 3 dimensions": three.energyCase(), "energy, linear": linear.energyCase(),
		"langevin in 1 dimension": one.langevinCase(7, 1), "langevin at a temperature": six.langevinCase(2, 0.4), "langevin, no noise": three.langevinCase(1, 0),
		"mle in 6 dimensions": six.mleCase(0.3), "dsm in 3 dimensions": three.dsmCase(0.2, "none"), "dsm of one point": one.dsmCase(1.5, "variance"),
		"fisher with 3 components": six.fisherCase(3), "fisher with one": three.fisherCase(1),
		"fdsm in 3 dimensions": three.fdsmCase(0.6), "fdsm, linear": linear.fdsmCase(0.5), "fdsm of one point": one.fdsmCase(1),
		"ksd, imq": six.ksdCase("imq", "u", 0.8, -0.3), "ksd, rbf": three.ksdCase("rbf", "u", 1.4, 0),
		"ksd of one point": one.ksdCase("imq", "v", 2, -0.9), "ksd, linear": linear.ksdCase("rbf", "v", 0.7, 0),
		"nce, k = 3": three.nceCase(3, -0.4), "nce, k = 1": one.nceCase(1, 2),
	}
	maps.Copy(cases, contrastiveCases())
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		precisions := Precisions
		if backendtest.OnXLA(backend) {
			precisions = precisions[:1]
		}
		for name, text := range cases {
			c, err := Parse("generated.json", text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, precision := range precisions {
				results, err := c.Run(backend, precision)
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				for _, r := range results {
					if !r.Pass {
						t.Errorf("%s: %s in %s: error %.3g, tolerance %g", name, r.Field, r.Precision, r.Error, r.Tolerance)
					}
				}
			}
		}
	})
}
