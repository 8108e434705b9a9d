//go:build !amd64

package vector

// The kernels in use.
var (
	both, right, left         [numOps]kernel
	fillKernel                func(dst *float32, x float32, n int)
	sqrtKernel, intsKernel    func(dst, a *float32, n int)
	expKernel, logisticKernel func(dst, a *float32, n int)
	tanhKernel                func(dst, a *float32, n int)
	logKernel                 func(dst, a *float32, n int) (done int)
	selectKernel              func(dst, mask, a, b *float32, n int)
	sumKernel                 func(a *float32, n int) float32
	productKernel             func(c []float32, m, n, k int, a []float32, aRow, aColumn int, b []float32, ldb int)
)

func init() { plainKernels() }
