package trace

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapeinference"
)

// Element by element.

// Abs implements compute.StandardOps.
func (f *function) Abs(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeAbs, x)
}

// Ceil implements compute.StandardOps.
func (f *function) Ceil(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeCeil, x)
}

// Cos implements compute.StandardOps.
func (f *function) Cos(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeCos, x)
}

// Erf implements compute.StandardOps.
func (f *function) Erf(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeErf, x)
}

// Exp implements compute.StandardOps.
func (f *function) Exp(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeExp, x)
}

// Expm1 implements compute.StandardOps.
func (f *function) Expm1(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeExpm1, x)
}

// Floor implements compute.StandardOps.
func (f *function) Floor(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeFloor, x)
}

// Log implements compute.StandardOps.
func (f *function) Log(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLog, x)
}

// Log1p implements compute.StandardOps.
func (f *function) Log1p(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLog1p, x)
}

// LogicalNot implements compute.StandardOps.
func (f *function) LogicalNot(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLogicalNot, x)
}

// Logistic implements compute.StandardOps.
func (f *function) Logistic(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeLogistic, x)
}

// Neg implements compute.StandardOps.
func (f *function) Neg(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeNeg, x)
}

// Round implements compute.StandardOps.
func (f *function) Round(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeRound, x)
}

// Rsqrt implements compute.StandardOps.
func (f *function) Rsqrt(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeRsqrt, x)
}

// Sign implements compute.StandardOps.
func (f *function) Sign(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSign, x)
}

// Sin implements compute.StandardOps.
func (f *function) Sin(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSin, x)
}

// Sqrt implements compute.StandardOps.
func (f *function) Sqrt(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeSqrt, x)
}

// Tanh implements compute.StandardOps.
func (f *function) Tanh(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeTanh, x)
}

// Add implements compute.StandardOps.
func (f *function) Add(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeAdd, a, b)
}

// Div implements compute.StandardOps.
func (f *function) Div(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeDiv, a, b)
}

// LogicalAnd implements compute.StandardOps.
func (f *function) LogicalAnd(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalAnd, a, b)
}

// LogicalOr implements compute.StandardOps.
func (f *function) LogicalOr(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalOr, a, b)
}

// LogicalXor implements compute.StandardOps.
func (f *function) LogicalXor(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeLogicalXor, a, b)
}

// Max implements compute.StandardOps.
func (f *function) Max(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMax, a, b)
}

// Min implements compute.StandardOps.
func (f *function) Min(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMin, a, b)
}

// Mul implements compute.StandardOps.
func (f *function) Mul(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeMul, a, b)
}

// Pow implements compute.StandardOps.
func (f *function) Pow(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypePow, a, b)
}

// Rem implements compute.StandardOps.
func (f *function) Rem(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeRem, a, b)
}

// Sub implements compute.StandardOps.
func (f *function) Sub(a, b compute.Value) (compute.Value, error) {
	return f.binary(compute.OpTypeSub, a, b)
}

// Equal implements compute.StandardOps.
func (f *function) Equal(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeEqual, a, b)
}

// GreaterOrEqual implements compute.StandardOps.
func (f *function) GreaterOrEqual(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeGreaterOrEqual, a, b)
}

// GreaterThan implements compute.StandardOps.
func (f *function) GreaterThan(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeGreaterThan, a, b)
}

// LessOrEqual implements compute.StandardOps.
func (f *function) LessOrEqual(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeLessOrEqual, a, b)
}

// LessThan implements compute.StandardOps.
func (f *function) LessThan(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeLessThan, a, b)
}

// NotEqual implements compute.StandardOps.
func (f *function) NotEqual(a, b compute.Value) (compute.Value, error) {
	return f.comparison(compute.OpTypeNotEqual, a, b)
}

func (f *function) unary(kind compute.OpType, x compute.Value) (compute.Value, error) {
	in, err := shapesOf(x)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.UnaryOp(kind, in[0])
	return f.add(&Op{Type: kind}, shape, err, x)
}

func (f *function) binary(kind compute.OpType, a, b compute.Value) (compute.Value, error) {
	in, err := shapesOf(a, b)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.BinaryOp(kind, in[0], in[1])
	return f.add(&Op{Type: kind}, shape, err, a, b)
}

func (f *function) comparison(kind compute.OpType, a, b compute.Value) (compute.Value, error) {
	in, err := shapesOf(a, b)
	if err != nil {
		return nil, err
	}
	shape, err := shapeinference.ComparisonOp(kind, in[0], in[1])
	return f.add(&Op{Type: kind}, shape, err, a, b)
}
