package vector

import (
	"math"
	"unsafe"
)

// Rows of float64 are rows of float32 too, of twice the length. The functions here are loops in Go: there is little of it.

// Double is Binary for Add, Sub, Mul and Div of float64.
func Double(op Op, dst, a, b []float32) {
	d, x, y := doubles(dst), doubles(a), doubles(b)
	maskA, maskB := mask(len(x), len(d)), mask(len(y), len(d))
	arithmeticOf(op, d, x, y, maskA, maskB)
}

// mask is what the index into have numbers is masked with, where want are wanted.
func mask(have, want int) int {
	if have < want {
		return 0
	}
	return -1
}

// FloorDouble sets dst[i] to the floor of a[i], both float64.
func FloorDouble(dst, a []float32) {
	d, x := doubles(dst), doubles(a)
	for i := range d {
		d[i] = math.Floor(x[i])
	}
}

// DoubleFromInts sets dst[i], a float64, to the int32 a[i].
func DoubleFromInts(dst, a []float32) {
	d, x := doubles(dst), ints(a)
	for i := range d {
		d[i] = float64(x[i])
	}
}

// IntsFromDouble sets dst[i], an int32, to the whole part of the float64 a[i].
func IntsFromDouble(dst, a []float32) {
	d, x := ints(dst), doubles(a)
	for i := range d {
		d[i] = int32(x[i])
	}
}

// ToDouble sets dst[i], a float64, to the float32 a[i].
func ToDouble(dst, a []float32) {
	d := doubles(dst)
	for i := range d {
		d[i] = float64(a[i])
	}
}

// FromDouble sets dst[i] to the float64 a[i].
func FromDouble(dst, a []float32) {
	x := doubles(a)[:len(dst)]
	for i := range dst {
		dst[i] = float32(x[i])
	}
}

// FromWords sets dst[i] to the uint32 whose bits a[i] has.
func FromWords(dst, a []float32) {
	x := asWords(a)[:len(dst)]
	for i := range dst {
		dst[i] = float32(x[i])
	}
}

func doubles(x []float32) []float64 {
	return unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(x))), len(x)/2)
}

func ints(x []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}
