package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// randomNetwork is one with weights large enough for an energy of several modes, confined so that Z is finite.
func randomNetwork(t *testing.T, backend compute.Backend, seed uint64) *models.Compiled {
	t.Helper()
	model := &models.MLP{Hidden: []int{16, 16}, Activation: "silu", Confinement: 1}
	parameters, err := model.Parameters(2)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 1))
	var values []models.Value
	for _, p := range parameters {
		numbers := p.Init(r)
		for i := range numbers {
			numbers[i] *= 2.5
		}
		values = append(values, models.Value{Name: p.Name, Shape: p.Shape, Numbers: numbers})
	}
	compiled, err := models.Compile(backend, model, 2, values)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// On ten random energies in two dimensions log Z by annealed importance sampling is that of a grid, within three of its
// standard errors, from below and from above. Of twenty comparisons one is beyond three standard errors in one of twenty
// choices of seeds; these are fixed, and so is what comes out.
func TestAISAgreesWithQuadrature(t *testing.T) {
	ais := AIS{Chains: 512, Steps: 200, Leapfrog: 3}
	start := samplers.Start{Mean: []float64{0.3, -0.2}, Std: []float64{1.5, 2}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		energies := 10
		if backendtest.OnXLA(backend) { // which compiles for each
			energies = 2
		}
		for seed := range energies {
			model := randomNetwork(t, backend, uint64(seed))
			grid, err := GridFor([]float64{-5, -5}, []float64{5, 5}, 401)
			if err != nil {
				t.Fatal(err)
			}
			exact, err := Integrate(model, grid, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ais.LogZ(model, start)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("log Z %.4f, from below %.4f ± %.4f, from above %.4f ± %.4f, %0.f effective chains, acceptance %.2f",
				exact.LogZ, got.Lower, got.LowerError, got.Upper, got.UpperError, got.EffectiveChains, got.Acceptance)
			if !(math.Abs(got.Lower-exact.LogZ) <= 3*got.LowerError) {
				t.Errorf("energy %d: log Z from below is %.4f ± %.4f, and %.4f by quadrature", seed, got.Lower, got.LowerError, exact.LogZ)
			}
			if !(math.Abs(got.Upper-exact.LogZ) <= 3*got.UpperError) {
				t.Errorf("energy %d: log Z from above is %.4f ± %.4f, and %.4f by quadrature", seed, got.Upper, got.UpperError, exact.LogZ)
			}
			if got.LowerError > 0.1 || got.UpperError > 0.1 {
				t.Errorf("energy %d: standard errors %.3f and %.3f", seed, got.LowerError, got.UpperError)
			}
		}
	})
}

// In sixteen dimensions log Z of a Gaussian is known, ½ log |2πΛ⁻¹|.
func TestAISInManyDimensions(t *testing.T) {
	const dim = 16
	precision, exact := make([][]float64, dim), 0.0
	for k := range dim {
		precision[k] = make([]float64, dim)
		precision[k][k] = 0.5 + float64(k)/4
		exact += 0.5 * math.Log(2*math.Pi/precision[k][k])
	}
	start := samplers.Start{Mean: make([]float64, dim), Std: slices.Repeat([]float64{1.5}, dim)}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: slices.Repeat([]float64{0.5}, dim), Precision: precision}, dim, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := AIS{Chains: 256, Steps: 200, Leapfrog: 3}.LogZ(model, start)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("log Z %.4f: %+v", exact, *got)
		if !(math.Abs(got.Lower-exact) <= 4*got.LowerError && math.Abs(got.Upper-exact) <= 4*got.UpperError && got.LowerError < 0.1) {
			t.Errorf("log Z is %.4f, and the estimates %+v", exact, *got)
		}
	})
}

// Weights of a log-normal distribution have the mean exp(μ + ½s²); equal ones are worth as many as they are.
func TestLogMean(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	weights := make([]float64, 100000)
	for i := range weights {
		weights[i] = 700 + 0.5*r.NormFloat64()
	}
	log, standardError, effective := logMean(weights, each(len(weights)))
	if want := 700 + 0.125; !(math.Abs(log-want) <= 5*standardError) || standardError > 0.01 {
		t.Errorf("log mean %v ± %v, want %v", log, standardError, want)
	}
	if share := effective / 100000 * math.Exp(0.25); !(math.Abs(share-1) < 0.03) {
		t.Errorf("%v effective of 100000, want exp(−s²) of them", effective)
	}
	if _, e, n := logMean([]float64{-1000, -1000, -1000}, each(3)); e != 0 || math.Abs(n-3) > 1e-9 {
		t.Errorf("equal weights have the error %v and are worth %v", e, n)
	}
	// Weights that come five times each say no more than once.
	var five []float64
	var groups []int
	for i, w := range weights[:200] {
		five = append(five, w, w, w, w, w)
		groups = append(groups, i, i, i, i, i)
	}
	log, standardError, effective = logMean(weights[:200], each(200))
	again, e, n := logMean(five, groups)
	if math.Abs(again-log) > 1e-9 || math.Abs(e-standardError) > 1e-9 || math.Abs(n-effective) > 1e-9 {
		t.Errorf("log mean %v ± %v of %v weights; five times each %v ± %v of %v", log, standardError, effective, again, e, n)
	}
	if _, e, n := logMean(five[:5], groups[:5]); e != 1 || n != 1 {
		t.Errorf("a single group has the error %v, and is worth %v", e, n)
	}
}

// twoModes are Gaussians of variance ¼ at −4 and 4, of which the right one has three times the weight: log Z is 0.
type twoModes struct{}

func (twoModes) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (twoModes) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	x = graph.ReduceSum(x, -1) // of the one coordinate
	joint := func(weight, mean float64) *graph.Node {
		return graph.AddScalar(graph.MulScalar(graph.Square(graph.AddScalar(x, -mean)), -2), math.Log(weight)+0.5*math.Log(2/math.Pi))
	}
	a, b := joint(0.25, -4), joint(0.75, 4)
	tail := graph.Log1p(graph.Exp(graph.Neg(graph.Abs(graph.Sub(a, b)))))
	return graph.Neg(graph.Add(graph.Max(a, b), tail))
}

// Between two modes, with few steps and a start that is off, the weights differ much, and the way back begins at a few ends many
// times over. Over many seeds both estimates are off as their standard errors say: the ratio of the two has a relative standard
// error of 1/√(2·seeds) = 0.07, and the bounds are more than five of them.
func TestAISErrorsBetweenModes(t *testing.T) {
	const seeds = 100
	backend := backendtest.Open(t, "go")
	model, err := models.Compile(backend, twoModes{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	start := samplers.Start{Mean: []float64{-3}, Std: []float64{3}}
	var spread, claimed [2]float64
	for seed := range seeds {
		b, err := AIS{Chains: 128, Steps: 20, Leapfrog: 1, Seed: int64(seed)}.LogZ(model, start)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range [2]float64{b.Lower, b.Upper} {
			spread[i] += v * v / seeds
		}
		claimed[0] += b.LowerError * b.LowerError / seeds
		claimed[1] += b.UpperError * b.UpperError / seeds
	}
	for i, side := range []string{"below", "above"} {
		ratio := math.Sqrt(spread[i] / claimed[i])
		if !(ratio > 0.6 && ratio < 1.4) {
			t.Errorf("from %s the estimates are off by %v times their standard errors", side, ratio)
		}
	}
}
