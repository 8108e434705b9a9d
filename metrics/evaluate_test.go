package metrics

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// A density that is 0 in places and has no score has a KL divergence, in closed form for a Gaussian model of variance v:
// log 2πv + E‖x‖²/2v − log 32 where the variance of each coordinate is 16/3. It has no Fisher divergence.
func TestEvaluateOnACheckerboard(t *testing.T) {
	for standardize, v := range map[bool]float64{false: 2, true: 0.4} { // the grid reaches a few deviations of either model
		board := &datasets.Checkerboard{Synthetic: datasets.Synthetic{Size: 2000, Preparation: datasets.Preparation{Standardize: standardize}}}
		set, err := board.Load(datasets.Env{})
		if err != nil {
			t.Fatal(err)
		}
		variance := [2]float64{16. / 3, 16. / 3} // of the data in the coordinates of the model
		mean := [2]float64{}
		if standardize {
			for k, std := range set.Transform.Std {
				variance[k] /= std * std
				mean[k] = -set.Transform.Mean[k] / std
			}
		}
		want := math.Log(2*math.Pi*v) - math.Log(32) - set.Transform.LogDetJacobian()
		for k := range variance {
			want += (variance[k] + mean[k]*mean[k]) / (2 * v)
		}
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1 / v, 0}, {0, 1 / v}}}, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := Evaluate(model, set, Options{Grid: 801})
			if err != nil {
				t.Fatal(err)
			}
			if e.KL == nil || math.Abs(*e.KL-want) > 0.02 { // the sum over a grid is off by its spacing at every border
				t.Errorf("KL %.4f, want %.4f; mass %.5f", *e.KL, want, *e.TrueMass)
			}
			if e.Fisher != nil {
				t.Errorf("a Fisher divergence of %v", *e.Fisher)
			}
			if e.Entropy == nil || math.Abs(*e.Entropy-math.Log(32)) > 1e-9 {
				t.Errorf("entropy %v, want log 32", e.Entropy)
			}
		})
	}
}

// A density much narrower than the cells of the grid is not seen by it: divergences of 0 would be a lie.
func TestEvaluateLeavesOutWhatTheGridDoesNotSee(t *testing.T) {
	density, err := datasets.NewIsotropic([]float64{0.5, 0.5}, [][]float64{{-3, -3.0013}, {3, 3.0013}}, []float64{1e-8, 1e-8})
	if err != nil {
		t.Fatal(err)
	}
	set := &datasets.Set{Train: datasets.Points{N: 2, Dim: 2, Values: []float64{-3, -3, 3, 3}}, Density: density}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{0.5, 0}, {0, 0.5}}}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(model, set, Options{Grid: 101})
		if err != nil {
			t.Fatal(err)
		}
		if e.KL != nil || e.Fisher != nil || e.TrueMass == nil || e.Entropy == nil {
			t.Errorf("%+v", e)
		}
		const want = "the grid does not see it, and the divergences from it are left out"
		if warnings := e.Warnings(); len(warnings) != 1 || !strings.Contains(warnings[0], want) {
			t.Errorf("warnings %q", warnings)
		}
	})
}

// In three dimensions the likelihood comes of annealed importance sampling: that of a Gaussian model is known.
func TestEvaluateInThreeDimensions(t *testing.T) {
	const v = 0.7
	points := datasets.NewPoints(200, 3)
	for i := range points.Values {
		points.Values[i] = math.Sin(float64(7 * i))
	}
	density, err := datasets.NewIsotropic([]float64{1}, [][]float64{{0, 0, 0}}, []float64{2})
	if err != nil {
		t.Fatal(err)
	}
	set := &datasets.Set{Train: points, Test: points, Density: density}
	squares := 0.0
	for _, x := range points.Values {
		squares += x * x / float64(points.N)
	}
	want := 1.5*math.Log(2*math.Pi*v) + squares/(2*v)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{0, 0, 0}, Precision: [][]float64{{1 / v, 0, 0}, {0, 1 / v, 0}, {0, 0, 1 / v}}}, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(model, set, Options{AIS: &AIS{Chains: 500, Steps: 100, Leapfrog: 3}})
		if err != nil {
			t.Fatal(err)
		}
		if e.KL != nil || e.Grid != 0 {
			t.Error("there is a grid in three dimensions")
		}
		if want := 1.5 * math.Log(2*math.Pi*math.E*2); e.Entropy == nil || math.Abs(*e.Entropy-want) > 1e-9 { // which needs none
			t.Errorf("entropy %v, want %v", e.Entropy, want)
		}
		if !(math.Abs(*e.TestNLL-want) <= 4*e.AIS.LowerError) || e.AIS.LowerError > 0.05 || *e.TestNLL != *e.TrainNLL {
			t.Errorf("NLL %v ± %v, want %v", *e.TestNLL, e.AIS.LowerError, want)
		}
		if warnings := e.Warnings(); len(warnings) > 0 {
			t.Errorf("warnings %v", warnings)
		}
		// What is not to be trusted is said.
		e.AIS.EffectiveChains = 3
		if len(e.Warnings()) != 1 {
			t.Errorf("warnings %v with three effective chains", e.Warnings())
		}
		e.AIS.EffectiveChains, e.AIS.Upper = 400, e.AIS.Lower+1
		if len(e.Warnings()) != 1 {
			t.Errorf("warnings %v with bounds a nat apart", e.Warnings())
		}
	})
}

// bounded is an energy that is not a number where a coordinate is beyond 1.
type bounded struct{}

func (bounded) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (bounded) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	return graph.Neg(graph.ReduceSum(graph.Log(graph.OneMinus(graph.Square(x))), -1))
}

// Where there is no log Z to be had in three dimensions, or none that can be trusted, or none is asked for, there are the energies,
// and no likelihood.
func TestEvaluateWithoutLogZ(t *testing.T) {
	points := datasets.NewPoints(50, 3)
	for i := range points.Values {
		points.Values[i] = math.Sin(float64(7 * i))
	}
	set := &datasets.Set{Train: points, Test: points}
	narrow := &models.Quadratic{Mean: []float64{9, 9, 9}, Precision: [][]float64{{1e4, 0, 0}, {0, 1e4, 0}, {0, 0, 1e4}}}
	quick := &AIS{Chains: 50, Steps: 20, Leapfrog: 1}
	for name, c := range map[string]struct {
		model   models.Energy
		how     Options
		bounds  bool
		warning string
	}{
		"not a number":         {bounded{}, Options{AIS: quick}, false, "log Z is left out: annealed importance sampling gives no finite log Z"},
		"few effective":        {narrow, Options{AIS: quick}, true, "annealed importance sampling has come down to "},
		"not asked for":        {narrow, Options{NoAIS: true}, false, ""},
		"settings, but no AIS": {narrow, Options{AIS: quick, NoAIS: true}, false, ""},
	} {
		model, err := models.Compile(backendtest.Open(t, "go"), c.model, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(model, set, c.how)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e.TestEnergy == nil || *e.TestEnergy != e.TrainEnergy || e.LogZ != nil || e.TrainNLL != nil || e.TestNLL != nil || (e.AIS != nil) != c.bounds {
			t.Errorf("%s: %+v", name, e)
		}
		warnings := e.Warnings()
		if c.warning == "" && len(warnings) > 0 || c.warning != "" && (len(warnings) != 1 || !strings.HasPrefix(warnings[0], c.warning)) {
			t.Errorf("%s: warnings %q", name, warnings)
		}
	}
}

// In very many dimensions annealed importance sampling waits to be asked.
func TestEvaluateInManyDimensions(t *testing.T) {
	points := datasets.NewPoints(10, MostForAIS+1)
	for i := range points.Values {
		points.Values[i] = math.Sin(float64(7 * i))
	}
	model, err := models.Compile(backendtest.Open(t, "go"), bounded{}, points.Dim, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(model, &datasets.Set{Train: points}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "log Z is left out: in 65 dimensions it takes long; annealed importance sampling (eval --ais) gives it"
	if warnings := e.Warnings(); e.LogZ != nil || e.AIS != nil || len(warnings) != 1 || warnings[0] != want {
		t.Errorf("log Z %v, bounds %v, warnings %q", e.LogZ, e.AIS, warnings)
	}
}

// Settings that cannot be are refused.
func TestAISCheck(t *testing.T) {
	for _, bad := range []AIS{{1, 100, 1, 0}, {10, 5, 1, 0}, {10, 100, 0, 0}} {
		if bad.Check() == nil {
			t.Errorf("%+v is not refused", bad)
		}
	}
}
