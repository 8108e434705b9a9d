package serve

import (
	"math"
	"strconv"
)

// numbers are an array of JSON, each as short as single precision allows. One that is not finite is null.
type numbers []float64

// MarshalJSON implements json.Marshaler.
func (n numbers) MarshalJSON() ([]byte, error) {
	return appendNumbers(make([]byte, 0, 2+12*len(n)), n), nil
}

// appendNumbers appends an array.
func appendNumbers(text []byte, values []float64) []byte {
	text = append(text, '[')
	for i, v := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendNumber(text, v)
	}
	return append(text, ']')
}

// appendNumber appends a number, or null.
func appendNumber(text []byte, v float64) []byte {
	if v = float64(float32(v)); math.IsNaN(v) || math.IsInf(v, 0) {
		return append(text, "null"...)
	}
	return strconv.AppendFloat(text, v, 'g', -1, 32)
}

// rows are an array of arrays of width numbers.
type rows struct {
	values []float64
	width  int
}

// MarshalJSON implements json.Marshaler.
func (r rows) MarshalJSON() ([]byte, error) {
	text := append(make([]byte, 0, 2+12*len(r.values)), '[')
	for i := 0; i < len(r.values); i += r.width {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendNumbers(text, r.values[i:i+r.width])
	}
	return append(text, ']'), nil
}

// single is a number by itself.
type single float64

// MarshalJSON implements json.Marshaler.
func (v single) MarshalJSON() ([]byte, error) { return appendNumber(nil, float64(v)), nil }
