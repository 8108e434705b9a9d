package vector

import "sync"

// The functions here are made of others, block by block.

const block = 256

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
