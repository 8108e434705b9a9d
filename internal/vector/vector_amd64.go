package vector

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

var (
	haveAVX2   = cpu.X86.HasAVX2 && cpu.X86.HasFMA
	haveAVX512 = haveAVX2 && cpu.X86.HasAVX512F
)

// The kernels in use.
var (
	both = [numOps]kernel{addBoth, subBoth, mulBoth, divBoth, maxBoth, minBoth,
		eqBoth, neBoth, ltBoth, leBoth, geBoth, gtBoth,
		addWordsBoth, subWordsBoth, mulWordsBoth, eqWordsBoth, andBoth,
		orBoth, xorBoth, shlBoth, shrBoth, rotateBoth}
	right = [numOps]kernel{addRight, subRight, mulRight, divRight, maxRight, minRight,
		eqRight, neRight, ltRight, leRight, geRight, gtRight,
		addWordsRight, subWordsRight, mulWordsRight, eqWordsRight, andRight,
		orRight, xorRight, shlRight, shrRight, rotateRight}
	left = [numOps]kernel{addLeft, subLeft, mulLeft, divLeft, maxLeft, minLeft,
		eqLeft, neLeft, ltLeft, leLeft, geLeft, gtLeft,
		addWordsLeft, subWordsLeft, mulWordsLeft, eqWordsLeft, andLeft,
		orLeft, xorLeft, shlLeft, shrLeft, rotateLeft}
	fillKernel     = fillEach
	sqrtKernel     = sqrtEach
	intsKernel     = intsEach
	expKernel      = expEach
	logisticKernel = logisticEach
	tanhKernel     = tanhEach
	logKernel      = logEach
	selectKernel   = selectEach
	sumKernel      = sumEach
	productKernel  = tiles
)

func init() {
	if !haveAVX2 {
		plainKernels()
	}
	if haveAVX512 {
		logisticKernel = logisticWide
	}
}

// logisticWide computes sixteen numbers at a time, and the last eight as logisticEach does, which comes to the same.
func logisticWide(dst, a *float32, n int) {
	whole := n &^ 15
	if whole > 0 {
		logistic16(dst, a, whole)
	}
	if whole < n {
		logisticEach(&unsafe.Slice(dst, n)[whole], &unsafe.Slice(a, n)[whole], n-whole)
	}
}

// tiles computes a product in tiles of four rows. The last tile of a row or column overlaps the one before where it would
// not fit, which computes some numbers twice and alike.
func tiles(c []float32, m, n, k int, a []float32, aRow, aColumn int, b []float32, ldb int) {
	_, _, _ = c[m*n-1], a[(m-1)*aRow+(k-1)*aColumn], b[(k-1)*ldb+n-1]
	const size = 4 // bytes
	if m < 4 {
		for i := range m { // four times the same row
			columns(c[i*n:], 0, n, k, a[i*aRow:], 0, aColumn*size, b, ldb*size)
		}
		return
	}
	for i := 0; i < m; i += 4 {
		i := min(i, m-4)
		columns(c[i*n:], n*size, n, k, a[i*aRow:], aRow*size, aColumn*size, b, ldb*size)
	}
}

// columns computes four rows of a product. The strides are in bytes.
func columns(c []float32, ldc, n, k int, a []float32, aRow, aColumn int, b []float32, ldb int) {
	j := 0
	if haveAVX512 {
		for ; j+32 <= n; j += 32 {
			tile4x32(&c[j], ldc, &a[0], aRow, aColumn, &b[j], ldb, k)
		}
	}
	for ; j+16 <= n; j += 16 {
		tile4x16(&c[j], ldc, &a[0], aRow, aColumn, &b[j], ldb, k)
	}
	switch {
	case j == n:
	case n >= 16:
		tile4x16(&c[n-16], ldc, &a[0], aRow, aColumn, &b[n-16], ldb, k)
	default:
		tile4xN(&c[j], ldc, &a[0], aRow, aColumn, &b[j], ldb, k, n-j)
	}
}

//go:noescape
func tile4x16(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k int)

//go:noescape
func tile4x32(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k int)

//go:noescape
func tile4xN(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k, n int)

//go:noescape
func fillEach(dst *float32, x float32, n int)

//go:noescape
func sqrtEach(dst, a *float32, n int)

//go:noescape
func intsEach(dst, a *float32, n int)

//go:noescape
func expEach(dst, a *float32, n int)

//go:noescape
func logisticEach(dst, a *float32, n int)

//go:noescape
func logistic16(dst, a *float32, n int)

//go:noescape
func tanhEach(dst, a *float32, n int)

//go:noescape
func logEach(dst, a *float32, n int) (done int)

//go:noescape
func selectEach(dst, mask, a, b *float32, n int)

//go:noescape
func sumEach(a *float32, n int) float32
