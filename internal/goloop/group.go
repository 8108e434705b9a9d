package goloop

import (
	"math"

	"joule/internal/vector"
)

// group computes elementwise values of one size, a block of numbers after the other, so that what passes from one
// operation to the next stays in the processor's cache.
type group struct {
	parts, part int // how many parts there are, and how many numbers are in one
	block       int // numbers computed at a time
	width       int // numbers in a row
	words       int // float32s that the largest number takes
	code        []instruction
	temporaries int
}

// instruction is one operation on a block.
type instruction struct {
	*element
	pattern pattern // of the operand that spread spreads
	dst     place
	args    [3]place
	once    bool // for the first block of a part alone: it is the same for all
}

// place is where numbers of a block are: in a value, or in a block of their own. Offset and stride count float32s.
type place struct {
	root      *value // nil: a temporary block
	offset    int    // in the value, or the number of the temporary block
	stride    int    // from part to part
	words     int    // float32s of a number
	fromStart bool   // not moved from block to block
	single    bool   // one number
}

// blockSize is how many numbers a block has, more or less. Tests have smaller ones.
var blockSize = 1024

// newGroup makes the instructions of a unit. Values that temporary has lie in temporary blocks.
func newGroup(u unit, temporary map[*value]bool) *group {
	g := &group{parts: max(u.outer, 1), width: max(u.width, 1), words: 1}
	g.part = u.values[0].stored / g.parts
	g.block = min(g.part, g.width*max(1, blockSize/g.width))

	last := map[*value]int{} // the last member that reads a temporary
	for i, v := range u.values {
		last[v] = i
		g.words = max(g.words, v.words())
		for _, o := range v.detail.(*element).operands {
			last[o.root] = i
		}
	}
	at := map[*value]int{}
	var free []int
	take := func() int {
		if n := len(free); n > 0 {
			t := free[n-1]
			free = free[:n-1]
			return t
		}
		g.temporaries++
		return g.temporaries - 1
	}
	tiles := map[operandKey]int{} // rows spread over a block, for good
	for i, v := range u.values {
		e := v.detail.(*element)
		ins := instruction{element: e}
		var done []int // temporary blocks that nothing reads any more
		for k, o := range e.operands {
			if temporary[o.root] {
				ins.args[k] = place{offset: at[o.root], words: o.words()}
				continue
			}
			from := place{root: o.root, offset: o.offset, words: o.words(), stride: o.stride * o.words()}
			if o.stored == v.stored {
				from.stride = g.part * o.words()
			}
			if o.pattern != each {
				from.fromStart, from.single = true, o.pattern == single
			}
			if o.pattern == each || e.code == spread || o.pattern == single && e.takesSingle(k) {
				ins.args[k] = from
				continue
			}
			key := operandKey{o.root, o.offset, o.stride, o.pattern}
			t, known := tiles[key]
			if !known {
				t = g.temporaries
				g.temporaries++
				once := o.pattern != column
				if once {
					tiles[key] = t
				} else {
					done = append(done, t)
				}
				g.code = append(g.code, instruction{element: &element{code: spread}, pattern: o.pattern,
					dst: place{offset: t, words: 1}, args: [3]place{from}, once: once})
			}
			ins.args[k] = place{offset: t, words: 1}
		}
		if e.code == spread {
			ins.pattern = e.operands[0].pattern
		}
		inPlace := true
		for j, o := range e.operands {
			seen := false
			for _, before := range e.operands[:j] {
				seen = seen || before.root == o.root
			}
			if temporary[o.root] && last[o.root] == i && !seen {
				done = append(done, at[o.root])
				inPlace = inPlace && o.words() == v.words()
			}
		}
		if inPlace {
			free, done = append(free, done...), nil
		}
		if temporary[v] {
			at[v] = take()
			ins.dst = place{offset: at[v], words: v.words()}
			if last[v] == i {
				done = append(done, at[v])
			}
		} else {
			ins.dst = place{root: v, words: v.words(), stride: g.part * v.words()}
		}
		free = append(free, done...)
		g.code = append(g.code, ins)
	}
	return g
}

// takesSingle reports whether operand k may be one number.
func (e *element) takesSingle(k int) bool {
	return e.code == binary || e.code == double || (e.code == choose || e.code == chooseAll) && k == 0
}

// room is how many float32s the temporary blocks take.
func (g *group) room() int { return g.temporaries * g.block * g.words }

type operandKey struct {
	root           *value
	offset, stride int
	pattern        pattern
}

func (g *group) run(f *frame) {
	for part := range g.parts {
		for from := 0; from < g.part; from += g.block {
			at := position{part, from, min(g.block, g.part-from)}
			for i := range g.code {
				if ins := &g.code[i]; !ins.once || from == 0 {
					g.compute(f, ins, at)
				}
			}
		}
	}
}

// position is that of a block: n numbers of a part, from one on.
type position struct{ part, from, n int }

// compute carries out an instruction for one block.
func (g *group) compute(f *frame, ins *instruction, at position) {
	dst := g.at(f, &ins.dst, at)
	switch ins.code {
	case binary:
		vector.Binary(ins.op, dst, g.at(f, &ins.args[0], at), g.at(f, &ins.args[1], at))
	case double:
		vector.Double(ins.op, dst, g.at(f, &ins.args[0], at), g.at(f, &ins.args[1], at))
	case unary:
		ins.function(dst, g.at(f, &ins.args[0], at))
	case choose:
		mask := g.at(f, &ins.args[0], at)
		if len(mask) < len(dst) {
			copy(dst, g.at(f, &ins.args[chosen(math.Float32bits(mask[0]) != 0)], at))
		} else {
			vector.Select(dst, mask, g.at(f, &ins.args[1], at), g.at(f, &ins.args[2], at))
		}
	case chooseAll:
		copy(dst, g.at(f, &ins.args[chosen(f.truth(ins.args[0].root))], at))
	case spread:
		g.spread(f, ins, dst, at)
	}
}

// chosen is which operand a truth chooses.
func chosen(truth bool) int {
	if truth {
		return 1
	}
	return 2
}

// spread fills a block from an operand with a pattern.
func (g *group) spread(f *frame, ins *instruction, dst []float32, at position) {
	numbers := g.at(f, &ins.args[0], at)
	switch ins.pattern {
	case single:
		vector.Fill(dst, numbers[0])
	case each:
		copy(dst, numbers)
	case row:
		for line := numbers[:g.width]; len(dst) > 0; {
			dst = dst[copy(dst, line):]
		}
	case column:
		numbers = numbers[at.from/g.width:]
		for i := 0; len(dst) > 0; i++ {
			line := dst[:min(g.width, len(dst))]
			vector.Fill(line, numbers[i])
			dst = dst[len(line):]
		}
	}
}

// at is the part of a place that belongs to a block.
func (g *group) at(f *frame, p *place, at position) []float32 {
	if p.root == nil {
		start := p.offset * g.block * g.words
		return f.blocks[start : start+at.n*p.words]
	}
	all := f.numbers[p.root.Index]
	start := p.offset + at.part*p.stride
	if p.single {
		return all[start : start+p.words]
	}
	if p.fromStart {
		return all[start:]
	}
	start += at.from * p.words
	return all[start : start+at.n*p.words]
}
