package vector

import "testing"

// The tiles for processors without AVX-512.
func TestProductAVX2(t *testing.T) {
	if !haveAVX512 {
		t.Skip("the other tests do it")
	}
	haveAVX512 = false
	defer func() { haveAVX512 = true }()
	TestProduct(t)
}
