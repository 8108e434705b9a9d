//go:build amd64

#include "textflag.h"

// Eight lanes of ones and then eight of zeros: the eight from byte 32−4r on select the first r lanes.
DATA tails<>+0(SB)/8, $0xffffffffffffffff
DATA tails<>+8(SB)/8, $0xffffffffffffffff
DATA tails<>+16(SB)/8, $0xffffffffffffffff
DATA tails<>+24(SB)/8, $0xffffffffffffffff
DATA tails<>+32(SB)/8, $0
DATA tails<>+40(SB)/8, $0
DATA tails<>+48(SB)/8, $0
DATA tails<>+56(SB)/8, $0
GLOBL tails<>(SB), RODATA|NOPTR, $64

DATA word<>+0(SB)/4, $32 // bits
GLOBL word<>(SB), RODATA|NOPTR, $4

// The operations work on Y0 and Y1 and leave the result in Y0; Y2 and Y3 are free.
#define ADD VADDPS Y1, Y0, Y0
#define SUB VSUBPS Y1, Y0, Y0
#define MUL VMULPS Y1, Y0, Y0
#define DIV VDIVPS Y1, Y0, Y0
// The instructions give Y1 where either is NaN, which is wrong only where Y0 is.
#define MAX VMAXPS Y1, Y0, Y2 \
	VCMPPS $3, Y0, Y0, Y1 \
	VBLENDVPS Y1, Y0, Y2, Y0
#define MIN VMINPS Y1, Y0, Y2 \
	VCMPPS $3, Y0, Y0, Y1 \
	VBLENDVPS Y1, Y0, Y2, Y0
#define EQ VCMPPS $0, Y1, Y0, Y0
#define NE VCMPPS $4, Y1, Y0, Y0
#define LT VCMPPS $17, Y1, Y0, Y0
#define LE VCMPPS $18, Y1, Y0, Y0
#define GE VCMPPS $29, Y1, Y0, Y0
#define GT VCMPPS $30, Y1, Y0, Y0

#define ADDW VPADDD Y1, Y0, Y0
#define SUBW VPSUBD Y1, Y0, Y0
#define MULW VPMULLD Y1, Y0, Y0
#define EQW VPCMPEQD Y1, Y0, Y0
#define AND VPAND Y1, Y0, Y0
#define OR VPOR Y1, Y0, Y0
#define XOR VPXOR Y1, Y0, Y0
#define SHL VPSLLVD Y1, Y0, Y0
#define SHR VPSRLVD Y1, Y0, Y0
#define ROT VPSLLVD Y1, Y0, Y2 \
	VPBROADCASTD word<>(SB), Y3 \
	VPSUBD Y1, Y3, Y3 \
	VPSRLVD Y3, Y0, Y0 \
	VPOR Y2, Y0, Y0

#define ARGUMENTS \
	MOVQ dst+0(FP), DI \
	MOVQ a+8(FP), SI \
	MOVQ b+16(FP), DX \
	MOVQ n+24(FP), CX

#define TAILMASK \
	NEGQ CX \
	LEAQ tails<>+32(SB), AX \
	VMOVDQU (AX)(CX*4), Y7

#define BOTH8(OP, AT) \
	VMOVUPS AT(SI), Y0 \
	VMOVUPS AT(DX), Y1 \
	OP \
	VMOVUPS Y0, AT(DI)

// BOTH computes dst[i] = a[i] op b[i].
#define BOTH(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $0-32 \
	ARGUMENTS \
loop32: \
	CMPQ CX, $32 \
	JLT  loop \
	BOTH8(OP, 0) \
	BOTH8(OP, 32) \
	BOTH8(OP, 64) \
	BOTH8(OP, 96) \
	ADDQ $128, SI \
	ADDQ $128, DX \
	ADDQ $128, DI \
	SUBQ $32, CX \
	JMP  loop32 \
loop: \
	CMPQ CX, $8 \
	JLT  tail \
	VMOVUPS (SI), Y0 \
	VMOVUPS (DX), Y1 \
	OP \
	VMOVUPS Y0, (DI) \
	ADDQ $32, SI \
	ADDQ $32, DX \
	ADDQ $32, DI \
	SUBQ $8, CX \
	JMP  loop \
tail: \
	TESTQ CX, CX \
	JZ    done \
	TAILMASK \
	VMASKMOVPS (SI), Y7, Y0 \
	VMASKMOVPS (DX), Y7, Y1 \
	OP \
	VMASKMOVPS Y0, Y7, (DI) \
done: \
	VZEROUPPER \
	RET

#define RIGHT8(OP, AT) \
	VMOVUPS AT(SI), Y0 \
	VMOVAPS Y6, Y1 \
	OP \
	VMOVUPS Y0, AT(DI)

// RIGHT computes dst[i] = a[i] op b[0].
#define RIGHT(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $0-32 \
	ARGUMENTS \
	VBROADCASTSS (DX), Y6 \
loop32: \
	CMPQ CX, $32 \
	JLT  loop \
	RIGHT8(OP, 0) \
	RIGHT8(OP, 32) \
	RIGHT8(OP, 64) \
	RIGHT8(OP, 96) \
	ADDQ $128, SI \
	ADDQ $128, DI \
	SUBQ $32, CX \
	JMP  loop32 \
loop: \
	CMPQ CX, $8 \
	JLT  tail \
	VMOVUPS (SI), Y0 \
	VMOVAPS Y6, Y1 \
	OP \
	VMOVUPS Y0, (DI) \
	ADDQ $32, SI \
	ADDQ $32, DI \
	SUBQ $8, CX \
	JMP  loop \
tail: \
	TESTQ CX, CX \
	JZ    done \
	TAILMASK \
	VMASKMOVPS (SI), Y7, Y0 \
	VMOVAPS Y6, Y1 \
	OP \
	VMASKMOVPS Y0, Y7, (DI) \
done: \
	VZEROUPPER \
	RET

// LEFT computes dst[i] = a[0] op b[i].
#define LEFT(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $0-32 \
	ARGUMENTS \
	VBROADCASTSS (SI), Y6 \
loop: \
	CMPQ CX, $8 \
	JLT  tail \
	VMOVAPS Y6, Y0 \
	VMOVUPS (DX), Y1 \
	OP \
	VMOVUPS Y0, (DI) \
	ADDQ $32, DX \
	ADDQ $32, DI \
	SUBQ $8, CX \
	JMP  loop \
tail: \
	TESTQ CX, CX \
	JZ    done \
	TAILMASK \
	VMOVAPS Y6, Y0 \
	VMASKMOVPS (DX), Y7, Y1 \
	OP \
	VMASKMOVPS Y0, Y7, (DI) \
done: \
	VZEROUPPER \
	RET

BOTH(·addBoth, ADD)
BOTH(·subBoth, SUB)
BOTH(·mulBoth, MUL)
BOTH(·divBoth, DIV)
BOTH(·maxBoth, MAX)
BOTH(·minBoth, MIN)
BOTH(·eqBoth, EQ)
BOTH(·neBoth, NE)
BOTH(·ltBoth, LT)
BOTH(·leBoth, LE)
BOTH(·geBoth, GE)
BOTH(·gtBoth, GT)
BOTH(·addWordsBoth, ADDW)
BOTH(·subWordsBoth, SUBW)
BOTH(·mulWordsBoth, MULW)
BOTH(·eqWordsBoth, EQW)
BOTH(·andBoth, AND)
BOTH(·orBoth, OR)
BOTH(·xorBoth, XOR)
BOTH(·shlBoth, SHL)
BOTH(·shrBoth, SHR)
BOTH(·rotateBoth, ROT)

RIGHT(·addRight, ADD)
RIGHT(·subRight, SUB)
RIGHT(·mulRight, MUL)
RIGHT(·divRight, DIV)
RIGHT(·maxRight, MAX)
RIGHT(·minRight, MIN)
RIGHT(·eqRight, EQ)
RIGHT(·neRight, NE)
RIGHT(·ltRight, LT)
RIGHT(·leRight, LE)
RIGHT(·geRight, GE)
RIGHT(·gtRight, GT)
RIGHT(·addWordsRight, ADDW)
RIGHT(·subWordsRight, SUBW)
RIGHT(·mulWordsRight, MULW)
RIGHT(·eqWordsRight, EQW)
RIGHT(·andRight, AND)
RIGHT(·orRight, OR)
RIGHT(·xorRight, XOR)
RIGHT(·shlRight, SHL)
RIGHT(·shrRight, SHR)
RIGHT(·rotateRight, ROT)

LEFT(·addLeft, ADD)
LEFT(·subLeft, SUB)
LEFT(·mulLeft, MUL)
LEFT(·divLeft, DIV)
LEFT(·maxLeft, MAX)
LEFT(·minLeft, MIN)
LEFT(·eqLeft, EQ)
LEFT(·neLeft, NE)
LEFT(·ltLeft, LT)
LEFT(·leLeft, LE)
LEFT(·geLeft, GE)
LEFT(·gtLeft, GT)
LEFT(·addWordsLeft, ADDW)
LEFT(·subWordsLeft, SUBW)
LEFT(·mulWordsLeft, MULW)
LEFT(·eqWordsLeft, EQW)
LEFT(·andLeft, AND)
LEFT(·orLeft, OR)
LEFT(·xorLeft, XOR)
LEFT(·shlLeft, SHL)
LEFT(·shrLeft, SHR)
LEFT(·rotateLeft, ROT)

// EACH computes dst[i] = op a[i].
#define EACH(NAME, OP) \
TEXT NAME(SB), NOSPLIT, $0-24 \
	MOVQ dst+0(FP), DI \
	MOVQ a+8(FP), SI \
	MOVQ n+16(FP), CX \
loop: \
	CMPQ CX, $8 \
	JLT  tail \
	VMOVUPS (SI), Y0 \
	OP Y0, Y0 \
	VMOVUPS Y0, (DI) \
	ADDQ $32, SI \
	ADDQ $32, DI \
	SUBQ $8, CX \
	JMP  loop \
tail: \
	TESTQ CX, CX \
	JZ    done \
	TAILMASK \
	VMASKMOVPS (SI), Y7, Y0 \
	OP Y0, Y0 \
	VMASKMOVPS Y0, Y7, (DI) \
done: \
	VZEROUPPER \
	RET

EACH(·sqrtEach, VSQRTPS)
EACH(·intsEach, VCVTDQ2PS)

// func selectEach(dst, mask, a, b *float32, n int)
TEXT ·selectEach(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ mask+8(FP), BX
	MOVQ a+16(FP), SI
	MOVQ b+24(FP), DX
	MOVQ n+32(FP), CX
loop:
	CMPQ CX, $8
	JLT  tail
	VMOVUPS (BX), Y2
	VMOVUPS (SI), Y0
	VMOVUPS (DX), Y1
	VBLENDVPS Y2, Y0, Y1, Y0
	VMOVUPS Y0, (DI)
	ADDQ $32, BX
	ADDQ $32, SI
	ADDQ $32, DX
	ADDQ $32, DI
	SUBQ $8, CX
	JMP  loop
tail:
	TESTQ CX, CX
	JZ    done
	TAILMASK
	VMASKMOVPS (BX), Y7, Y2
	VMASKMOVPS (SI), Y7, Y0
	VMASKMOVPS (DX), Y7, Y1
	VBLENDVPS Y2, Y0, Y1, Y0
	VMASKMOVPS Y0, Y7, (DI)
done:
	VZEROUPPER
	RET

// func fillEach(dst *float32, x float32, n int)
TEXT ·fillEach(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	VBROADCASTSS x+8(FP), Y0
	MOVQ n+16(FP), CX
loop:
	CMPQ CX, $8
	JLT  tail
	VMOVUPS Y0, (DI)
	ADDQ $32, DI
	SUBQ $8, CX
	JMP  loop
tail:
	TESTQ CX, CX
	JZ    done
	TAILMASK
	VMASKMOVPS Y0, Y7, (DI)
done:
	VZEROUPPER
	RET
