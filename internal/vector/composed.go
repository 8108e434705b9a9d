package vector

import "sync"

// The functions here are made of others, block by block.

const block = 256

// The rational function of erf x/x in x², highest power first.
var (
	erfUpper = []float32{-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
		-7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02}
	erfLower = []float32{-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
		-1.42647390514189e-02}
	erfEnd, erfStart = []float32{4}, []float32{-4} // beyond, it is ±1
)

var blocks = sync.Pool{New: func() any { return new([4][block]float32) }}

var zero, one, minusOne = []float32{0}, []float32{1}, []float32{-1}

// Log1p sets dst[i] to log(1 + a[i]). With u = 1 + x as it is rounded, that is log u + (x − (u − 1))/u.
func Log1p(dst, a []float32) {
	own := blocks.Get().(*[4][block]float32)
	defer blocks.Put(own)
	a = a[:len(dst)]
	for len(dst) > 0 {
		n := min(block, len(dst))
		x, u, log, r, finite := a[:n], own[0][:n], own[1][:n], own[2][:n], own[3][:n]
		Binary(Add, u, x, one)
		Log(log, u)
		Binary(Sub, r, u, one)
		Binary(Sub, r, x, r)
		Binary(Div, r, r, u)
		IsFinite(finite, log)
		Binary(And, r, r, finite) // at −1 and at infinity there is no rest
		Binary(Add, dst[:n], log, r)
		dst, a = dst[n:], a[n:]
	}
}

// Sign sets dst[i] to 1 or −1 as a[i] is positive or negative, and to 0 where it is neither.
func Sign(dst, a []float32) {
	own := blocks.Get().(*[4][block]float32)
	defer blocks.Put(own)
	a = a[:len(dst)]
	for len(dst) > 0 {
		n := min(block, len(dst))
		to, x, negative := dst[:n], a[:n], own[0][:n]
		Binary(Less, negative, x, zero)
		Binary(And, negative, negative, minusOne)
		Binary(Greater, to, x, zero)
		Binary(And, to, to, one)
		Binary(Or, to, to, negative)
		dst, a = dst[n:], a[n:]
	}
}

// Erf sets dst[i] to the error function of a[i], as XLA computes it.
func Erf(dst, a []float32) {
	own := blocks.Get().(*[4][block]float32)
	defer blocks.Put(own)
	a = a[:len(dst)]
	for len(dst) > 0 {
		n := min(block, len(dst))
		x, square, upper, lower := own[0][:n], own[1][:n], own[2][:n], own[3][:n]
		Binary(Min, x, a[:n], erfEnd)
		Binary(Max, x, x, erfStart)
		Binary(Mul, square, x, x)
		polynomial(upper, square, erfUpper)
		polynomial(lower, square, erfLower)
		Binary(Mul, upper, upper, x)
		Binary(Div, dst[:n], upper, lower)
		dst, a = dst[n:], a[n:]
	}
}

// polynomial sets dst[i] to a polynomial in x[i] by Horner's scheme.
func polynomial(dst, x, coefficients []float32) {
	Fill(dst, coefficients[0])
	for i := range coefficients[1:] {
		Binary(Mul, dst, dst, x)
		Binary(Add, dst, dst, coefficients[i+1:i+2])
	}
}
