// Package conformance checks this installation against reference values: losses, gradients, scores, chains and
// optimizer steps that were computed in float64 elsewhere, with all parameters and random draws given.
//
// A case goes through the very graph functions that training uses. docs/conformance.md describes the files.
package conformance

import (
	"embed"
	"encoding/json"
	"io/fs"
	"math"

	"github.com/gomlx/compute/dtypes"
)

//go:embed cases/*.json
var embedded embed.FS

// Embedded returns the cases that come with the program.
func Embedded() ([]*Case, error) {
	names, err := fs.Glob(embedded, "cases/*.json")
	if err != nil {
		return nil, err
	}
	cases := make([]*Case, len(names))
	for i, name := range names {
		text, err := embedded.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if cases[i], err = Parse(name, text); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// Precision is a type to compute in, and how far results may be off.
type Precision struct {
	DType dtypes.DType
	// Tolerance bounds the relative error of a field.
	Tolerance float64
}

// Precisions are those that a case is run in.
var Precisions = []Precision{{dtypes.Float64, 1e-9}, {dtypes.Float32, 2e-4}}

// Name is float32 or float64.
func (p Precision) Name() string {
	if p.DType == dtypes.Float64 {
		return "float64"
	}
	return "float32"
}

// Result is one field of one case, in one precision.
type Result struct {
	Case      string  `json:"case"`
	Field     string  `json:"field"`
	Precision string  `json:"precision"`
	Error     float64 `json:"error"` // relative; +Inf when a value is not finite
	Tolerance float64 `json:"tolerance"`
	Pass      bool    `json:"pass"`
}

// MarshalJSON writes an infinite error, for which JSON has no number, as the text "Infinity".
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	if !math.IsInf(r.Error, 0) {
		return json.Marshal(plain(r))
	}
	shown := struct {
		plain
		Error string `json:"error"`
	}{plain(r), "Infinity"}
	return json.Marshal(shown)
}

// relativeError is the largest absolute difference divided by the largest absolute expected value, at least 1e-6.
func relativeError(got, want []float64) float64 {
	difference, scale := 0.0, 1e-6
	for i := range want {
		d := math.Abs(got[i] - want[i])
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		difference, scale = max(difference, d), max(scale, math.Abs(want[i]))
	}
	return difference / scale
}
