// Package kinds adds a model and a kind of data to those that configs can name.
package kinds

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/models"
)

func init() {
	models.Kinds["double_well"] = func() models.Energy { return new(DoubleWell) }
	datasets.Kinds["wells"] = func() datasets.Source { return NewWells() }
}

// DoubleWell is E(x) = Σₖ hₖ ((xₖ/wₖ)² − 1)², with learned heights and widths.
type DoubleWell struct{}

// Parameters implements models.Energy.
func (*DoubleWell) Parameters(dim int) ([]models.Parameter, error) {
	zeros := func(*rand.Rand) []float64 { return make([]float64, dim) }
	return []models.Parameter{
		{Name: "log_height", Shape: []int{dim}, Init: zeros},
		{Name: "log_width", Shape: []int{dim}, Init: zeros},
	}, nil
}

// Energy implements models.Energy.
func (*DoubleWell) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	height := graph.Exp(graph.InsertAxes(theta[0], -2))
	width := graph.Exp(graph.InsertAxes(theta[1], -2))
	well := graph.Square(graph.AddScalar(graph.Square(graph.Div(x, width)), -1))
	return graph.ReduceSum(graph.Mul(height, well), -1)
}

// Wells draws positions of a particle between two wells.
type Wells struct {
	// Height is that of the barrier, in kT, and Width the distance of the wells from it.
	Height float64 `yaml:"height" check:"> 0"`
	Width  float64 `yaml:"width" check:"> 0"`
	// Size is the number of positions.
	Size                 int              `yaml:"size" check:"> 0, <= 1000000"`
	datasets.Preparation `yaml:",inline"` // test_fraction and so on
}

// NewWells returns the default settings.
func NewWells() *Wells { return &Wells{Height: 3, Width: 2, Size: 20000} }

// Check refuses wells that are hardly there.
func (s *Wells) Check(report func(key, problem string)) {
	if s.Height < 0.1 {
		report("height", fmt.Sprintf("%v kT are no barrier; want 0.1 or more", s.Height))
	}
}

// HasDensity says that the density is not given.
func (s *Wells) HasDensity() bool { return false }

// Load implements datasets.Source.
func (s *Wells) Load(env datasets.Env) (*datasets.Set, error) {
	r := rand.New(rand.NewPCG(uint64(env.Seed), 0))
	points := datasets.NewPoints(s.Size, 1)
	for i := range points.Values {
		for {
			x := 2 * (2*r.Float64() - 1)
			if r.Float64() < math.Exp(-s.Height*math.Pow(x*x-1, 2)) {
				points.Values[i] = s.Width * x
				break
			}
		}
	}
	prepared := &datasets.InMemory{Points: points, Columns: []string{"position"}, Preparation: s.Preparation}
	return prepared.Load(env)
}
