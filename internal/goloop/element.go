package goloop

import (
	"math"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"joule/internal/vector"
)

// element is an operation on numbers in the same place.
type element struct {
	code     code
	op       vector.Op                 // of binary
	function func(dst, a []float32)    // of unary
	logic    func(dst, a, b []float32) // of logical
	operands []operand
	width    int // the numbers in a row of the operands with a pattern; 0 if there are none
}

type code uint8

const (
	binary code = iota
	unary
	logical
	choose    // by truths as numbers
	chooseAll // by one truth
	spread    // of an operand with a pattern
)

// operand is an input and the pattern in which it is read.
type operand struct {
	*value
	pattern pattern
}

// pattern says how numbers are spread: a row over all rows, or each number of a column over its row.
type pattern uint8

const (
	each pattern = iota
	single
	row
	column
)

// widest is the longest row that is spread on the fly.
const widest = 4096

var binaryOps = map[compute.OpType]vector.Op{
	compute.OpTypeAdd: vector.Add, compute.OpTypeSub: vector.Sub, compute.OpTypeMul: vector.Mul, compute.OpTypeDiv: vector.Div,
	compute.OpTypeMax: vector.Max, compute.OpTypeMin: vector.Min,
}

var comparisons = map[compute.OpType]vector.Op{
	compute.OpTypeEqual: vector.Equal, compute.OpTypeNotEqual: vector.NotEqual,
	compute.OpTypeLessThan: vector.Less, compute.OpTypeLessOrEqual: vector.LessOrEqual,
	compute.OpTypeGreaterThan: vector.Greater, compute.OpTypeGreaterOrEqual: vector.GreaterOrEqual,
}

var functions = map[compute.OpType]func(dst, a []float32){
	compute.OpTypeNeg: vector.Negate, compute.OpTypeAbs: vector.Abs, compute.OpTypeSqrt: vector.Sqrt,
	compute.OpTypeExp: vector.Exp, compute.OpTypeLog: vector.Log, compute.OpTypeLogistic: vector.Logistic,
	compute.OpTypeTanh: inDouble(math.Tanh), compute.OpTypeLog1p: inDouble(math.Log1p),
	compute.OpTypeExpm1: inDouble(math.Expm1), compute.OpTypeErf: inDouble(math.Erf),
}

func inDouble(f func(float64) float64) func(dst, a []float32) {
	return func(dst, a []float32) {
		a = a[:len(dst)]
		for i, x := range a {
			dst[i] = float32(f(float64(x)))
		}
	}
}

// findElement tells whether the value is computed in place, and how; nil if not.
func (v *value) findElement() *element {
	e := &element{}
	dims := v.Shape.Dimensions
	number := func(in *value) bool {
		return in.isFloat() && in.class != turned && e.add(in, pad(in.Shape.Dimensions, len(dims)), dims)
	}
	truth := func(in *value) bool {
		return in.class == elementwise && in.Shape.DType == dtypes.Bool && in.size == v.size && e.add(in, dims, dims)
	}
	isTruth := v.Shape.DType == dtypes.Bool && v.size > 1
	ok := false
	if op, known := binaryOps[v.OpType]; known && v.isFloat() {
		e.code, e.op = binary, op
		ok = number(v.inputs[0]) && number(v.inputs[1])
	} else if op, known := comparisons[v.OpType]; known && isTruth {
		e.code, e.op = binary, op
		ok = number(v.inputs[0]) && number(v.inputs[1])
	} else if f, known := functions[v.OpType]; known && v.isFloat() {
		e.code, e.function = unary, f
		ok = number(v.inputs[0]) && e.operands[0].pattern == each
	} else if isTruth && v.OpType == compute.OpTypeLogicalNot {
		e.code, e.function = unary, vector.Not
		ok = truth(v.inputs[0])
	} else if isTruth && v.OpType == compute.OpTypeLogicalAnd {
		e.code, e.logic = logical, vector.And
		ok = truth(v.inputs[0]) && truth(v.inputs[1])
	} else if isTruth && v.OpType == compute.OpTypeLogicalOr {
		e.code, e.logic = logical, vector.Or
		ok = truth(v.inputs[0]) && truth(v.inputs[1])
	} else if v.OpType == compute.OpTypeWhere && v.isFloat() {
		if c := v.inputs[0]; c.root.size == 1 && c.Shape.DType == dtypes.Bool && c.class != elementwise {
			e.code = chooseAll
			e.operands = append(e.operands, operand{c, single})
			ok = true
		} else {
			e.code = choose
			ok = truth(c)
		}
		ok = ok && number(v.inputs[1]) && number(v.inputs[2])
	} else if v.OpType == compute.OpTypeBroadcastInDim && v.isFloat() {
		e.code = spread
		from, axes := pad(nil, len(dims)), setting(v.node, "")
		for i, axis := range axes {
			from[axis] = v.inputs[0].Shape.Dimensions[i]
		}
		in := v.inputs[0]
		ok = len(axes) == in.Shape.Rank() && in.class != turned && e.add(in, from, dims)
	}
	if !ok {
		return nil
	}
	return e
}

// pad puts axes of dimension 1 in front.
func pad(dims []int, rank int) []int {
	padded := make([]int, rank)
	for i := range padded {
		padded[i] = 1
		if j := i - (rank - len(dims)); j >= 0 {
			padded[i] = dims[j]
		}
	}
	return padded
}

// add appends an operand of shape from that is read as one of shape to; false if its pattern is none of the known.
func (e *element) add(in *value, from, to []int) bool {
	p, width := findPattern(from, to)
	if in.root.size == 1 {
		p, width = single, 0
	}
	switch {
	case width < 0 || width > widest, in.class == view && in.root.size < in.size && in.root.size != 1:
		return false
	case width > 0 && e.width > 0 && e.width != width:
		return false
	case width > 0:
		e.width = width
	}
	if size(to) == 1 {
		p = each
	}
	e.operands = append(e.operands, operand{in, p})
	return true
}

func findPattern(from, to []int) (p pattern, width int) {
	differ, same, first, last := 0, 0, -1, -1
	for i, dim := range from {
		switch {
		case dim == to[i]:
			if dim != 1 {
				same++
			}
		case dim == 1:
			differ++
			if first < 0 {
				first = i
			}
			last = i
		default:
			return each, -1
		}
	}
	if differ == 0 {
		return each, 0
	}
	if same == 0 {
		return single, 0
	}
	if size(from[:last+1]) == 1 { // all spread axes are in front
		return row, size(from[last+1:])
	}
	if size(from[first:]) == 1 { // and here behind
		return column, size(to[first:])
	}
	return each, -1
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
