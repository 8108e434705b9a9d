package goloop

import "joule/internal/vector"

// element is an operation on numbers in the same place.
type element struct {
	code     code
	op       vector.Op              // of binary and double
	function func(dst, a []float32) // of unary
	operands []operand
	// Some operands are spread. The numbers are computed in outer parts of equal length then, in which the patterns hold,
	// and width is how many numbers are in a row of a part. 0 stands for any.
	outer, width int
}

type code uint8

const (
	binary code = iota
	double      // the same of float64
	unary
	choose    // by truths as numbers
	chooseAll // by one truth of the Go backend's
	spread    // of an operand with a pattern
)

// operand is an input and how it is read.
type operand struct {
	*value
	from    []int // its dimensions, as many as those of the result
	pattern pattern
	stride  int // how many numbers further it is read in the next part
}

// pattern says how numbers are spread: a row over all rows, or each number of a column over its row.
type pattern uint8

const (
	each pattern = iota
	single
	row
	column
)

const (
	widest    = 4096 // the longest row that is spread on the fly
	smallPart = 4    // numbers: shorter parts are not worth it
	largePart = 256  // from here on parts are as good as none
)

// isWhole reports whether the operand is read number by number, and is all that its memory has.
func (o *operand) isWhole(stored int) bool {
	return o.pattern == each && o.offset == 0 && o.stored == stored && o.root.stored == stored
}

// ofSingles reports whether all operands are one number each.
func (e *element) ofSingles() bool {
	for _, o := range e.operands {
		if o.stored != 1 {
			return false
		}
	}
	return true
}

// settle finds the parts and patterns in which the operands are read for a result of the given dimensions; false if there
// are none.
func (e *element) settle(dims []int) bool {
	all := size(dims)
	outers := []int{1}
	if len(dims) > 1 && dims[0] > 1 {
		switch inner := all / dims[0]; {
		case len(dims) > 2 && inner >= largePart:
			outers = []int{dims[0], 1}
		case inner >= smallPart:
			outers = []int{1, dims[0]}
		}
	}
	for _, outer := range outers {
		if e.settleParts(dims, outer) {
			return true
		}
	}
	return false
}

func (e *element) settleParts(dims []int, outer int) bool {
	to := dims
	if outer > 1 {
		to = dims[1:]
	}
	inner := size(to)
	e.outer, e.width = 0, 0
	for i := range e.operands {
		o := &e.operands[i]
		from := o.from
		switch {
		case o.stored == 1:
			o.pattern, o.stride = single, 0
			if inner*outer == 1 {
				o.pattern = each
			}
			continue
		case o.stored < o.size:
			return false
		case o.stored == inner*outer:
			o.pattern, o.stride = each, inner
			if p, _ := findPattern(from, dims); p != each {
				return false // the same numbers in other places: cannot be
			}
			continue
		case outer > 1 && from[0] == dims[0]:
			o.stride = size(from[1:])
			from = from[1:]
		case outer > 1 && from[0] == 1:
			o.stride = 0
			from = from[1:]
		case outer > 1:
			return false
		}
		p, width := findPattern(from, to)
		if width < 0 || width > widest || width > 0 && e.width > 0 && e.width != width {
			return false
		}
		o.pattern = p
		e.outer = outer
		e.width = max(e.width, width)
	}
	return true
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

// findPattern tells how numbers of dimensions from are spread to dimensions to, and how long the rows are, where it
// matters; the length is negative if the pattern is none of the known.
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
