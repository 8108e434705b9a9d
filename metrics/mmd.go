package metrics

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

// MMD are the settings of the maximum mean discrepancy (Gretton et al. 2012) of points and others. The kernel is the mean of
// Gaussians exp(−‖x − y‖²/(2(cℓ)²)) of several widths (Li, Swersky & Zemel 2015), which is 1 for x = y.
type MMD struct {
	// Bandwidth is ℓ, in the coordinates of the points; 0 is the median distance of the points of reference: not of all, so that
	// whatever is compared with them is measured alike.
	Bandwidth float64
	// Factors are c.
	Factors []float64
}

// NewMMD returns the default settings: a quarter, half, one, two and four times the median distance.
func NewMMD() MMD { return MMD{Factors: []float64{0.25, 0.5, 1, 2, 4}} }

// Check says what is wrong with the settings; nil: nothing is.
func (m MMD) Check() error {
	if !(m.Bandwidth >= 0) || math.IsInf(m.Bandwidth, 1) {
		return fmt.Errorf("bandwidth %v of the maximum mean discrepancy; want a positive number, or 0 for the median distance", m.Bandwidth)
	}
	if len(m.Factors) == 0 {
		return fmt.Errorf("no factors of the bandwidth of the maximum mean discrepancy; want at least one")
	}
	for _, c := range m.Factors {
		if !(c > 0) || math.IsInf(c, 1) {
			return fmt.Errorf("factor %v of the bandwidth of the maximum mean discrepancy; want positive numbers", c)
		}
	}
	return nil
}

// MMD is the squared maximum mean discrepancy of points and points of reference, of which there may be more or fewer. It is the U-statistic:
// an estimate without bias, which may be below 0.
func (p *Panel) MMD(points, reference datasets.Points, m MMD) (float64, error) {
	if err := checkPoints("the points of reference", reference, reference.Dim, 2); err != nil {
		return 0, err
	}
	if err := checkPoints("the points", points, reference.Dim, 2); err != nil {
		return 0, err
	}
	if err := m.Check(); err != nil {
		return 0, err
	}
	bandwidth, err := p.bandwidthOf(m.Bandwidth, reference)
	if err != nil {
		return 0, err
	}
	origin, _ := reference.Moments()
	all := points.N + reference.N
	got, err := p.run(fmt.Sprint("mmd ", m.Factors), m.sums, padded(rowsFor(all), origin, points, reference), tensor.From([]float64{bandwidth}, models.DType), whole(points.N), whole(all))
	if err != nil {
		return 0, err
	}
	a, b := float64(points.N), float64(reference.N)
	squared := got[0]/(a*(a-1)) + got[1]/(b*(b-1)) - 2*got[2]/(a*b)
	if !isNumber(squared) {
		return 0, notFinite("the maximum mean discrepancy")
	}
	return squared, nil
}

// sums are those of the kernel over the pairs of different ones of the first points of z, of different ones of the rest up to n, and of one
// of either: [rows, dim], bandwidth, first and n (int32) -> 3 scalars.
func (m MMD) sums(in []*graph.Node) []*graph.Node {
	z, bandwidth, first, n := in[0], in[1], in[2], in[3]
	rows := z.Shape().Dimensions[0]
	isFirst := chosen(first, rows)
	sides := graph.Stack([]*graph.Node{isFirst, graph.Sub(chosen(n, rows), isFirst)}, 1) // [rows, 2]
	return sumPairs(n, []*graph.Node{z, sides}, []*graph.Node{bandwidth}, 3, func(a, b []*graph.Node, own *graph.Node, shared []*graph.Node) []*graph.Node {
		k := graph.Mul(m.kernel(squaredDistances(a[0], b[0]), shared[0]), graph.OneMinus(own))
		sums := graph.Einsum("ns,nt->st", double(a[1]), double(graph.Einsum("nm,mt->nt", k, b[1]))) // [2, 2]
		of := func(i, j int) *graph.Node {
			return graph.Reshape(graph.Slice(sums, graph.AxisElem(i), graph.AxisElem(j)))
		}
		return []*graph.Node{of(0, 0), of(1, 1), graph.MulScalar(graph.Add(of(0, 1), of(1, 0)), 0.5)}
	})
}

// kernel is that of squared distances q of any shape. A Gaussian of half the width is the fourth power, which is cheaper.
func (m MMD) kernel(q, bandwidth *graph.Node) *graph.Node {
	factors := slices.Sorted(slices.Values(m.Factors))
	slices.Reverse(factors)
	scaled := graph.Div(q, graph.Square(bandwidth))
	var sum, one *graph.Node
	for i, c := range factors {
		if i > 0 && 2*c == factors[i-1] {
			one = graph.Square(graph.Square(one))
		} else {
			one = graph.Exp(graph.MulScalar(scaled, -0.5/(c*c)))
		}
		if sum == nil {
			sum = one
		} else {
			sum = graph.Add(sum, one)
		}
	}
	return graph.MulScalar(sum, 1/float64(len(factors)))
}

// squaredDistances are ‖x − y‖² of all rows: [n, dim], [m, dim] -> [n, m].
func squaredDistances(x, y *graph.Node) *graph.Node {
	norms := func(a *graph.Node) *graph.Node { return graph.ReduceSum(graph.Square(a), -1) }
	sums := graph.Add(graph.InsertAxes(norms(x), -1), graph.InsertAxes(norms(y), 0))
	return graph.MaxScalar(graph.Sub(sums, graph.MulScalar(graph.Einsum("nd,md->nm", x, y), 2)), 0)
}
