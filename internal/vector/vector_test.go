package vector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// withBoth runs a test with the kernels of this processor, and with those in Go.
func withBoth(t *testing.T, f func(t *testing.T)) {
	t.Run("native", f)
	b, r, l, z, q, w, h, e, g, n, s, u, p := both, right, left, fillKernel, sqrtKernel, intsKernel, tanhKernel, expKernel, logisticKernel, logKernel, selectKernel, sumKernel, productKernel
	defer func() {
		both, right, left, fillKernel, sqrtKernel, intsKernel, tanhKernel, expKernel, logisticKernel, logKernel, selectKernel, sumKernel, productKernel = b, r, l, z, q, w, h, e, g, n, s, u, p
	}()
	plainKernels()
	t.Run("plain", f)
}

func random(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

var lengths = []int{0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 100, 1027}

func TestBinary(t *testing.T) {
	nan := float32(math.NaN())
	reference := map[Op]func(a, b float32) float32{
		Add: func(a, b float32) float32 { return a + b }, Sub: func(a, b float32) float32 { return a - b },
		Mul: func(a, b float32) float32 { return a * b }, Div: func(a, b float32) float32 { return a / b },
	}
	for op, f := range plainOps {
		if f != nil {
			reference[Op(op)] = f
		}
	}
	withBoth(t, func(t *testing.T) {
		for op, f := range reference {
			for _, n := range lengths {
				a, b := random(n, 1), random(n, 2)
				if n > 10 {
					a[3], b[5], a[9], b[9] = nan, nan, nan, nan
					a[6] = b[6]
				}
				x, y := []float32{0.5}, []float32{nan}
				for name, args := range map[string][2][]float32{"both": {a, b}, "right": {a, x}, "left": {x, b}, "NaN": {a, y}, "NaN first": {y, b}, "one": {x, x}} {
					dst := make([]float32, n+1)
					dst[n] = 42
					Binary(op, dst[:n], args[0], args[1])
					for i := range n {
						want := f(args[0][i%len(args[0])], args[1][i%len(args[1])])
						if !same(dst[i], want) {
							t.Fatalf("op %d %s of %d: [%d] is %v, want %v", op, name, n, i, dst[i], want)
						}
					}
					if dst[n] != 42 {
						t.Fatalf("op %d %s of %d wrote beyond its end", op, name, n)
					}
				}
			}
		}
	})
}

// same compares numbers, NaN included; truth has the bits of a NaN.
func same(a, b float32) bool { return a == b || a != a && b != b }

func TestFunctions(t *testing.T) {
	withBoth(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			f    func(dst, a []float32)
			want func(float64) float64
			ulps float64
		}{
			"exp":      {Exp, math.Exp, 2},
			"log":      {Log, math.Log, 2},
			"logistic": {Logistic, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 4},
			"tanh":     {Tanh, math.Tanh, 3},
			"log1p":    {Log1p, math.Log1p, 3},
			"erf":      {Erf, math.Erf, 5},
			"sign":     {Sign, sign, 0},
			"sqrt":     {Sqrt, math.Sqrt, 0.5},
			"negate":   {Negate, func(x float64) float64 { return -x }, 0},
			"abs":      {Abs, math.Abs, 0},
		} {
			inf := float32(math.Inf(1))
			x := append(random(2000, 3), 0, 1, -1, inf, -inf, float32(math.NaN()), 1e-40, 88, 89, 90, 200, -87, -88, -103, -104, -200, 1e-30, 1e30, math.MaxFloat32)
			for i := range 600 {
				x = append(x, float32(i-300)/3)
			}
			for _, n := range append(lengths, len(x)) {
				from := x[len(x)-n:]
				dst := make([]float32, n+1)
				dst[n] = 42
				c.f(dst[:n], from)
				for i := range n {
					want := c.want(float64(from[i]))
					ulp := math.Max(math.Abs(want)*0x1p-23, 0x1p-149)
					if name == "logistic" && want < 1e-37 {
						continue // e^−x is infinite
					}
					if name == "erf" && math.Abs(want) < 1e-35 {
						continue // some of its terms are not normal
					}
					if !same(dst[i], float32(want)) && !(math.Abs(float64(dst[i])-want) <= c.ulps*ulp) {
						t.Fatalf("%s(%v) is %v, want %v (of %d)", name, from[i], dst[i], want, n)
					}
				}
				if dst[n] != 42 {
					t.Fatalf("%s of %d wrote beyond its end", name, n)
				}
			}
		}
	})
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func TestFill(t *testing.T) {
	withBoth(t, func(t *testing.T) {
		for _, n := range lengths {
			dst := make([]float32, n+1)
			Fill(dst[:n], 3)
			for i := range n {
				if dst[i] != 3 {
					t.Errorf("number %d of %d is %v", i, n, dst[i])
				}
			}
			if dst[n] != 0 {
				t.Errorf("after %d numbers there is a %v", n, dst[n])
			}
		}
	})
}

func TestTruth(t *testing.T) {
	withBoth(t, func(t *testing.T) {
		for _, n := range lengths {
			a, b := random(n, 5), random(n, 6)
			zero, dst := []float32{0}, make([]float32, n)
			p, q := make([]float32, n), make([]float32, n)
			Binary(Greater, p, a, zero)
			Binary(Greater, q, b, zero)
			Binary(And, dst, p, q)
			Not(dst, dst)
			Binary(Or, dst, dst, p)
			Select(dst, dst, a, b)
			for i := range n {
				want := b[i]
				if !(a[i] > 0 && b[i] > 0) || a[i] > 0 {
					want = a[i]
				}
				if dst[i] != want {
					t.Fatalf("%d of %d: %v, want %v", i, n, dst[i], want)
				}
			}
		}
	})
}

func TestSums(t *testing.T) {
	withBoth(t, func(t *testing.T) {
		for _, n := range lengths {
			a := random(n, 7)
			var want float64
			for _, x := range a {
				want += float64(x)
			}
			if got := Sum(a); math.Abs(float64(got)-want) > 1e-4 {
				t.Errorf("the sum of %d is %v, want %v", n, got, want)
			}
			rows := make([]float32, 3*n)
			for i := range rows {
				rows[i] = a[i%n] * float32(1+i/n)
			}
			dst := make([]float32, n)
			SumRows(dst, rows)
			for j := range n {
				if want := 6 * a[j]; math.Abs(float64(dst[j]-want)) > 1e-5 {
					t.Errorf("column %d of %d sums to %v, want %v", j, n, dst[j], want)
				}
			}
		}
	})
}

// Every edge of the tiles, with all four orders of storage.
func TestProduct(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 70}
	withBoth(t, func(t *testing.T) {
		var scratch []float32
		for _, m := range sizes {
			for _, n := range sizes {
				for _, k := range []int{0, 1, 2, 17, 64} {
					a, b := random(m*k, 8), random(k*n, 9)
					want := make([]float64, m*n)
					for i := range m {
						for j := range n {
							for l := range k {
								want[i*n+j] += float64(a[i*k+l]) * float64(b[l*n+j])
							}
						}
					}
					at, bt := make([]float32, m*k), make([]float32, k*n)
					Copy(at, k, m, Matrix{a, k, 1}.Transposed())
					Copy(bt, n, k, Matrix{b, n, 1}.Transposed())
					for name, args := range map[string][2]Matrix{
						"ab":   {{a, k, 1}, {b, n, 1}},
						"a'b":  {Matrix{at, m, 1}.Transposed(), {b, n, 1}},
						"ab'":  {{a, k, 1}, Matrix{bt, k, 1}.Transposed()},
						"a'b'": {Matrix{at, m, 1}.Transposed(), Matrix{bt, k, 1}.Transposed()},
					} {
						c := make([]float32, m*n+1)
						c[m*n] = 42
						Product(c, m, n, k, args[0], args[1], &scratch)
						for i, w := range want {
							if math.Abs(float64(c[i])-w) > 1e-4 {
								t.Fatalf("%s %d×%d×%d: [%d] is %v, want %v", name, m, k, n, i, c[i], w)
							}
						}
						if c[m*n] != 42 {
							t.Fatalf("%s %d×%d×%d wrote beyond its end", name, m, k, n)
						}
					}
				}
			}
		}
	})
}

// The threads do not change a bit.
func TestProductThreads(t *testing.T) {
	const m, n, k = 250, 130, 300
	a, b := Matrix{random(m*k, 1), k, 1}, Matrix{random(k*n, 2), n, 1}
	var scratch []float32
	whole, rows := make([]float32, m*n), make([]float32, m*n)
	Product(whole, m, n, k, a, b, &scratch)
	productKernel(rows, m, n, k, a.Data, k, 1, b.Data, n)
	for i := range whole {
		if whole[i] != rows[i] {
			t.Fatalf("[%d] is %v with threads and %v without", i, whole[i], rows[i])
		}
	}
}

func BenchmarkProduct(bench *testing.B) {
	for _, s := range [][3]int{{128, 64, 64}, {128, 64, 2}, {128, 2, 64}, {128, 1, 64}, {64, 64, 128}, {128, 256, 256}} {
		m, n, k := s[0], s[1], s[2]
		for _, transposed := range []bool{false, true} {
			bench.Run(fmt.Sprint(s, transposed), func(bench *testing.B) {
				a, b, c := random(m*k, 1), Matrix{random(k*n, 2), n, 1}, make([]float32, m*n)
				if transposed {
					b = Matrix{b.Data, 1, k}
				}
				var scratch []float32
				for bench.Loop() {
					Product(c, m, n, k, Matrix{a, k, 1}, b, &scratch)
				}
				bench.ReportMetric(2*float64(m*n*k)*float64(bench.N)/bench.Elapsed().Seconds()/1e9, "gflops")
			})
		}
	}
}

func BenchmarkLogistic(bench *testing.B) {
	a := random(8192, 1)
	dst := make([]float32, len(a))
	for bench.Loop() {
		Logistic(dst, a)
	}
}
