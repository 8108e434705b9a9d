package models

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The features are sin 2πxB and cos 2πxB with the B of the feature seed: E of a network whose activation is all but linear is
// a sum of them.
func TestFourierFeatures(t *testing.T) {
	const dim, scale, small = 2, 0.4, 1e-5
	m := &FourierMLP{Features: 3, Scale: scale, FeatureSeed: 9, MLP: MLP{Hidden: []int{1}, Activation: "tanh"}}
	u := []float64{1, -2, 3, 0.5, 0.25, -1}
	theta := [][]float64{scaled(u, small), scaled([]float64{4, -5}, small), {0}, {1 / small}, {0}}
	x := []float64{0.3, -1.1, 2, 0.7}
	r := rand.New(rand.NewPCG(9, 0))
	b := make([]float64, dim*3)
	for i := range b {
		b[i] = scale * r.NormFloat64()
	}
	for i, e := range energies(t, m, theta, x, dim) {
		x := x[2*i:]
		want := 4*x[0] - 5*x[1]
		for k := range 3 {
			phase := 2 * math.Pi * (x[0]*b[k] + x[1]*b[3+k])
			want += u[k]*math.Sin(phase) + u[3+k]*math.Cos(phase)
		}
		near(t, "an energy", e, want, 1e-6) // tanh is linear up to small²
	}
}

func scaled(values []float64, by float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v * by
	}
	return out
}

// The frequencies of a seed are part of what a trained model is: saved parameters go with these and no others.
func TestFourierFrequenciesStay(t *testing.T) {
	r := rand.New(rand.NewPCG(0, 0))
	for _, want := range []float64{0.566536071603, -0.612397294937} {
		near(t, "a frequency", r.NormFloat64(), want, 1e-11)
	}
}
