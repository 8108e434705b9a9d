package vector

import (
	"runtime"
	"sync"
)

// Matrix is a view of numbers: that in row i and column j is Data[i·Row + j·Column].
type Matrix struct {
	Data        []float32
	Row, Column int
}

// Transposed is the matrix with rows for columns.
func (m Matrix) Transposed() Matrix { return Matrix{m.Data, m.Column, m.Row} }

// parallelFrom is how many products of numbers are worth a second thread.
const parallelFrom = 1 << 21

// Product sets c [m, n], row by row, to the product of a [m, k] and b [k, n]. A b whose columns are not next to each other
// is first copied to scratch, which grows as needed.
func Product(c []float32, m, n, k int, a, b Matrix, scratch *[]float32) {
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		clear(c[:m*n])
		return
	}
	if n > 1 && b.Column != 1 {
		if len(*scratch) < k*n {
			*scratch = make([]float32, k*n)
		}
		Copy(*scratch, k, n, b)
		b = Matrix{*scratch, n, 1}
	}
	threads := Threads(m/4, m, n, k)
	if threads <= 1 {
		productKernel(c, m, n, k, a.Data, a.Row, a.Column, b.Data, b.Row)
		return
	}
	// Every row is computed alike, whichever thread does it.
	rows := ((m+threads-1)/threads + 3) &^ 3
	parts := (m + rows - 1) / rows
	Parallel(parts, func(part int) {
		from, to := part*rows, min((part+1)*rows, m)
		productKernel(c[from*n:to*n], to-from, n, k, a.Data[from*a.Row:], a.Row, a.Column, b.Data, b.Row)
	})
}

// Threads is how many goroutines are worth it for m·n·k products of numbers, in at most so many parts.
func Threads(parts, m, n, k int) int {
	work := float64(m) * float64(n) * float64(k) / parallelFrom // no overflow
	return min(runtime.GOMAXPROCS(0), parts, int(min(work, 1<<20)))
}

// Parallel calls f(0) … f(n−1), each in a goroutine of its own but the first, and waits for all. A panic in one of them is
// the caller's.
func Parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	panics := make(chan any, n)
	for i := 1; i < n; i++ {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					panics <- p
				}
			}()
			f(i)
		})
	}
	defer func() {
		wg.Wait() // whatever happens here: what is computed into may be used again afterwards
		select {
		case p := <-panics:
			panic(p)
		default:
		}
	}()
	f(0)
}

// Copy sets dst [m, n], row by row, to a matrix.
func Copy(dst []float32, m, n int, a Matrix) {
	if a.Column == 1 {
		for i := range m {
			copy(dst[i*n:i*n+n], a.Data[i*a.Row:])
		}
		return
	}
	// In squares, so that what is read apart stays in the cache.
	const side = 16
	for i0 := 0; i0 < m; i0 += side {
		for j0 := 0; j0 < n; j0 += side {
			for i := i0; i < min(i0+side, m); i++ {
				to, from := dst[i*n:i*n+n], i*a.Row
				for j := j0; j < min(j0+side, n); j++ {
					to[j] = a.Data[from+j*a.Column]
				}
			}
		}
	}
}
