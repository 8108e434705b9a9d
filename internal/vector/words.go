package vector

import (
	"math/bits"
	"unsafe"
)

// wordArithmetic is arithmetic for the operations on integers.
func wordArithmetic(op Op, dst, a, b *float32, n, maskA, maskB int) {
	d, x, y := words(dst, n, -1), words(a, n, maskA), words(b, n, maskB)
	switch op {
	case AddWords:
		for i := range d {
			d[i] = x[i&maskA] + y[i&maskB]
		}
	case SubWords:
		for i := range d {
			d[i] = x[i&maskA] - y[i&maskB]
		}
	case MulWords:
		for i := range d {
			d[i] = x[i&maskA] * y[i&maskB]
		}
	case EqualWords:
		for i := range d {
			d[i] = truthBits(x[i&maskA] == y[i&maskB])
		}
	case And:
		for i := range d {
			d[i] = x[i&maskA] & y[i&maskB]
		}
	case Or:
		for i := range d {
			d[i] = x[i&maskA] | y[i&maskB]
		}
	case Xor:
		for i := range d {
			d[i] = x[i&maskA] ^ y[i&maskB]
		}
	case ShiftLeft:
		for i := range d {
			d[i] = x[i&maskA] << y[i&maskB]
		}
	case ShiftRight:
		for i := range d {
			d[i] = x[i&maskA] >> y[i&maskB]
		}
	case Rotate:
		for i := range d {
			d[i] = bits.RotateLeft32(x[i&maskA], int(y[i&maskB]))
		}
	}
}

// words is masked for the bits of the numbers.
func words(p *float32, n, mask int) []uint32 {
	if mask == 0 {
		n = 1
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(p)), n)
}
