package conformance

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
)

// Every embedded case agrees with its reference values in both precisions, on every backend.
func TestEmbedded(t *testing.T) {
	cases, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			for _, precision := range Precisions {
				results, err := c.Run(backend, precision)
				if err != nil {
					t.Error(err)
				}
				for _, r := range results {
					t.Logf("%-14s %-16s %s %.2e", r.Case, r.Field, r.Precision, r.Error)
					if !r.Pass {
						t.Errorf("%s %s in %s: error %.3g, tolerance %g", r.Case, r.Field, r.Precision, r.Error, r.Tolerance)
					}
				}
			}
		}
	})
}

// An expected value that is off by more than the tolerance fails, in that field alone; by less it passes.
func TestPerturbedCasesFail(t *testing.T) {
	cases, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	backend := backendtest.Open(t, "go")
	for _, c := range cases {
		got, err := c.compute(backend, Precisions[0].DType)
		if err != nil {
			t.Fatal(err)
		}
		for field := range c.Expect {
			for off, pass := range map[float64]bool{3e-9: false, 3e-10: true} {
				want, err := c.expected(field)
				if err != nil {
					t.Fatal(err)
				}
				largest := 0
				for i, v := range want {
					if math.Abs(v) > math.Abs(want[largest]) {
						largest = i
					}
				}
				want[len(want)-1] += off * math.Abs(want[largest])
				if e := relativeError(got[field], want); (e <= Precisions[0].Tolerance) != pass {
					t.Errorf("%s, %s: the last value is off by %g, and the error is %g", c.Name, field, off, e)
				}
			}
		}
	}
	// The same through a case: the loss is off by more than float64 allows and less than float32 does.
	for _, c := range cases {
		if c.Name != "dsm-variance" {
			continue
		}
		var loss float64
		if err := json.Unmarshal(c.Expect["loss"], &loss); err != nil {
			t.Fatal(err)
		}
		c.Expect["loss"] = json.RawMessage(fmt.Sprint(loss * (1 + 1e-6)))
		for _, precision := range Precisions {
			results, err := c.Run(backend, precision)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if want := r.Field != "loss" || r.Precision == "float32"; r.Pass != want {
					t.Errorf("with a loss that is off by 1e-6: %+v", r)
				}
			}
		}
	}
}

// A value that is not finite fails, however large the tolerance.
func TestRelativeError(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	tests := []struct {
		got, want []float64
		error     float64
	}{
		{[]float64{1, 2}, []float64{1, 2}, 0},
		{[]float64{1, 2.5}, []float64{1, 2}, 0.25},
		{[]float64{1.5, 2}, []float64{1, 2}, 0.25}, // relative to the field, not to the entry
		{[]float64{1e-9}, []float64{0}, 1e-3},      // the scale is at least 1e-6
		{[]float64{nan, 2}, []float64{1, 2}, inf},
		{[]float64{1, inf}, []float64{1, 2}, inf},
		{[]float64{-inf, 2}, []float64{1, 2}, inf},
	}
	for _, test := range tests {
		if got := relativeError(test.got, test.want); math.Abs(got-test.error) > 1e-15 && got != test.error {
			t.Errorf("relativeError(%v, %v) = %v, want %v", test.got, test.want, got, test.error)
		}
	}
}
