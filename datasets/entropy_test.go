package datasets

import (
	"math"
	"testing"
)

func TestEntropyOfOneGaussian(t *testing.T) {
	m, err := NewMixture([]float64{1}, [][]float64{{1, 2, 3}}, [][][]float64{{{4, 1, 0}, {1, 2, 0}, {0, 0, 0.5}}})
	if err != nil {
		t.Fatal(err)
	}
	got, known := m.Entropy()
	want := 1.5*math.Log(2*math.Pi*math.E) + 0.5*math.Log((4*2-1)*0.5)
	if !known {
		t.Fatal("unknown")
	}
	wantNear(t, "entropy", got, want, 1e-13)
}

// Components that do not overlap add the entropy of the choice between them, and nothing else.
func TestEntropyOfDistantComponents(t *testing.T) {
	weights := []float64{0.2, 0.8}
	choice := -0.2*math.Log(0.2) - 0.8*math.Log(0.8)
	for dim, means := range map[int][][]float64{1: {{-50}, {50}}, 2: {{-50, 0}, {50, 9}}} {
		m, err := NewIsotropic(weights, means, []float64{0.3, 2})
		if err != nil {
			t.Fatal(err)
		}
		got, known := m.Entropy()
		gaussian := float64(dim) / 2 * (math.Log(2*math.Pi*math.E) + 0.2*math.Log(0.3) + 0.8*math.Log(2))
		if !known {
			t.Fatalf("%d dimensions: unknown", dim)
		}
		wantNear(t, "entropy", got, choice+gaussian, 1e-8)
	}
}

// A mixture of a component with itself is that component, whatever its scale and tilt.
func TestEntropyOfEqualComponents(t *testing.T) {
	c := [][]float64{{1.3, 13.6}, {13.6, 184}}
	m, err := NewMixture([]float64{0.4, 0.6}, [][]float64{{3, 70}, {3, 70}}, [][][]float64{c, c})
	if err != nil {
		t.Fatal(err)
	}
	got, known := m.Entropy()
	if !known {
		t.Fatal("unknown")
	}
	wantNear(t, "entropy", got, math.Log(2*math.Pi*math.E)+0.5*math.Log(1.3*184-13.6*13.6), 1e-8)
}

// The product of a one-dimensional mixture with a normal coordinate has the sum of the two entropies: the same number
// from two grids of different dimension.
func TestEntropyOfOverlappingComponents(t *testing.T) {
	line, err := NewIsotropic([]float64{0.3, 0.7}, [][]float64{{-1}, {1}}, []float64{0.5, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	plane, err := NewMixture([]float64{0.3, 0.7}, [][]float64{{-1, 0}, {1, 0}},
		[][][]float64{{{0.5, 0}, {0, 1}}, {{0.1, 0}, {0, 1}}})
	if err != nil {
		t.Fatal(err)
	}
	one, known1 := line.Entropy()
	two, known2 := plane.Entropy()
	if !known1 || !known2 {
		t.Fatal("unknown")
	}
	wantNear(t, "entropy", two, one+0.5*math.Log(2*math.Pi*math.E), 1e-7)

	// And Monte Carlo agrees within its standard error.
	const n = 200000
	p := line.Sample(newRand(5, 99), n)
	var mean, square float64
	for i := range n {
		l := -line.LogProb(p.Row(i))
		mean += l / n
		square += l * l / n
	}
	wantNear(t, "Monte Carlo", mean, one, 4*math.Sqrt((square-mean*mean)/n))
}

func TestEntropyUnknown(t *testing.T) {
	spike, err := NewIsotropic([]float64{0.5, 0.5}, [][]float64{{0, 0}, {0, 0}}, []float64{1, 1e-8})
	if err != nil {
		t.Fatal(err)
	}
	cube, err := NewIsotropic([]float64{0.5, 0.5}, [][]float64{{0, 0, 0}, {1, 1, 1}}, []float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*Mixture{spike, cube} {
		if nats, known := m.Entropy(); known || nats != 0 {
			t.Errorf("%v, %v, want 0 and not known", nats, known)
		}
	}
}
