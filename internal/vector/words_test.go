package vector

import (
	"math"
	"math/bits"
	"testing"
)

// The operations on integers, with every number of words and a single word on either side.
func TestWords(t *testing.T) {
	reference := map[Op]func(a, b uint32) uint32{
		AddWords:   func(a, b uint32) uint32 { return a + b },
		SubWords:   func(a, b uint32) uint32 { return a - b },
		MulWords:   func(a, b uint32) uint32 { return a * b },
		EqualWords: func(a, b uint32) uint32 { return truthBits(a == b) },
		And:        func(a, b uint32) uint32 { return a & b },
		Or:         func(a, b uint32) uint32 { return a | b },
		Xor:        func(a, b uint32) uint32 { return a ^ b },
		ShiftLeft:  func(a, b uint32) uint32 { return a << b },
		ShiftRight: func(a, b uint32) uint32 { return a >> b },
		Rotate:     func(a, b uint32) uint32 { return bits.RotateLeft32(a, int(b)) },
	}
	withBoth(t, func(t *testing.T) {
		for op, f := range reference {
			for _, n := range lengths {
				a, b := random(n, 11), random(n, 12)
				if n > 4 {
					b[2], b[3], b[4] = a[2], math.Float32frombits(0), math.Float32frombits(math.MaxUint32)
				}
				one := []float32{math.Float32frombits(7)}
				if op == ShiftLeft || op == ShiftRight || op == Rotate {
					for i := range b {
						b[i] = math.Float32frombits(uint32(i%31 + 1))
						if op != Rotate && i%5 == 0 {
							b[i] = math.Float32frombits(uint32(32 + i))
						}
					}
				}
				for name, args := range map[string][2][]float32{"both": {a, b}, "right": {a, one}, "left": {one, b}} {
					dst := make([]float32, n+1)
					dst[n] = 42
					Binary(op, dst[:n], args[0], args[1])
					for i := range n {
						x, y := math.Float32bits(args[0][i%len(args[0])]), math.Float32bits(args[1][i%len(args[1])])
						if got, want := math.Float32bits(dst[i]), f(x, y); got != want {
							t.Fatalf("op %d %s of %d: [%d] of %#x and %#x is %#x, want %#x", op, name, n, i, x, y, got, want)
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

func TestConversions(t *testing.T) {
	numbers := []int32{0, 1, -1, 7, 1 << 24, 1<<24 + 1, -1<<31 + 1, math.MaxInt32, math.MinInt32, 12345}
	row, double := make([]float32, len(numbers)), make([]float32, 2*len(numbers))
	copy(ints(row), numbers)
	withBoth(t, func(t *testing.T) {
		dst := make([]float32, len(numbers))
		FromInts(dst, row)
		for i, n := range numbers {
			if dst[i] != float32(n) {
				t.Errorf("FromInts of %d is %v", n, dst[i])
			}
		}
		FromWords(dst, row)
		for i, n := range numbers {
			if dst[i] != float32(uint32(n)) {
				t.Errorf("FromWords of %d is %v", uint32(n), dst[i])
			}
		}
		DoubleFromInts(double, row)
		IntsFromDouble(dst, double)
		for i, n := range numbers {
			if ints(dst)[i] != n {
				t.Errorf("%d as a float64 is %v, and back %d", n, doubles(double)[i], ints(dst)[i])
			}
		}
	})
	one := make([]float32, 2)
	doubles(one)[0] = 0.5
	Double(Mul, double, double, one)
	FloorDouble(double, double)
	for i, n := range numbers {
		if got, want := doubles(double)[i], math.Floor(float64(n)*0.5); got != want {
			t.Errorf("the floor of half of %d is %v, want %v", n, got, want)
		}
	}
	IsFinite(row[:3], []float32{1, float32(math.Inf(-1)), float32(math.NaN())})
	if b := asWords(row); b[0] != math.MaxUint32 || b[1] != 0 || b[2] != 0 {
		t.Errorf("1, −∞ and NaN are finite: %x", b[:3])
	}
}

// A panic in one of several goroutines comes to the caller, who can recover, and all have ended by then.
func TestParallelPanic(t *testing.T) {
	for _, at := range []int{0, 2} {
		var done [4]bool
		func() {
			defer func() {
				if p := recover(); p != "no" {
					t.Errorf("a panic in goroutine %d arrives as %v", at, p)
				}
			}()
			Parallel(len(done), func(i int) {
				if i == at {
					panic("no")
				}
				done[i] = true
			})
		}()
		for i, d := range done {
			if d == (i == at) {
				t.Errorf("with a panic in %d, %d ended: %v", at, i, d)
			}
		}
	}
}
