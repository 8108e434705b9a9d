package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// draws are those of autoregressive chains, x ← φx + z, [draws][chains], with numbers that any language can make again: normal
// ones by Box and Muller's formula from SplitMix64. Chain c is shifted by c times shift.
func draws(phi float64, chains, n int, seed uint64, shift float64) []float64 {
	uniform := func() float64 {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
		z = (z ^ (z >> 27)) * 0x94D049BB133111EB
		return (float64((z^(z>>31))>>11) + 0.5) / (1 << 53)
	}
	x := make([]float64, chains*n)
	for i := range x {
		a, b := uniform(), uniform()
		x[i] = math.Sqrt(-2*math.Log(a)) * math.Cos(2*math.Pi*b)
		if i < chains {
			x[i] /= math.Sqrt(1 - phi*phi)
		} else {
			x[i] += phi * x[i-chains]
		}
	}
	for i := range x {
		const places = 1 << 20 // so that what differs in the last place elsewhere is the same
		x[i] = math.RoundToEven((x[i]+shift*float64(i%chains))*places) / places
	}
	return x
}

// The figures are those that ArviZ (arviz-stats 0.8.0: rhat with the method rank, ess with bulk, and with tail at 0.05 and 0.95)
// computes of the same numbers.
func TestMixingBesideArviZ(t *testing.T) {
	rounded := draws(0.5, 2, 150, 6, 0)
	for i := range rounded {
		rounded[i] = math.RoundToEven(rounded[i])
	}
	heavy := draws(0, 4, 40, 7, 0)
	for i := range heavy {
		heavy[i] /= heavy[i] * heavy[i]
	}
	for _, c := range []struct {
		name             string
		x                []float64
		chains           int
		rHat, bulk, tail float64
	}{
		{"independent", draws(0, 4, 250, 1, 0), 4, 1.000826162102942, 994.8466479327168, 990.3197321941473},
		{"φ = 0.9", draws(0.9, 4, 500, 2, 0), 4, 1.0347278226741026, 159.85533202164964, 333.04095167317394},
		{"φ = −0.5, an odd number", draws(-0.5, 3, 201, 3, 0), 3, 1.0079232766849147, 1666.890750230186, 464.1481456339716},
		{"chains apart", draws(0.3, 4, 100, 4, 1), 4, 1.4368547126261588, 8.753169980598344, 88.53402219221546},
		{"one chain", draws(0.6, 1, 300, 5, 0), 1, math.NaN(), 106.0436039926893, 184.79323351013832},
		{"ties", rounded, 2, 1.0211450667339623, 118.60144332515817, 175.81444150033388},
		{"heavy tails", heavy, 4, 1.04019309536815, 105.65070193680627, 187.3020625798947},
	} {
		m := MixingOf(c.x, c.chains)
		for what, v := range map[string][2]float64{"R̂": {float64(m.RHat), c.rHat}, "the bulk ESS": {float64(m.BulkESS), c.bulk}, "the tail ESS": {float64(m.TailESS), c.tail}} {
			if !math.IsNaN(v[1]) && !(math.Abs(v[0]-v[1]) <= 1e-9*v[1]) {
				t.Errorf("%s: %s is %v, and ArviZ has %v", c.name, what, v[0], v[1])
			}
		}
	}
}

// The effective number of autoregressive draws is n(1 − φ)/(1 + φ). Estimates of so long chains are off by a few per cent.
func TestEffectiveSizeOfAutoregression(t *testing.T) {
	const chains, n = 8, 20000
	for _, phi := range []float64{0, 0.5, 0.9, -0.3} {
		m := MixingOf(draws(phi, chains, n, 11, 0), chains)
		want := chains * n * (1 - phi) / (1 + phi)
		if got := float64(m.BulkESS); !(math.Abs(got-want) <= 0.1*want) {
			t.Errorf("φ = %v: %v effective draws, want %v", phi, got, want)
		}
		if r := float64(m.RHat); !(r >= 0.999 && r < 1.005) {
			t.Errorf("φ = %v: R̂ is %v", phi, r)
		}
		if std := 1 / math.Sqrt(1-phi*phi); !(math.Abs(float64(m.Std)-std) < 0.05*std) || !(math.Abs(float64(m.Mean)) < 0.1) {
			t.Errorf("φ = %v: mean %v and standard deviation %v", phi, m.Mean, m.Std)
		}
	}
}

// Chains in different modes, chains of different widths, and chains that have not arrived are seen.
func TestRHatSeesWhatIsWrong(t *testing.T) {
	var r *rand.Rand
	for name, at := range map[string]func(draw, chain int) float64{
		"two modes":        func(_, chain int) float64 { return 5*float64(chain%2) + r.NormFloat64() },
		"two widths":       func(_, chain int) float64 { return float64(1+3*(chain%2)) * r.NormFloat64() },
		"on their way":     func(draw, _ int) float64 { return 0.02*float64(draw) + r.NormFloat64() },
		"stuck, each away": func(_, chain int) float64 { return float64(chain) },
	} {
		r = rand.New(rand.NewPCG(1, 1))
		var x []float64
		for draw := range 200 {
			for chain := range 4 {
				x = append(x, at(draw, chain))
			}
		}
		m := MixingOf(x, 4)
		if !(m.RHat > 1.1) {
			t.Errorf("%s: R̂ is %v", name, m.RHat)
		}
		if name != "two widths" && !(m.BulkESS < 40) {
			t.Errorf("%s: the effective number is %v", name, m.BulkESS)
		}
	}
}

// Draws of two values, each as often as the other, have an R̂, though their distances from the median are all the same: of
// chains with the shares 0.4 and 0.6 of one value it is what Gelman and Rubin's formula gives of any two values.
func TestRHatOfTwoValues(t *testing.T) {
	const n = 20 // a half chain
	var x []float64
	for range 2 * n / 5 {
		x = append(x, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0) // the two chains in turn: 0, 1, 0, 1, 1 and 1, 0, 1, 0, 0
	}
	within, between := 0.24*n/(n-1), n*0.01*4/3
	m := MixingOf(x, 2)
	if want := math.Sqrt((between/within + n - 1) / n); !(math.Abs(float64(m.RHat)-want) < 1e-12) {
		t.Errorf("R̂ is %v, want %v", m.RHat, want)
	}
}

// What cannot be told is not made up, and null in JSON.
func TestMixingThatCannotBeTold(t *testing.T) {
	for name, x := range map[string][]float64{
		"too few":    draws(0, 2, LeastDraws-1, 1, 0),
		"all alike":  slices.Repeat([]float64{1}, 2*LeastDraws),
		"one is NaN": append([]float64{math.NaN(), 1}, draws(0, 2, LeastDraws, 1, 0)...),
		"none":       nil,
	} {
		m := MixingOf(x, 2)
		for _, f := range []Figure{m.RHat, m.BulkESS, m.TailESS} {
			if !math.IsNaN(float64(f)) {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
	// The least number does tell of the draws.
	if a, b := MixingOf(draws(0, 2, LeastDraws, 1, 0), 2), MixingOf(draws(0.9, 2, LeastDraws, 1, 0), 2); !(b.BulkESS < a.BulkESS && b.RHat > a.RHat) {
		t.Errorf("%+v of independent draws, and %+v of others", a, b)
	}
	text, err := json.Marshal(Mixing{Mean: 1.5, Std: 2, RHat: Figure(math.Inf(1)), BulkESS: Figure(math.NaN()), TailESS: 3})
	if want := `{"mean":1.5,"std":2,"r_hat":null,"ess_bulk":null,"ess_tail":3}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}
