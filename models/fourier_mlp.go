package models

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
)

// FourierMLP is an MLP of x and of random Fourier features of it (Tancik et al. 2020), sin 2πxB and cos 2πxB, with which it
// learns detail that an MLP smooths away. B [D, F] is drawn from N(0, scale²) by the feature seed and stays as it is: it is no
// parameter.
type FourierMLP struct {
	// Features is F, the number of frequencies.
	Features int `yaml:"features" check:"> 0, <= 100000"`
	// Scale is the standard deviation of the frequencies, in cycles per unit of the data as trained on.
	Scale float64 `yaml:"scale" check:"> 0"`
	// FeatureSeed fixes the frequencies.
	FeatureSeed int64 `yaml:"feature_seed" check:">= 0"`
	// MLP is what comes after.
	MLP `yaml:",inline"`
}

// NewFourierMLP returns the default settings: 64 frequencies of standard deviation 0.5, and the default MLP.
func NewFourierMLP() *FourierMLP { return &FourierMLP{Features: 64, Scale: 0.5, MLP: *NewMLP()} }

// maxFrequencies bounds the numbers of B, which are part of the program.
const maxFrequencies = 1 << 22

// Parameters implements Energy: features.weight [2F, out], the weights of the sines and then of the cosines in the first
// layer, drawn from U(−1/√2F, 1/√2F); and those of an MLP, the first layer's weights being those of x itself.
func (m *FourierMLP) Parameters(dim int) ([]Parameter, error) {
	if dim > maxFrequencies/m.Features {
		return nil, fmt.Errorf("model.features is %d; for %d coordinates at most %d are possible", m.Features, dim, maxFrequencies/dim)
	}
	parameters, err := m.MLP.Parameters(dim)
	if err != nil {
		return nil, err
	}
	in, out := 2*m.Features, m.Hidden[0]
	weight := Parameter{"features.weight", []int{in, out}, uniform(in*out, 1/math.Sqrt(float64(in)))}
	return append([]Parameter{weight}, parameters...), nil
}

// phases are the arguments of the cosines [batch, 2F] at points [batch, D], a sine being a cosine a quarter of a turn late;
// and 2πB twice over, by which they come of the points, [D, 2F].
func (m *FourierMLP) phases(x *graph.Node) (phases, frequencies *graph.Node) {
	dim := x.Shape().Dimensions[x.Rank()-1]
	r := rand.New(rand.NewPCG(uint64(m.FeatureSeed), 0))
	b, late := make([][]float64, dim), make([]float64, 2*m.Features)
	for i := range b {
		b[i] = make([]float64, 2*m.Features)
		for k := range m.Features {
			b[i][k] = 2 * math.Pi * m.Scale * r.NormFloat64()
			b[i][m.Features+k] = b[i][k]
			late[k] = -math.Pi / 2
		}
	}
	frequencies = graph.ConvertDType(graph.Const(x.Graph(), b), x.DType())
	return affine(x, frequencies, graph.Const(x.Graph(), late)), frequencies
}

// Energy implements Energy.
func (m *FourierMLP) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confined(m.energy(m.last(theta, x)), x, m.Confinement)
}

// Logits implements Classifier.
func (m *FourierMLP) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return confinedLogits(m.last(theta, x), x, m.Confinement)
}

// last is what the last layer gives: [batch, outputs].
func (m *FourierMLP) last(theta []*graph.Node, x *graph.Node) *graph.Node {
	phases, _ := m.phases(x)
	a := graph.Add(product(graph.Cos(phases), theta[0]), affine(x, theta[1], theta[2]))
	for i := 3; i < len(theta); i += 2 {
		a = affine(activations[m.Activation].value(a), theta[i], theta[i+1])
	}
	return a
}

// Score implements Scorer: the chain rule, from the last layer back to the features and the points.
func (m *FourierMLP) Score(theta []*graph.Node, x *graph.Node, _ bool) *graph.Node {
	phases, frequencies := m.phases(x)
	a := graph.Add(product(graph.Cos(phases), theta[0]), affine(x, theta[1], theta[2]))
	layers := theta[3:]
	slopes, h := make([]*graph.Node, len(layers)/2), a
	for i := range slopes {
		h, slopes[i] = activations[m.Activation].both(a)
		if i+1 < len(slopes) {
			a = affine(h, layers[2*i], layers[2*i+1])
		}
	}
	last := len(slopes) - 1
	g := graph.Mul(slopes[last], m.slope(layers[2*last], layers[2*last+1], h)) // dE/da of the last hidden layer, [batch, width]
	for i := last - 1; i >= 0; i-- {
		g = graph.Mul(productTransposed(g, layers[2*i]), slopes[i])
	}
	waves := graph.Mul(graph.Sin(phases), productTransposed(g, theta[0])) // −dE/dphases
	score := graph.Sub(transposed(waves, frequencies), productTransposed(g, theta[1]))
	return confinedScore(score, x, m.Confinement)
}

// transposed is productTransposed with a matrix that all replicas share.
func transposed(x, w *graph.Node) *graph.Node { return product(x, graph.Transpose(w, 0, 1)) }
