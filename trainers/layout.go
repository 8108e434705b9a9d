package trainers

import (
	"github.com/gomlx/gomlx/core/graph"

	"joule/models"
)

// layout says how the values of all parameters go through a step: in parts. A large parameter is a part of its own, in its
// own shape, which nothing has to copy; all the others are one part, a row [values], so that the optimizer runs a few
// larger kernels instead of many small ones. With several replicas all have one axis more in front.
type layout struct {
	learned  []models.Parameter
	parts    [][]int // indices of learned, each in one part; the row, if any, comes last
	replicas int     // 1: there is no axis for them
}

// largePart is the number of values from which a parameter is a part of its own.
const largePart = 2048

func newLayout(learned []models.Parameter, replicas int) layout {
	l := layout{learned: learned, replicas: replicas}
	var row []int
	for i, p := range learned {
		if p.Size() >= largePart {
			l.parts = append(l.parts, []int{i})
		} else {
			row = append(row, i)
		}
	}
	if len(row) > 0 {
		l.parts = append(l.parts, row)
	}
	return l
}

// size is the number of parts.
func (l layout) size() int { return len(l.parts) }

// isRow says whether a part is the row of small parameters.
func (l layout) isRow(part int) bool {
	return len(l.parts[part]) > 1 || l.learned[l.parts[part][0]].Size() < largePart
}

// each is forEach replica of the layout.
func (l layout) each(dimensions ...int) []int { return forEach(l.replicas, dimensions...) }

// shape are the dimensions of a part.
func (l layout) shape(part int) []int {
	if !l.isRow(part) {
		return l.each(l.learned[l.parts[part][0]].Shape...)
	}
	n := 0
	for _, i := range l.parts[part] {
		n += l.learned[i].Size()
	}
	return l.each(n)
}

// split takes the parts apart into the parameters, in their order.
func (l layout) split(parts []*graph.Node) []*graph.Node {
	theta := make([]*graph.Node, len(l.learned))
	for k, part := range parts {
		if !l.isRow(k) {
			theta[l.parts[k][0]] = part
			continue
		}
		from := 0
		for _, i := range l.parts[k] {
			p := l.learned[i]
			theta[i] = graph.Reshape(graph.SliceAxis(part, -1, graph.AxisRange(from, from+p.Size())), l.each(p.Shape...)...)
			from += p.Size()
		}
	}
	return theta
}

// join is the inverse of split.
func (l layout) join(theta []*graph.Node) []*graph.Node {
	parts := make([]*graph.Node, len(l.parts))
	for k, members := range l.parts {
		if !l.isRow(k) {
			parts[k] = theta[members[0]]
			continue
		}
		var rows []*graph.Node
		for _, i := range members {
			rows = append(rows, graph.Reshape(theta[i], l.each(l.learned[i].Size())...))
		}
		parts[k] = rows[0]
		if len(rows) > 1 {
			parts[k] = graph.Concatenate(rows, -1)
		}
	}
	return parts
}

// values puts the host's values of all parameters, [replicas][learned], in the order of a part.
func (l layout) values(part int, theta [][][]float64) []float64 {
	var values []float64
	for _, own := range theta {
		for _, i := range l.parts[part] {
			values = append(values, own[i]...)
		}
	}
	return values
}
