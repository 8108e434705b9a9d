package vector

import (
	"math"
	"unsafe"
)

// The kernels in Go, for processors without those in assembly. A number that stands for all is read again and again:
// its index is masked with 0, that of the others with −1.

func plainBinary(op Op, maskA, maskB int) kernel {
	if op < Max {
		return func(dst, a, b *float32, n int) { arithmetic(op, dst, a, b, n, maskA, maskB) }
	}
	if op >= AddWords {
		return func(dst, a, b *float32, n int) { wordArithmetic(op, dst, a, b, n, maskA, maskB) }
	}
	f := plainOps[op]
	return func(dst, a, b *float32, n int) {
		d, x, y := unsafe.Slice(dst, n), masked(a, n, maskA), masked(b, n, maskB)
		for i := range d {
			d[i] = f(x[i&maskA], y[i&maskB])
		}
	}
}

// masked is n numbers, or one if their index is masked.
func masked(p *float32, n, mask int) []float32 {
	if mask == 0 {
		n = 1
	}
	return unsafe.Slice(p, n)
}

// arithmetic has its loops apart from those of plainOps, as they are the ones that matter.
func arithmetic(op Op, dst, a, b *float32, n, maskA, maskB int) {
	arithmeticOf(op, unsafe.Slice(dst, n), masked(a, n, maskA), masked(b, n, maskB), maskA, maskB)
}

// arithmeticOf is Add, Sub, Mul or Div of numbers x and y, whose indices are masked.
func arithmeticOf[T float32 | float64](op Op, d, x, y []T, maskA, maskB int) {
	switch op {
	case Add:
		for i := range d {
			d[i] = x[i&maskA] + y[i&maskB]
		}
	case Sub:
		for i := range d {
			d[i] = x[i&maskA] - y[i&maskB]
		}
	case Mul:
		for i := range d {
			d[i] = x[i&maskA] * y[i&maskB]
		}
	case Div:
		for i := range d {
			d[i] = x[i&maskA] / y[i&maskB]
		}
	}
}

var plainOps = [numOps]func(a, b float32) float32{
	Max:            func(a, b float32) float32 { return max(a, b) },
	Min:            func(a, b float32) float32 { return min(a, b) },
	Equal:          func(a, b float32) float32 { return truth(a == b) },
	NotEqual:       func(a, b float32) float32 { return truth(a != b) },
	Less:           func(a, b float32) float32 { return truth(a < b) },
	LessOrEqual:    func(a, b float32) float32 { return truth(a <= b) },
	GreaterOrEqual: func(a, b float32) float32 { return truth(a >= b) },
	Greater:        func(a, b float32) float32 { return truth(a > b) },
}

func truth(t bool) float32 { return math.Float32frombits(truthBits(t)) }

func truthBits(t bool) uint32 {
	if t {
		return math.MaxUint32
	}
	return 0
}

// plainKernels puts loops in Go in the place of every kernel.
func plainKernels() {
	for op := range numOps {
		both[op], right[op], left[op] = plainBinary(op, -1, -1), plainBinary(op, -1, 0), plainBinary(op, 0, -1)
	}
	fillKernel = func(dst *float32, x float32, n int) {
		d := unsafe.Slice(dst, n)
		for i := range d {
			d[i] = x
		}
	}
	sqrtKernel = plainUnary(func(x float64) float64 { return math.Sqrt(x) })
	intsKernel = func(dst, a *float32, n int) {
		d, x := unsafe.Slice(dst, n), unsafe.Slice((*int32)(unsafe.Pointer(a)), n)
		for i := range d {
			d[i] = float32(x[i])
		}
	}
	expKernel = plainUnary(math.Exp)
	logisticKernel = plainUnary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })
	tanhKernel = plainUnary(math.Tanh)
	logKernel = func(dst, a *float32, n int) int {
		plainUnary(math.Log)(dst, a, n)
		return n
	}
	selectKernel = func(dst, mask, a, b *float32, n int) {
		d, m, x, y := unsafe.Slice(dst, n), unsafe.Slice(mask, n), unsafe.Slice(a, n), unsafe.Slice(b, n)
		for i := range d {
			if math.Float32bits(m[i]) != 0 {
				d[i] = x[i]
			} else {
				d[i] = y[i]
			}
		}
	}
	sumKernel = func(a *float32, n int) (sum float32) {
		var lanes [8]float32
		x := unsafe.Slice(a, n)
		for i := 0; i < n; i += 8 {
			for j := range lanes {
				lanes[j] += x[i+j]
			}
		}
		for _, lane := range lanes {
			sum += lane
		}
		return sum
	}
	productKernel = plainProduct
}

func plainUnary(f func(float64) float64) func(dst, a *float32, n int) {
	return func(dst, a *float32, n int) {
		d, x := unsafe.Slice(dst, n), unsafe.Slice(a, n)
		for i := range d {
			d[i] = float32(f(float64(x[i])))
		}
	}
}

// plainProduct adds to four rows at a time; b is read along its rows.
func plainProduct(c []float32, m, n, k int, a []float32, aRow, aColumn int, b []float32, ldb int) {
	for i := range m {
		row := c[i*n : i*n+n]
		clear(row)
		for l := range k {
			x := a[i*aRow+l*aColumn]
			for j, y := range b[l*ldb : l*ldb+n] {
				row[j] += x * y
			}
		}
	}
}
