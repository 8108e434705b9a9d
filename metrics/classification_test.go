package metrics

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// A layer without hidden ones, f(x) = (x₀, 0, −x₀), has probabilities that are known: on three points, one of which it takes for
// another class.
func TestClassify(t *testing.T) {
	model := &models.MLP{Activation: "tanh", Head: models.Head{Number: 3}}
	values := []models.Value{
		{Name: "layers.0.weight", Shape: []int{2, 3}, Numbers: []float64{1, 0, -1, 0, 0, 0}},
		{Name: "layers.0.bias", Shape: []int{3}, Numbers: []float64{0, 0, 0}},
	}
	set := &datasets.Set{
		Train:  datasets.Points{N: 3, Dim: 2, Values: []float64{1, 5, 2, 0, -3, 1}},
		Labels: &datasets.Labels{Classes: []string{"a", "b", "c"}, Train: []int{0, 1, 2}},
	}
	z := func(x float64) float64 { return math.Exp(x) + 1 + math.Exp(-x) }
	entropy := (math.Log(z(1)) - 1 + math.Log(z(2)) + math.Log(z(3)) - 3) / 3
	first, second, third := math.E/z(1), math.Exp(2)/z(2), math.Exp(3)/z(3) // in bins of their own
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		compiled, err := models.Compile(backend, model, 2, values)
		if err != nil {
			t.Fatal(err)
		}
		e, err := Evaluate(compiled, set, Options{Grid: 16})
		if err != nil {
			t.Fatal(err)
		}
		c := e.TrainClasses
		if c == nil || e.TestClasses != nil {
			t.Fatalf("got %+v of the training part and %+v of none", c, e.TestClasses)
		}
		for name, pair := range map[string][2]float64{
			"accuracy": {c.Accuracy, 2. / 3}, "cross entropy": {c.CrossEntropy, entropy},
			"calibration error": {c.CalibrationError, (1 - first + second + 1 - third) / 3},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-6 {
				t.Errorf("the %s is %v, want %v", name, pair[0], pair[1])
			}
		}
	})
}

// Points that are right as often as they are confident are calibrated; if they are always right, the error is what is missing.
func TestCalibrationError(t *testing.T) {
	const n = 20000
	r := rand.New(rand.NewPCG(1, 2))
	confidence, calibrated, always := make([]float64, n), make([]bool, n), make([]bool, n)
	missing := 0.0
	for i := range confidence {
		confidence[i] = 0.5 + 0.5*r.Float64()
		missing += (1 - confidence[i]) / n
		calibrated[i], always[i] = r.Float64() < confidence[i], true
	}
	// Each of 8 bins is off by a mean of √(2/π)·√(p(1−p)/n·8), 0.006 at most.
	if e := CalibrationError(confidence, calibrated); e > 0.012 {
		t.Errorf("calibrated points have an error of %v", e)
	}
	if e := CalibrationError(confidence, always); math.Abs(e-missing) > 1e-12 {
		t.Errorf("points that are always right have an error of %v, want %v", e, missing)
	}
}
