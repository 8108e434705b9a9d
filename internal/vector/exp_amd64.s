//go:build amd64

#include "textflag.h"

// CONSTANT is one float32, given by its bits.
#define CONSTANT(NAME, BITS) \
	DATA NAME<>+0(SB)/4, $BITS \
	GLOBL NAME<>(SB), RODATA|NOPTR, $4

CONSTANT(one, 0x3f800000)
CONSTANT(half, 0x3f000000)
CONSTANT(signBit, 0x80000000)
CONSTANT(expMin, 0xc2d20000)  // −105: e to it is 0
CONSTANT(expMax, 0x42b40000)  // 90: e to it is infinite
CONSTANT(log2e, 0x3fb8aa3b)
CONSTANT(ln2High, 0x3f318000) // 0.693359375
CONSTANT(ln2Low, 0xb95e8083)  // −2.12194440e−4
CONSTANT(e5, 0x39506967)      // the polynomial of (e^r − 1 − r)/r², highest power first
CONSTANT(e4, 0x3ab743ce)
CONSTANT(e3, 0x3c088908)
CONSTANT(e2, 0x3d2aa9c1)
CONSTANT(e1, 0x3e2aaaaa)
CONSTANT(e0, 0x3f000000)
CONSTANT(two, 0x40000000)
CONSTANT(small, 0x3f200000)
CONSTANT(t4, 0xbbbaf0ea) // the polynomial of (tanh x − x)/x³ in x², highest power first
CONSTANT(t3, 0x3ca9134e)
CONSTANT(t2, 0xbd5c1e2d)
CONSTANT(t1, 0x3e088393)
CONSTANT(t0, 0xbeaaaa99)
CONSTANT(bias, 127)
CONSTANT(smallest, 0x00800000) // the smallest normal number
CONSTANT(largest, 0x7f7fffff)
CONSTANT(fraction, 0x007fffff)
CONSTANT(sqrtHalf, 0x3f3504f3)
CONSTANT(l8, 0x3d9021bb) // the polynomial of (log(1 + r) − r + r²/2)/r³
CONSTANT(l7, 0xbdebd1b8)
CONSTANT(l6, 0x3def251a)
CONSTANT(l5, 0xbdfe5d4f)
CONSTANT(l4, 0x3e11e9bf)
CONSTANT(l3, 0xbe2aae50)
CONSTANT(l2, 0x3e4cceac)
CONSTANT(l1, 0xbe7ffffc)
CONSTANT(l0, 0x3eaaaaaa)

#define STEP(C) \
	VBROADCASTSS C<>(SB), Y4 \
	VFMADD213PS Y4, Y1, Y3

// EXP turns Y0 into e^Y0: e^r·2^n with n whole and |r| ≤ ½ log 2. It uses Y1 to Y5. NaN stays NaN: the clamps return
// their second operand.
#define EXP \
	VBROADCASTSS expMax<>(SB), Y1 \
	VMINPS Y0, Y1, Y0 \
	VBROADCASTSS expMin<>(SB), Y1 \
	VMAXPS Y0, Y1, Y0 \
	VBROADCASTSS log2e<>(SB), Y1 \
	VMULPS Y0, Y1, Y2 \
	VROUNDPS $0, Y2, Y2 \
	VMOVAPS Y0, Y1 \
	VBROADCASTSS ln2High<>(SB), Y4 \
	VFNMADD231PS Y4, Y2, Y1 \
	VBROADCASTSS ln2Low<>(SB), Y4 \
	VFNMADD231PS Y4, Y2, Y1 \
	VBROADCASTSS e5<>(SB), Y3 \
	STEP(e4) \
	STEP(e3) \
	STEP(e2) \
	STEP(e1) \
	STEP(e0) \
	VMULPS Y1, Y1, Y4 \
	VFMADD213PS Y1, Y4, Y3 \
	VBROADCASTSS one<>(SB), Y4 \
	VADDPS Y4, Y3, Y3 \
	VCVTPS2DQ Y2, Y2 \
	VPSRAD $1, Y2, Y4 \
	VPSUBD Y4, Y2, Y5 \
	VPBROADCASTD bias<>(SB), Y2 \
	VPADDD Y2, Y4, Y4 \
	VPADDD Y2, Y5, Y5 \
	VPSLLD $23, Y4, Y4 \
	VPSLLD $23, Y5, Y5 \
	VMULPS Y4, Y3, Y3 \
	VMULPS Y5, Y3, Y0

// func expEach(dst, a *float32, n int)
//
// n is a multiple of 8, as in the functions below.
TEXT ·expEach(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
loop:
	TESTQ CX, CX
	JZ    done
	VMOVUPS (SI), Y0
	EXP
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JMP  loop
done:
	VZEROUPPER
	RET

// func logisticEach(dst, a *float32, n int)
TEXT ·logisticEach(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS signBit<>(SB), Y6
	VBROADCASTSS one<>(SB), Y7
loop:
	TESTQ CX, CX
	JZ    done
	VMOVUPS (SI), Y0
	VXORPS Y6, Y0, Y0
	EXP
	VADDPS Y7, Y0, Y0
	VDIVPS Y0, Y7, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JMP  loop
done:
	VZEROUPPER
	RET

// EXP16 is EXP for sixteen numbers, with the same operations in the same order. Z16 to Z31 hold the constants.
#define CONSTANTS16 \
	VBROADCASTSS expMax<>(SB), Z16 \
	VBROADCASTSS expMin<>(SB), Z17 \
	VBROADCASTSS log2e<>(SB), Z18 \
	VBROADCASTSS ln2High<>(SB), Z19 \
	VBROADCASTSS ln2Low<>(SB), Z20 \
	VBROADCASTSS e5<>(SB), Z21 \
	VBROADCASTSS e4<>(SB), Z22 \
	VBROADCASTSS e3<>(SB), Z23 \
	VBROADCASTSS e2<>(SB), Z24 \
	VBROADCASTSS e1<>(SB), Z25 \
	VBROADCASTSS e0<>(SB), Z26 \
	VBROADCASTSS one<>(SB), Z27 \
	VPBROADCASTD bias<>(SB), Z28 \
	VPBROADCASTD signBit<>(SB), Z29

#define EXP16 \
	VMINPS Z0, Z16, Z0 \
	VMAXPS Z0, Z17, Z0 \
	VMULPS Z0, Z18, Z2 \
	VRNDSCALEPS $0, Z2, Z2 \
	VMOVAPS Z0, Z1 \
	VFNMADD231PS Z19, Z2, Z1 \
	VFNMADD231PS Z20, Z2, Z1 \
	VMOVAPS Z21, Z3 \
	VFMADD213PS Z22, Z1, Z3 \
	VFMADD213PS Z23, Z1, Z3 \
	VFMADD213PS Z24, Z1, Z3 \
	VFMADD213PS Z25, Z1, Z3 \
	VFMADD213PS Z26, Z1, Z3 \
	VMULPS Z1, Z1, Z4 \
	VFMADD213PS Z1, Z4, Z3 \
	VADDPS Z27, Z3, Z3 \
	VCVTPS2DQ Z2, Z2 \
	VPSRAD $1, Z2, Z4 \
	VPSUBD Z4, Z2, Z5 \
	VPADDD Z28, Z4, Z4 \
	VPADDD Z28, Z5, Z5 \
	VPSLLD $23, Z4, Z4 \
	VPSLLD $23, Z5, Z5 \
	VMULPS Z4, Z3, Z3 \
	VMULPS Z5, Z3, Z0

// func logistic16(dst, a *float32, n int)
//
// It needs AVX-512, and n is a multiple of 16.
TEXT ·logistic16(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANTS16
loop:
	TESTQ CX, CX
	JZ    done
	VPXORD (SI), Z29, Z0
	EXP16
	VADDPS Z27, Z0, Z0
	VDIVPS Z0, Z27, Z0
	VMOVUPS Z0, (DI)
	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $16, CX
	JMP  loop
done:
	VZEROUPPER
	RET

// func tanhEach(dst, a *float32, n int)
//
// It is 1 − 2/(e^2|x| + 1) with the sign of x, and a polynomial for small x.
TEXT ·tanhEach(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS signBit<>(SB), Y6
	VBROADCASTSS one<>(SB), Y7
	VBROADCASTSS two<>(SB), Y10
	VBROADCASTSS small<>(SB), Y11
loop:
	TESTQ CX, CX
	JZ    done
	VMOVUPS (SI), Y8
	VANDNPS Y8, Y6, Y9         // |x|
	VADDPS Y9, Y9, Y0
	EXP
	VADDPS Y7, Y0, Y0
	VDIVPS Y0, Y10, Y0
	VSUBPS Y0, Y7, Y0
	VANDPS Y6, Y8, Y1
	VORPS Y1, Y0, Y0
	VMULPS Y8, Y8, Y1          // x²
	VBROADCASTSS t4<>(SB), Y3
	STEP(t3)
	STEP(t2)
	STEP(t1)
	STEP(t0)
	VMULPS Y1, Y3, Y3
	VFMADD213PS Y8, Y8, Y3
	VCMPPS $17, Y11, Y9, Y2
	VBLENDVPS Y2, Y3, Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JMP  loop
done:
	VZEROUPPER
	RET

// func logEach(dst, a *float32, n int) (done int)
//
// It stops before eight numbers that are not all positive, normal and finite. x = m·2^e with √½ ≤ m < √2, r = m − 1.
TEXT ·logEach(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ BX, BX
	VBROADCASTSS one<>(SB), Y15
	VBROADCASTSS half<>(SB), Y14
	VBROADCASTSS smallest<>(SB), Y13
	VBROADCASTSS largest<>(SB), Y12
	VPBROADCASTD fraction<>(SB), Y11
	VPBROADCASTD bias<>(SB), Y10
	VBROADCASTSS sqrtHalf<>(SB), Y9
loop:
	CMPQ BX, CX
	JGE  done
	VMOVUPS (SI), Y0
	VCMPPS $29, Y13, Y0, Y1
	VCMPPS $18, Y12, Y0, Y2
	VANDPS Y2, Y1, Y1
	VMOVMSKPS Y1, AX
	CMPL AX, $255
	JNE  done
	VPSRLD $23, Y0, Y2
	VPSUBD Y10, Y2, Y2
	VCVTDQ2PS Y2, Y2
	VADDPS Y15, Y2, Y2         // e + 1, for m below in [½, 1)
	VPAND Y11, Y0, Y0
	VORPS Y14, Y0, Y0
	VCMPPS $17, Y9, Y0, Y3     // m < √½: twice m, and e
	VANDPS Y0, Y3, Y4
	VADDPS Y4, Y0, Y1
	VANDPS Y15, Y3, Y3
	VSUBPS Y3, Y2, Y2
	VSUBPS Y15, Y1, Y1         // r
	VBROADCASTSS l8<>(SB), Y3
	STEP(l7)
	STEP(l6)
	STEP(l5)
	STEP(l4)
	STEP(l3)
	STEP(l2)
	STEP(l1)
	STEP(l0)
	VMULPS Y1, Y1, Y5          // r²
	VMULPS Y1, Y3, Y3
	VMULPS Y5, Y3, Y3          // r³·polynomial
	VBROADCASTSS ln2Low<>(SB), Y4
	VFMADD231PS Y4, Y2, Y3
	VFNMADD231PS Y14, Y5, Y3   // − r²/2
	VADDPS Y3, Y1, Y1
	VBROADCASTSS ln2High<>(SB), Y4
	VFMADD231PS Y4, Y2, Y1
	VMOVUPS Y1, (DI)
	ADDQ $32, SI
	ADDQ $32, DI
	ADDQ $8, BX
	JMP  loop
done:
	MOVQ BX, done+24(FP)
	VZEROUPPER
	RET
