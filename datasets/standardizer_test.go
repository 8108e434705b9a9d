package datasets

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
)

func TestStandardizerOfThreePoints(t *testing.T) {
	p := points([]float64{1, 10}, []float64{2, 20}, []float64{3, 60})
	s, err := FitStandardizer(p, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	wantNear(t, "mean a", s.Mean[0], 2, 1e-15)
	wantNear(t, "mean b", s.Mean[1], 30, 1e-14)
	wantNear(t, "std a", s.Std[0], math.Sqrt(2.0/3), 1e-15)
	wantNear(t, "std b", s.Std[1], math.Sqrt(1400.0/3), 1e-13)
	wantNear(t, "log det", s.LogDetJacobian(), -math.Log(math.Sqrt(2.0/3*1400/3)), 1e-13)

	applied := s.Apply(p)
	wantNear(t, "applied", applied.Row(2)[1], 30/math.Sqrt(1400.0/3), 1e-14)
	undone := s.Undo(applied)
	for k, v := range undone.Values {
		wantNear(t, "undone", v, p.Values[k], 1e-13)
	}
}

// With a logit the map is undone, its Jacobian and what it does to scores are the differences of the map and of log p.
func TestLogit(t *testing.T) {
	s := &Standardizer{Mean: []float64{10, 0}, Std: []float64{20, 256}, Logit: 0.05}
	x := points([]float64{10, 0}, []float64{30, 255.9}, []float64{12, 128}, []float64{29.5, 3})
	y := s.Apply(x)
	for k, want := range []float64{math.Log(0.05 / 0.95), math.Log(0.05 / 0.95), math.Log(0.95 / 0.05)} {
		wantNear(t, "y", y.Values[k], want, 1e-14)
	}
	for k, v := range s.Undo(y).Values {
		wantNear(t, "undone", v, x.Values[k], 1e-12)
	}
	const h = 1e-5
	at := func(x []float64) []float64 { return s.Apply(points(x)).Row(0) }
	logP := func(x []float64) float64 { // of the source, for independent N(1, 1) in y
		y := points(at(x))
		return -(math.Pow(y.Values[0]-1, 2)+math.Pow(y.Values[1]-1, 2))/2 + s.LogDetJacobians(y)[0]
	}
	dets := s.LogDetJacobians(y)
	scores := make([]float64, len(y.Values))
	for k, v := range y.Values {
		scores[k] = 1 - v
	}
	s.UndoScores(y, scores)
	for i := range x.N {
		logDet := 0.0
		for k := range 2 {
			up, down := slices.Clone(x.Row(i)), slices.Clone(x.Row(i))
			up[k], down[k] = up[k]+h, down[k]-h
			logDet += math.Log((at(up)[k] - at(down)[k]) / (2 * h))
			wantNear(t, "score", scores[2*i+k], (logP(up)-logP(down))/(2*h), 1e-5)
		}
		wantNear(t, "log det", dets[i], logDet, 1e-7)
	}
	plain := &Standardizer{Mean: s.Mean, Std: s.Std}
	wantNear(t, "log det without a logit", plain.LogDetJacobians(y)[2], plain.LogDetJacobian(), 0)
	if err := (&Standardizer{Mean: s.Mean, Std: s.Std, Logit: 0.5}).Validate(2); err == nil {
		t.Error("a logit of 0.5 is accepted")
	}
}

func TestStandardizerJSON(t *testing.T) {
	s := &Standardizer{Mean: []float64{0.1, -2}, Std: []float64{1.0 / 3, 1e-7}}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"mean":[0.1,-2],"std":[0.3333333333333333,1e-7]}`; string(text) != want {
		t.Errorf("%s, want %s", text, want)
	}
	var back *Standardizer
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, s) {
		t.Errorf("%v came back as %v", s, back)
	}
}

func TestNilStandardizerIsTheIdentity(t *testing.T) {
	var s *Standardizer
	p := numbered(3)
	if !reflect.DeepEqual(s.Apply(p), p) || !reflect.DeepEqual(s.Undo(p), p) || s.LogDetJacobian() != 0 || s.Validate(1) != nil {
		t.Error("it changes something")
	}
}

func TestStandardizerRefuses(t *testing.T) {
	_, err := FitStandardizer(points([]float64{1, 0.1}, []float64{2, 0.1}, []float64{3, 0.1}), []string{"a", "b"})
	wantError(t, err, "column \"b\" is constant (0.1 in all 3 training points), so it cannot be standardised: "+
		"leave the column out or set standardize to false")

	wantError(t, (&Standardizer{Mean: []float64{1}, Std: []float64{1}}).Validate(2),
		"standardizer: 1 means and 1 standard deviations for 2 columns")
	wantError(t, (&Standardizer{Mean: []float64{math.Inf(1)}, Std: []float64{1}}).Validate(1),
		"standardizer: mean[0] is +Inf, want a finite number")
	wantError(t, (&Standardizer{Mean: []float64{0}, Std: []float64{0}}).Validate(1),
		"standardizer: std[0] is 0, want a positive number")
}
