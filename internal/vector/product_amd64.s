//go:build amd64

#include "textflag.h"

// The tiles below are four rows of a product: c[i][j] = Σ a[i·rows + l·columns]·b[l·ldb + j]. All strides are in bytes.

DATA lanes<>+0(SB)/8, $0xffffffffffffffff
DATA lanes<>+8(SB)/8, $0xffffffffffffffff
DATA lanes<>+16(SB)/8, $0xffffffffffffffff
DATA lanes<>+24(SB)/8, $0xffffffffffffffff
DATA lanes<>+32(SB)/8, $0xffffffffffffffff
DATA lanes<>+40(SB)/8, $0xffffffffffffffff
DATA lanes<>+48(SB)/8, $0xffffffffffffffff
DATA lanes<>+56(SB)/8, $0xffffffffffffffff
DATA lanes<>+64(SB)/8, $0
DATA lanes<>+72(SB)/8, $0
DATA lanes<>+80(SB)/8, $0
DATA lanes<>+88(SB)/8, $0
DATA lanes<>+96(SB)/8, $0
DATA lanes<>+104(SB)/8, $0
DATA lanes<>+112(SB)/8, $0
DATA lanes<>+120(SB)/8, $0
GLOBL lanes<>(SB), RODATA|NOPTR, $128

#define LOAD \
	MOVQ c+0(FP), DI \
	MOVQ ldc+8(FP), R11 \
	MOVQ a+16(FP), SI \
	MOVQ rows+24(FP), R8 \
	MOVQ columns+32(FP), R9 \
	MOVQ b+40(FP), DX \
	MOVQ ldb+48(FP), R10 \
	MOVQ k+56(FP), AX \
	LEAQ (R8)(R8*2), R12

#define CLEAR8 \
	VXORPS Y0, Y0, Y0 \
	VXORPS Y1, Y1, Y1 \
	VXORPS Y2, Y2, Y2 \
	VXORPS Y3, Y3, Y3 \
	VXORPS Y4, Y4, Y4 \
	VXORPS Y5, Y5, Y5 \
	VXORPS Y6, Y6, Y6 \
	VXORPS Y7, Y7, Y7

#define MULTIPLY \
	VBROADCASTSS (SI), Y10 \
	VBROADCASTSS (SI)(R8*1), Y11 \
	VBROADCASTSS (SI)(R8*2), Y12 \
	VBROADCASTSS (SI)(R12*1), Y13 \
	VFMADD231PS Y8, Y10, Y0 \
	VFMADD231PS Y9, Y10, Y1 \
	VFMADD231PS Y8, Y11, Y2 \
	VFMADD231PS Y9, Y11, Y3 \
	VFMADD231PS Y8, Y12, Y4 \
	VFMADD231PS Y9, Y12, Y5 \
	VFMADD231PS Y8, Y13, Y6 \
	VFMADD231PS Y9, Y13, Y7 \
	ADDQ R9, SI \
	ADDQ R10, DX

// func tile4x16(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k int)
TEXT ·tile4x16(SB), NOSPLIT, $0-64
	LOAD
	CLEAR8
loop:
	VMOVUPS (DX), Y8
	VMOVUPS 32(DX), Y9
	MULTIPLY
	DECQ AX
	JNZ  loop
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ R11, DI
	VMOVUPS Y2, (DI)
	VMOVUPS Y3, 32(DI)
	ADDQ R11, DI
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	ADDQ R11, DI
	VMOVUPS Y6, (DI)
	VMOVUPS Y7, 32(DI)
	VZEROUPPER
	RET

// func tile4xN(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k, n int)
//
// The tile has n < 16 columns.
TEXT ·tile4xN(SB), NOSPLIT, $0-72
	LOAD
	MOVQ n+64(FP), CX
	NEGQ CX
	LEAQ lanes<>+64(SB), BX
	VMOVDQU (BX)(CX*4), Y14
	VMOVDQU 32(BX)(CX*4), Y15
	CLEAR8
loop:
	VMASKMOVPS (DX), Y14, Y8
	VMASKMOVPS 32(DX), Y15, Y9
	MULTIPLY
	DECQ AX
	JNZ  loop
	VMASKMOVPS Y0, Y14, (DI)
	VMASKMOVPS Y1, Y15, 32(DI)
	ADDQ R11, DI
	VMASKMOVPS Y2, Y14, (DI)
	VMASKMOVPS Y3, Y15, 32(DI)
	ADDQ R11, DI
	VMASKMOVPS Y4, Y14, (DI)
	VMASKMOVPS Y5, Y15, 32(DI)
	ADDQ R11, DI
	VMASKMOVPS Y6, Y14, (DI)
	VMASKMOVPS Y7, Y15, 32(DI)
	VZEROUPPER
	RET

// func tile4x32(c *float32, ldc int, a *float32, rows, columns int, b *float32, ldb, k int)
//
// It needs AVX-512.
TEXT ·tile4x32(SB), NOSPLIT, $0-64
	LOAD
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
loop:
	VMOVUPS (DX), Z8
	VMOVUPS 64(DX), Z9
	VBROADCASTSS (SI), Z10
	VBROADCASTSS (SI)(R8*1), Z11
	VBROADCASTSS (SI)(R8*2), Z12
	VBROADCASTSS (SI)(R12*1), Z13
	VFMADD231PS Z8, Z10, Z0
	VFMADD231PS Z9, Z10, Z1
	VFMADD231PS Z8, Z11, Z2
	VFMADD231PS Z9, Z11, Z3
	VFMADD231PS Z8, Z12, Z4
	VFMADD231PS Z9, Z12, Z5
	VFMADD231PS Z8, Z13, Z6
	VFMADD231PS Z9, Z13, Z7
	ADDQ R9, SI
	ADDQ R10, DX
	DECQ AX
	JNZ  loop
	VMOVUPS Z0, (DI)
	VMOVUPS Z1, 64(DI)
	ADDQ R11, DI
	VMOVUPS Z2, (DI)
	VMOVUPS Z3, 64(DI)
	ADDQ R11, DI
	VMOVUPS Z4, (DI)
	VMOVUPS Z5, 64(DI)
	ADDQ R11, DI
	VMOVUPS Z6, (DI)
	VMOVUPS Z7, 64(DI)
	VZEROUPPER
	RET
