// Package vector computes with rows of float32: arithmetic, comparisons, exponentials, sums and matrix products. Rows of
// 32-bit integers are rows of float32 with the same bits.
//
// On amd64 with AVX2 it runs assembly, elsewhere loops in Go. A result is the same from run to run, and does not depend on
// the number of threads; between machines of different kind the last bits may differ.
//
// Truth is a number here: all bits set is true, none is false. That is what comparisons give and what Select and the
// logical operations take.
package vector

import (
	"math"
	"unsafe"
)

// Op is an operation on two numbers.
type Op uint8

// The operations. Max and Min give NaN where either number is NaN; a comparison with NaN is false, but for NotEqual. From
// AddWords on the operations are on integers of 32 bits; a shift by 32 or more gives 0. Rotate turns the bits of the first
// to the left by the second, which is 1 to 31.
const (
	Add Op = iota
	Sub
	Mul
	Div
	Max
	Min
	Equal
	NotEqual
	Less
	LessOrEqual
	GreaterOrEqual
	Greater
	AddWords
	SubWords
	MulWords
	EqualWords
	And
	Or
	Xor
	ShiftLeft
	ShiftRight
	Rotate
	numOps
)

// Binary sets dst[i] to a[i] op b[i]. Either of a and b may have a single number, which then stands for all; otherwise
// they are as long as dst. dst may be a or b.
func Binary(op Op, dst, a, b []float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	switch {
	case len(a) >= n && len(b) >= n:
		both[op](&dst[0], &a[0], &b[0], n)
	case len(a) >= n:
		right[op](&dst[0], &a[0], &b[0], n)
	case len(b) >= n:
		left[op](&dst[0], &a[0], &b[0], n)
	default: // both are one number
		right[op](&dst[0], &a[0], &b[0], 1)
		Fill(dst[1:], dst[0])
	}
}

// kernel computes n numbers.
type kernel = func(dst, a, b *float32, n int)

// Fill sets every dst[i] to x.
func Fill(dst []float32, x float32) {
	if n := len(dst); n > 0 {
		fillKernel(&dst[0], x, n)
	}
}

// Select sets dst[i] to a[i] where mask[i] is true, and to b[i] elsewhere. All are as long as dst.
func Select(dst, mask, a, b []float32) {
	if n := len(dst); n > 0 {
		selectKernel(&dst[0], &mask[:n][0], &a[:n][0], &b[:n][0], n)
	}
}

// Sqrt sets dst[i] to the square root of a[i].
func Sqrt(dst, a []float32) {
	if n := len(dst); n > 0 {
		sqrtKernel(&dst[0], &a[:n][0], n)
	}
}

// Exp sets dst[i] to e^a[i].
func Exp(dst, a []float32) { eights(expKernel, dst, a) }

// Logistic sets dst[i] to 1/(1 + e^−a[i]).
func Logistic(dst, a []float32) { eights(logisticKernel, dst, a) }

// Tanh sets dst[i] to the hyperbolic tangent of a[i].
func Tanh(dst, a []float32) { eights(tanhKernel, dst, a) }

// eights applies a kernel for multiples of eight numbers; the last few go through a row of eight of their own.
func eights(kernel func(dst, a *float32, n int), dst, a []float32) {
	n := len(dst)
	whole := n &^ 7
	if whole > 0 {
		kernel(&dst[0], &a[:n][0], whole)
	}
	if whole < n {
		var last [8]float32
		copy(last[:], a[whole:n])
		kernel(&last[0], &last[0], 8)
		copy(dst[whole:], last[:])
	}
}

// Log sets dst[i] to the natural logarithm of a[i].
func Log(dst, a []float32) {
	n := len(dst)
	a = a[:n]
	for i := 0; i < n; {
		if whole := (n - i) &^ 7; whole > 0 {
			i += logKernel(&dst[i], &a[i], whole)
		}
		if i < n { // eight with a number that is not positive, normal and finite; or fewer than eight
			end := min(i+8, n)
			for ; i < end; i++ {
				dst[i] = float32(math.Log(float64(a[i])))
			}
		}
	}
}

// Negate sets dst[i] to −a[i].
func Negate(dst, a []float32) { Binary(Mul, dst, a[:len(dst)], minusOne) }

// Abs sets dst[i] to |a[i]|.
func Abs(dst, a []float32) {
	to, from := asWords(dst), asWords(a)[:len(dst)]
	for i := range to {
		to[i] = from[i] &^ (1 << 31)
	}
}

// Not sets dst[i] to the opposite of the truth a[i].
func Not(dst, a []float32) {
	to, from := asWords(dst), asWords(a)[:len(dst)]
	for i := range to {
		to[i] = ^from[i]
	}
}

// IsFinite sets dst[i] to whether a[i] is neither infinite nor NaN.
func IsFinite(dst, a []float32) {
	const exponent = 0x7f800000
	to, from := asWords(dst), asWords(a)[:len(dst)]
	for i := range to {
		to[i] = truthBits(from[i]&exponent != exponent)
	}
}

// FromTruth sets dst[i] to 1 where a[i] is true, and to 0 elsewhere.
func FromTruth(dst, a []float32) { Binary(And, dst, a[:len(dst)], one) }

// FromInts sets dst[i] to the int32 whose bits a[i] has.
func FromInts(dst, a []float32) {
	if n := len(dst); n > 0 {
		intsKernel(&dst[0], &a[:n][0], n)
	}
}

// asWords is a view of the numbers as bits.
func asWords(x []float32) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

// Sum returns the sum of the numbers, in an order that depends on how many there are and nothing else.
func Sum(a []float32) float32 {
	n := len(a)
	whole := n &^ 7
	var sum float32
	if whole > 0 {
		sum = sumKernel(&a[0], whole)
	}
	for _, x := range a[whole:] {
		sum += x
	}
	return sum
}

// SumRows sets dst[j] to the sum over i of a[i][j], in the order of the rows.
func SumRows(dst, a []float32) {
	width := len(dst)
	if width == 0 {
		return
	}
	clear(dst)
	for ; len(a) >= width; a = a[width:] {
		both[Add](&dst[0], &dst[0], &a[0], width)
	}
}
