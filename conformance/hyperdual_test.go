package conformance

import "math"

// hyperdual is a + b·ε₁ + c·ε₂ + d·ε₁ε₂ with ε₁² = ε₂² = 0 (Fike & Alonso 2011). Computing with it gives derivatives to
// the last digit: by ε₁ in b, by ε₂ in c, and the mixed second one in d. It shares nothing with the program's autodiff.
type hyperdual struct{ a, b, c, d float64 }

func number(a float64) hyperdual { return hyperdual{a: a} }

func (x hyperdual) add(y hyperdual) hyperdual {
	return hyperdual{x.a + y.a, x.b + y.b, x.c + y.c, x.d + y.d}
}

func (x hyperdual) mul(y hyperdual) hyperdual {
	return hyperdual{x.a * y.a, x.a*y.b + x.b*y.a, x.a*y.c + x.c*y.a, x.a*y.d + x.b*y.c + x.c*y.b + x.d*y.a}
}

// apply is f(x) for a function with the value f and the first and second derivatives f1 and f2 at x.a.
func (x hyperdual) apply(f, f1, f2 float64) hyperdual {
	return hyperdual{f, f1 * x.b, f1 * x.c, f1*x.d + f2*x.b*x.c}
}

// activate is one of the activations, with its derivatives worked out by hand.
func (x hyperdual) activate(name string) hyperdual {
	z := x.a
	s := 1 / (1 + math.Exp(-z))
	s1, s2 := s*(1-s), s*(1-s)*(1-2*s)
	switch name {
	case "silu": // z·s
		return x.apply(z*s, s+z*s1, 2*s1+z*s2)
	case "softplus":
		return x.apply(math.Log1p(math.Exp(z)), s, s1)
	case "tanh":
		t := math.Tanh(z)
		return x.apply(t, 1-t*t, -2*t*(1-t*t))
	case "gelu": // z·Φ
		cdf, pdf := 0.5*(1+math.Erf(z/math.Sqrt2)), math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)
		return x.apply(z*cdf, cdf+z*pdf, 2*pdf-z*z*pdf)
	}
	panic("unknown activation " + name)
}

// network is a plain MLP on the host; weights are [in][out].
type network struct {
	activation string
	weights    [][][]float64
	biases     [][]float64
}

// count is the number of parameters, in the order of the case files: w row by row, then b, layer by layer.
func (n *network) count() (total int) {
	for l, w := range n.weights {
		total += len(w)*len(w[0]) + len(n.biases[l])
	}
	return total
}

// energy is E(x) with ε₁ along coordinate k of x and ε₂ along parameter j; −1 is none.
func (n *network) energy(x []float64, k, j int) hyperdual {
	h := make([]hyperdual, len(x))
	for i, v := range x {
		h[i] = number(v)
		if i == k {
			h[i].b = 1
		}
	}
	at := 0
	parameter := func(value float64) hyperdual {
		p := number(value)
		if at == j {
			p.c = 1
		}
		at++
		return p
	}
	for l, w := range n.weights {
		next := make([]hyperdual, len(n.biases[l]))
		for i := range w {
			for o := range w[i] {
				next[o] = next[o].add(h[i].mul(parameter(w[i][o])))
			}
		}
		for o := range next {
			next[o] = next[o].add(parameter(n.biases[l][o]))
			if l+1 < len(n.weights) {
				next[o] = next[o].activate(n.activation)
			}
		}
		h = next
	}
	return h[0]
}

func (n *network) score(x []float64) []float64 {
	s := make([]float64, len(x))
	for k := range s {
		s[k] = -n.energy(x, k, -1).b
	}
	return s
}

// gradient is the derivative by each parameter of Σ aᵢE(xᵢ) + Σ vᵢ·s(xᵢ), for coefficients a and vectors v; either may be
// nil.
func (n *network) gradient(points [][]float64, a []float64, v [][]float64) []float64 {
	g := make([]float64, n.count())
	for j := range g {
		for i, x := range points {
			if a != nil {
				g[j] += a[i] * n.energy(x, -1, j).c
			}
			if v != nil {
				for k := range x {
					g[j] -= v[i][k] * n.energy(x, k, j).d
				}
			}
		}
	}
	return g
}
