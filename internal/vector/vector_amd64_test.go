package vector

import (
	"math"
	"testing"
)

// The tiles for processors without AVX-512.
func TestProductAVX2(t *testing.T) {
	if !haveAVX512 {
		t.Skip("the other tests do it")
	}
	haveAVX512 = false
	defer func() { haveAVX512 = true }()
	TestProduct(t)
}

// Sixteen numbers at a time or eight: the bits are the same.
func TestLogisticWide(t *testing.T) {
	if !haveAVX512 {
		t.Skip("it needs AVX-512")
	}
	x := append(random(1000, 4), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, 88, -88, 104, -104)
	wide, narrow := make([]float32, len(x)), make([]float32, len(x))
	logisticWide(&wide[0], &x[0], len(x))
	logisticEach(&narrow[0], &x[0], len(x))
	for i := range x {
		if math.Float32bits(wide[i]) != math.Float32bits(narrow[i]) {
			t.Errorf("of %v it is %v and %v", x[i], wide[i], narrow[i])
		}
	}
}
