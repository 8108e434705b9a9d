package datasets

import (
	"math"
	"testing"

	"joule/internal/backendtest"
)

// The quadrature along a curve is as good whatever the settings: with the least noise that is accepted, with so much that
// the curve is hardly seen, and with many turns.
func TestCurveQuadrature(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for _, s := range []*Spirals{
		{Turns: 1.5, Noise: 0.0208}, {Turns: 1.5, Noise: 3}, {Turns: 0.2, Noise: 0.02}, {Turns: 5, Noise: 0.5}, {Turns: 5, Noise: 50},
	} {
		p, err := s.density()
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "sum of weights", total(p.weights), 1, 1e-13)
		var x []float64
		for i := range 40 { // on the curve, and as far as five standard deviations off it
			point := make([]float64, 2)
			p.place(i%2, p.to*float64(i)/39, point)
			x = append(x, point[0]+s.Noise*float64(i%11-5), point[1]+s.Noise*float64(i%5-2))
		}
		for i, got := range logDensities(t, backend, p, x, 2) {
			var want float64
			for _, sign := range p.signs {
				want += along(x[2*i:2*i+2], 0, 1, s.Noise, func(root float64) (a, b, weight float64) {
					angle := p.to * root
					return sign * angle * math.Cos(angle) / 3, sign * angle * math.Sin(angle) / 3, root
				})
			}
			wantNear(t, "log p", got, math.Log(want), 1e-6)
		}
	}
}

func TestCurvesRefuseTooLittleNoise(t *testing.T) {
	for kind, check := range map[string]func(report func(key, problem string)){
		"two_moons":  (&TwoMoons{Noise: 1e-3}).Check,
		"swiss_roll": (&SwissRoll{Noise: 1e-3}).Check,
		"spirals":    (&Spirals{Turns: 1.5, Noise: 1e-3}).Check,
		"rings":      (&Rings{Radii: []float64{3}, Noise: 1e-9}).Check,
	} {
		problem := ""
		check(func(key, text string) { problem = key + ": " + text })
		want := map[string]string{
			"two_moons":  "noise: too little for so long a curve: its density would take a quadrature of 8384 points an arm, more than 2048; want at least 0.0041",
			"swiss_roll": "noise: too little for so long a curve: its density would take a quadrature of 238336 points an arm, more than 2048; want at least 0.12",
			"spirals":    "noise: too little for so long a curve: its density would take a quadrature of 41008 points an arm, more than 2048; want at least 0.021",
			"rings":      "noise: 1e-09 is too little for a ring of radius 3, want at least 0.0003",
		}[kind]
		if problem != want {
			t.Errorf("%s: %q, want %q", kind, problem, want)
		}
	}
	// What is wanted is taken.
	for noise, check := range map[float64]func(report func(key, problem string)){
		0.0041: (&TwoMoons{Noise: 0.0041}).Check,
		0.12:   (&SwissRoll{Noise: 0.12}).Check,
		0.021:  (&Spirals{Turns: 1.5, Noise: 0.021}).Check,
	} {
		check(func(key, text string) { t.Errorf("%s %v: %s", key, noise, text) })
	}
	_, err := (&TwoMoons{Noise: math.NaN()}).Load(Env{})
	wantError(t, err, "noise: NaN is not a positive number")
}

// Extreme settings neither panic nor take for ever: what is not affordable is not known.
func TestEntropiesOfExtremeSettings(t *testing.T) {
	synthetic := Synthetic{Size: 100}
	for what, source := range map[string]Source{
		"many modes":       &EightGaussians{Modes: 1000, Radius: 200, Std: 1, Synthetic: synthetic},
		"narrow modes":     &EightGaussians{Modes: 1000, Radius: 1000, Std: 1e-9, Synthetic: synthetic},
		"thin rings":       &Rings{Radii: []float64{1000, 1, 500}, Noise: 0.1, Synthetic: synthetic},
		"thin curve":       &SwissRoll{Noise: 0.13, Synthetic: synthetic},
		"thin spirals":     &Spirals{Turns: 10, Noise: 1, Synthetic: synthetic},
		"many blades":      &Pinwheel{Blades: 100, RadialStd: 1, TangentialStd: 1e-6, Rate: 10, Scale: 1000, Synthetic: synthetic},
		"narrow blades":    &Pinwheel{Blades: 3, RadialStd: 1, TangentialStd: 1e-3, Rate: 10, Scale: 1000, Synthetic: synthetic},
		"a large funnel":   &Funnel{Dim: 2048, Std: 5, Synthetic: synthetic},
		"a strange banana": &Banana{Std: 1000, Curvature: -1000, Noise: 1e-300, Synthetic: synthetic},
	} {
		set, err := source.Load(Env{})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		nats, known := set.Density.Entropy()
		if !isFinite(nats) || !known && nats != 0 {
			t.Errorf("%s: the entropy is %v, known: %v", what, nats, known)
		}
	}
}
