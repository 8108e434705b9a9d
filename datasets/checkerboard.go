package datasets

import (
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
)

// Checkerboard draws points uniformly from the dark cells of a board of four by four, each 2 wide, on [−4, 4)²: those
// where ⌊x0/2⌋ + ⌊x1/2⌋ is even.
type Checkerboard struct {
	Synthetic `yaml:",inline"`
}

// NewCheckerboard returns the default settings.
func NewCheckerboard() *Checkerboard { return &Checkerboard{Synthetic: defaultSynthetic} }

// Load draws the points.
func (s *Checkerboard) Load(env Env) (*Set, error) { return s.load(checkers{}, env) }

// HasScore says that the density has none.
func (s *Checkerboard) HasScore() bool { return checkers{}.HasScore() }

// checkers is the density of the board: 1/32 on the dark cells. It has no score, for it jumps at their borders.
type checkers struct{}

// logZero is the log density where the density is 0: so low that exp gives 0, and finite, so that 0·log 0 is 0.
const logZero = -1e30

var darkLogDensity = -math.Log(32)

// LogDensity implements [Density].
func (checkers) LogDensity(x *graph.Node) *graph.Node {
	cells := graph.Floor(graph.StopGradient(graph.MulScalar(x, 0.5))) // [n, 2], −2 to 1 on the board
	g, dtype := x.Graph(), x.DType()
	onBoard := graph.LessThan(graph.ReduceMax(graph.Abs(graph.AddScalar(cells, 0.5)), -1), graph.Scalar(g, dtype, 2))
	half := graph.MulScalar(graph.ReduceSum(cells, -1), 0.5)
	dark := graph.And(onBoard, graph.Equal(half, graph.Floor(half)))
	uniform := graph.MulScalar(graph.OnesLike(half), darkLogDensity)
	return graph.Where(dark, uniform, graph.MulScalar(graph.OnesLike(half), logZero))
}

// HasScore says that there is none.
func (checkers) HasScore() bool { return false }

// Draw implements [Density]. In float32 each step is exact, so that no point is rounded out of its cell.
func (checkers) Draw(shape shapes.Shape, draws random.Draws) *graph.Node {
	u := draws.Uniform(shape)
	x := graph.AddScalar(graph.MulScalar(column(u, 0), 4), -2) // in cells
	pair := graph.MulScalar(column(u, 1), 2)                   // in pairs of cells, of which one is dark
	half := graph.MulScalar(graph.Floor(x), 0.5)
	odd := graph.MulScalar(graph.Sub(half, graph.Floor(half)), 2)
	y := graph.AddScalar(graph.Add(graph.Add(pair, graph.Floor(pair)), odd), -2)
	return graph.StopGradient(graph.MulScalar(graph.Concatenate([]*graph.Node{x, y}, -1), 2))
}

// Entropy implements [Density]: the logarithm of the area.
func (checkers) Entropy() (nats float64, known bool) { return -darkLogDensity, true }

// Dim is 2.
func (checkers) Dim() int { return 2 }

// Sample draws n points.
func (checkers) Sample(r *rand.Rand, n int) Points {
	points := NewPoints(n, 2)
	for i := range n {
		x, pair := 4*r.Float64()-2, 2*r.Float64()
		odd := math.Abs(math.Mod(math.Floor(x), 2))
		points.Row(i)[0], points.Row(i)[1] = 2*x, 2*(pair+math.Floor(pair)+odd-2)
	}
	return points
}
