package metrics

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/models"
)

// known is the energy −log p of a density.
type known struct{ density datasets.Density }

func (known) Parameters(int) ([]models.Parameter, error) { return nil, nil }

func (k known) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	return graph.Neg(k.density.LogDensity(x))
}

// eightSet are standardised points of eight Gaussians, and a source of more of them.
func eightSet(t *testing.T, size int) (*datasets.Set, *datasets.Mixture) {
	t.Helper()
	eight := datasets.NewEightGaussians()
	eight.Size, eight.Standardize, eight.Std = size, true, 0.4
	set, err := eight.Load(datasets.Env{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return set, datasets.ModesOf(set.Density)
}

func compile(t *testing.T, p *Panel, model models.Energy, dim int) *models.Compiled {
	t.Helper()
	compiled, err := models.Compile(p.backend, model, dim, nil)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// The density itself, with samples of its own, is as good as can be in every figure; a Gaussian of the same mean and variance is told from
// it by every one.
func TestCompare(t *testing.T) {
	set, modes := eightSet(t, 6000)
	r := rand.New(rand.NewPCG(1, 2))
	eachPanel(t, func(t *testing.T, p *Panel) {
		perfect, err := p.Compare(compile(t, p, known{modes}, 2), set, modes.Sample(r, 1500), NewCompareOptions())
		if err != nil {
			t.Fatal(err)
		}
		gauss, err := p.Compare(compile(t, p, &models.Quadratic{Mean: []float64{0, 0}, Precision: [][]float64{{1, 0}, {0, 1}}}, 2), set, gaussian(r, 1500, 1, 0, 0), NewCompareOptions())
		if err != nil {
			t.Fatal(err)
		}
		if perfect.Part != "test" || perfect.HeldOut != set.Test.N || perfect.Samples != 1500 || len(perfect.Warnings()) > 0 {
			t.Errorf("%+v", perfect)
		}
		isNear(t, "KSD², in deviations", *perfect.KSDSquared / *perfect.KSDSquaredStd, 0, 4)
		isNear(t, "KSD, above its floor", (*perfect.KSD**perfect.KSD-*perfect.KSDFloor**perfect.KSDFloor) / *perfect.KSDSquaredStd, 0, 4)
		isNear(t, "MMD²", *perfect.MMD, 0, 0.002)
		isNear(t, "MMD² of training points", *perfect.MMDFloor, 0, 0.002)
		isNear(t, "the distance, in its floor", *perfect.SlicedWasserstein / *perfect.SlicedWassersteinFloor, 1, 0.8)
		isNear(t, "AUROC", *perfect.AUROC, *perfect.AUROCCeiling, 1e-3)
		isNear(t, "the coverage", *perfect.ModeCoverage, 1, 1e-9)
		isNear(t, "the weight error", *perfect.ModeWeightError, 0, 0.06)
		isNear(t, "the weight error of held-out points", *perfect.ModeWeightErrorFloor, 0, 0.06)
		if *perfect.Stray > 0.003 || *perfect.StrayFloor > 0.003 {
			t.Errorf("strays: %v, and %v held out", *perfect.Stray, *perfect.StrayFloor)
		}
		if !(*gauss.KSDSquared > 10**gauss.KSDSquaredStd && *gauss.KSD > 1.2**gauss.KSDFloor && *gauss.MMD > 10*math.Abs(*gauss.MMDFloor) &&
			*gauss.SlicedWasserstein > 2**gauss.SlicedWassersteinFloor && *gauss.Stray > 0.1 && *gauss.AUROC < *gauss.AUROCCeiling-0.02) {
			text, _ := json.Marshal(gauss)
			t.Errorf("a Gaussian: %s", text)
		}
		// The floors are of the data alone, but for that of KSD.
		if *gauss.AUROCCeiling != *perfect.AUROCCeiling || *gauss.MMDFloor != *perfect.MMDFloor || *gauss.SlicedWassersteinFloor != *perfect.SlicedWassersteinFloor {
			t.Error("the floors depend on the model")
		}
		for _, name := range ComparisonNames {
			value, floor := perfect.Of(name)
			if value == nil || floor == nil && name != NameModeCoverage {
				t.Errorf("%s: %v, %v", name, value, floor)
			}
		}
	})
}

// figures are the keys of a comparison in JSON that are figures.
func figures(t *testing.T, c *Comparison) []string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range all {
		if name != "part" && name != "held_out" && name != "samples" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// There is what was asked for and can be had, and nothing else.
func TestCompareByName(t *testing.T) {
	set, modes := eightSet(t, 500)
	samples := modes.Sample(rand.New(rand.NewPCG(1, 2)), 60)
	unknown := *set
	unknown.Density = nil
	validation := *set
	validation.Test, validation.Validation = datasets.Points{}, set.Test
	eachPanel(t, func(t *testing.T, p *Panel) {
		model := compile(t, p, known{modes}, 2)
		for name, c := range map[string]struct {
			set     *datasets.Set
			samples datasets.Points
			names   []string
			want    string
		}{
			"ksd alone":       {set, datasets.Points{}, []string{NameKSD}, "ksd ksd_floor ksd_squared ksd_squared_std"},
			"mmd alone":       {set, samples, []string{NameMMD}, "mmd mmd_floor"},
			"strays alone":    {set, samples, []string{NameStray}, "stray stray_floor"},
			"coverage alone":  {set, samples, []string{NameModeCoverage}, "mode_coverage"},
			"no samples":      {set, datasets.Points{}, nil, "auroc auroc_ceiling ksd ksd_floor ksd_squared ksd_squared_std"},
			"no density":      {&unknown, samples, []string{NameAUROC, NameModeCoverage, NameSlicedWasserstein}, "auroc sliced_wasserstein sliced_wasserstein_floor"},
			"validation part": {&validation, samples, []string{NameMMD}, "mmd mmd_floor"},
			"one sample":      {set, samples.Rows([]int{3}), []string{NameMMD, NameSlicedWasserstein}, "sliced_wasserstein sliced_wasserstein_floor"},
			"nothing":         {set, samples, []string{}, ""},
		} {
			o := NewCompareOptions()
			o.Names = c.names
			got, err := p.Compare(model, c.set, c.samples, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if has := strings.Join(figures(t, got), " "); has != c.want {
				t.Errorf("%s: %s, want %s", name, has, c.want)
			}
		}
		o := NewCompareOptions()
		o.NoFloors, o.Most = true, 40
		got, err := p.Compare(model, set, samples, o)
		if err != nil {
			t.Fatal(err)
		}
		const want = "auroc ksd ksd_floor ksd_squared ksd_squared_std mmd mode_coverage mode_weight_error sliced_wasserstein stray"
		if has := strings.Join(figures(t, got), " "); has != want || got.HeldOut != 40 || got.Samples != 40 {
			t.Errorf("without floors: %s, want %s; %d and %d points", has, want, got.HeldOut, got.Samples)
		}
	})
}

// edge is an energy that is not a number where a coordinate is beyond 1, and neither is its slope.
type edge struct{ bounded }

func (edge) Energy(_ []*graph.Node, x *graph.Node) *graph.Node {
	return graph.Neg(graph.ReduceSum(graph.Sqrt(graph.OneMinus(graph.Square(x))), -1))
}

// What cannot be had is left out, with a reason; what cannot be right is an error.
func TestCompareWithout(t *testing.T) {
	set, modes := eightSet(t, 500)
	samples := modes.Sample(rand.New(rand.NewPCG(1, 2)), 60)
	alike := datasets.Set{Train: datasets.NewPoints(50, 2), Test: datasets.NewPoints(20, 2)}
	alike.Test.Values[0], alike.Train.Values[0] = 1, 1
	eachPanel(t, func(t *testing.T, p *Panel) {
		got, err := p.Compare(compile(t, p, edge{}, 2), set, samples, NewCompareOptions())
		if err != nil {
			t.Fatal(err)
		}
		warnings := got.Warnings()
		if got.KSD != nil || got.AUROC != nil || got.MMD == nil || len(warnings) != 2 ||
			!strings.HasPrefix(warnings[0], "the Stein discrepancy is left out: ") || !strings.HasPrefix(warnings[1], "the AUROC is left out: ") {
			t.Errorf("%v; warnings %q", figures(t, got), warnings)
		}
		if got, err = p.Compare(compile(t, p, known{modes}, 2), &alike, samples, NewCompareOptions()); err != nil {
			t.Fatal(err)
		}
		if got.KSD != nil || got.MMD != nil || got.SlicedWasserstein == nil || got.AUROC == nil || len(got.Warnings()) != 2 {
			t.Errorf("%v; warnings %q", figures(t, got), got.Warnings())
		}
		model := compile(t, p, known{modes}, 2)
		wrong := samples.Rows([]int{0, 1})
		wrong.Values[3] = math.NaN()
		for want, of := range map[string]func(*CompareOptions) (*datasets.Set, datasets.Points){
			`there is no figure "fid"; want some of ksd, mmd,`: func(o *CompareOptions) (*datasets.Set, datasets.Points) {
				o.Names = []string{"fid"}
				return set, samples
			},
			"at most 1 points; want 2 or more":    func(o *CompareOptions) (*datasets.Set, datasets.Points) { o.Most = 1; return set, samples },
			"exponent 1 of the Stein discrepancy": func(o *CompareOptions) (*datasets.Set, datasets.Points) { o.KSD.Exponent = 1; return set, samples },
			"no points were held out (data.test_fraction was 0)": func(o *CompareOptions) (*datasets.Set, datasets.Points) {
				return &datasets.Set{Train: set.Train}, samples
			},
			"coordinate 2 of point 2 of the samples is NaN; want finit": func(o *CompareOptions) (*datasets.Set, datasets.Points) { return set, wrong },
			"the samples have 3 coordinates; want 2":                    func(o *CompareOptions) (*datasets.Set, datasets.Points) { return set, datasets.NewPoints(2, 3) },
		} {
			o := NewCompareOptions()
			set, samples := of(&o)
			if _, err := p.Compare(model, set, samples, o); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}

// However many comparisons are made, of whatever models and data, there are no more programs than kinds of shapes.
func TestCompareCompilesOnce(t *testing.T) {
	eachPanel(t, func(t *testing.T, p *Panel) {
		programs := 0
		for i := range 6 {
			set, modes := eightSet(t, 700+10*i)
			_, err := p.Compare(compile(t, p, known{modes}, 2), set, modes.Sample(rand.New(rand.NewPCG(1, uint64(i))), 100+i), NewCompareOptions())
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				programs = p.Programs()
			}
		}
		if got := p.Programs(); got != programs || got > 8 {
			t.Errorf("%d programs, and %d after the first comparison", got, programs)
		}
	})
}

// The ceiling of a Gaussian of one dimension between uniform outliers from −a to a is 1 − E|x|/a.
func TestAUROCCeiling(t *testing.T) {
	m, err := datasets.NewIsotropic([]float64{1}, [][]float64{{0}}, []float64{1})
	if err != nil {
		t.Fatal(err)
	}
	held := m.Sample(rand.New(rand.NewPCG(1, 2)), 10000)
	set := &datasets.Set{Train: datasets.Points{N: 2, Dim: 1, Values: []float64{-4, 4}}, Test: held, Density: m}
	eachPanel(t, func(t *testing.T, p *Panel) {
		o := NewCompareOptions()
		o.Names = []string{NameAUROC}
		got, err := p.Compare(compile(t, p, known{m}, 1), set, datasets.Points{}, o)
		if err != nil {
			t.Fatal(err)
		}
		isNear(t, "AUROC", *got.AUROC, 1-math.Sqrt(2/math.Pi)/8, 0.008)
		isNear(t, "its ceiling", *got.AUROCCeiling, *got.AUROC, 1e-4)
	})
}
