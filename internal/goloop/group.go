package goloop

import (
	"joule/internal/vector"
)

// group computes elementwise values of one size, a block of numbers after the other, so that what passes from one
// operation to the next stays in the processor's cache.
type group struct {
	size, block, width int
	code               []instruction
	temporaries        int
}

// instruction is one operation on a block.
type instruction struct {
	*element
	pattern pattern // of the operand that spread spreads
	dst     place
	args    [3]place
	once    bool // for the first block alone: it is the same for all
}

// place is where numbers of a block are: in a value, or in a block of their own.
type place struct {
	root      *value // nil: a temporary block
	offset    int    // in the value, or the number of the temporary block
	fromStart bool   // not moved from block to block
	single    bool   // one number
}

// blockSize is how many numbers a block has, more or less.
const blockSize = 1024

// newGroup makes the instructions of a unit. Values that temporary has lie in temporary blocks.
func newGroup(u unit, temporary map[*value]bool) *group {
	g := &group{size: u.values[0].size, width: max(u.width, 1)}
	g.block = min(g.size, g.width*max(1, blockSize/g.width))

	last := map[*value]int{} // the last member that reads a temporary
	for i, v := range u.values {
		last[v] = i
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
		var mine []int
		for k, o := range e.operands {
			in := o.value
			switch {
			case temporary[o.root]:
				ins.args[k] = place{offset: at[o.root]}
			case o.pattern == each:
				ins.args[k] = place{root: in.root, offset: in.offset}
			case o.pattern == single && (e.code == binary || e.code == chooseAll && k == 0 || e.code == spread):
				ins.args[k] = place{root: in.root, offset: in.offset, fromStart: true, single: true}
			default:
				from := place{root: in.root, offset: in.offset, fromStart: true, single: o.pattern == single}
				if e.code == spread {
					ins.args[k] = from
					break
				}
				key := operandKey{in.root, in.offset, o.pattern}
				t, known := tiles[key]
				if !known {
					t = g.temporaries
					g.temporaries++
					once := o.pattern != column
					if once {
						tiles[key] = t
					} else {
						mine = append(mine, t)
					}
					g.code = append(g.code, instruction{element: &element{code: spread}, pattern: o.pattern,
						dst: place{offset: t}, args: [3]place{from}, once: once})
				}
				ins.args[k] = place{offset: t}
			}
		}
		if e.code == spread {
			ins.pattern = e.operands[0].pattern
		}
		free = append(free, mine...)
		for j, o := range e.operands {
			seen := false
			for _, before := range e.operands[:j] {
				seen = seen || before.root == o.root
			}
			if temporary[o.root] && last[o.root] == i && !seen {
				free = append(free, at[o.root])
			}
		}
		if temporary[v] {
			at[v] = take()
			ins.dst = place{offset: at[v]}
			if last[v] == i {
				free = append(free, at[v])
			}
		} else {
			ins.dst = place{root: v}
		}
		g.code = append(g.code, ins)
	}
	return g
}

type operandKey struct {
	root    *value
	offset  int
	pattern pattern
}

func (g *group) run(f *frame) {
	for from := 0; from < g.size; from += g.block {
		n := min(g.block, g.size-from)
		for i := range g.code {
			ins := &g.code[i]
			if ins.once && from > 0 {
				continue
			}
			dst := g.at(f, &ins.dst, from, n)
			switch ins.code {
			case binary:
				vector.Binary(ins.op, dst, g.at(f, &ins.args[0], from, n), g.at(f, &ins.args[1], from, n))
			case unary:
				ins.function(dst, g.at(f, &ins.args[0], from, n))
			case logical:
				ins.logic(dst, g.at(f, &ins.args[0], from, n), g.at(f, &ins.args[1], from, n))
			case choose:
				vector.Select(dst, g.at(f, &ins.args[0], from, n), g.at(f, &ins.args[1], from, n), g.at(f, &ins.args[2], from, n))
			case chooseAll:
				k := 2
				if f.truth(ins.args[0].root) {
					k = 1
				}
				copy(dst, g.at(f, &ins.args[k], from, n))
			case spread:
				g.spread(f, ins, dst, from)
			}
		}
	}
}

// spread fills a block from an operand with a pattern.
func (g *group) spread(f *frame, ins *instruction, dst []float32, from int) {
	p := &ins.args[0]
	switch ins.pattern {
	case single:
		x := f.numbers[p.root.Index][p.offset]
		for i := range dst {
			dst[i] = x
		}
	case each:
		copy(dst, g.at(f, p, from, len(dst)))
	case row:
		line := f.numbers[p.root.Index][p.offset : p.offset+g.width]
		for len(dst) > 0 {
			dst = dst[copy(dst, line):]
		}
	case column:
		numbers := f.numbers[p.root.Index][p.offset+from/g.width:]
		for i := 0; len(dst) > 0; i++ {
			line := dst[:min(g.width, len(dst))]
			for j := range line {
				line[j] = numbers[i]
			}
			dst = dst[len(line):]
		}
	}
}

// at is the part of a place that belongs to the n numbers from a position on.
func (g *group) at(f *frame, p *place, from, n int) []float32 {
	if p.root == nil {
		start := p.offset * g.block
		return f.blocks[start : start+n]
	}
	all := f.numbers[p.root.Index]
	if p.fromStart {
		if p.single {
			return all[p.offset : p.offset+1]
		}
		return all[p.offset:]
	}
	return all[p.offset+from : p.offset+from+n]
}
