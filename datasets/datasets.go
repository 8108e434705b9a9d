// Package datasets gives the points that an energy-based model is trained and tested on.
//
// A [Source] is one kind of data (see [Kinds]): drawn from a known density, or read from a CSV, NPY or Parquet file.
// Loading it gives a [Set]: the points split into a training, a validation and a test part, standardised on request, and the
// density they come from where that is known. Everything drawn here (points, split, starts of the EM fit) depends on
// [Env.Seed] alone, so the same settings give the same set.
package datasets

// Points is a table of N points with Dim coordinates each.
type Points struct {
	N, Dim int
	Values []float64 // row-major, N*Dim long
}

// NewPoints returns n points of dim coordinates, all zero.
func NewPoints(n, dim int) Points {
	return Points{N: n, Dim: dim, Values: make([]float64, n*dim)}
}

// Row returns point i as a slice of length Dim that shares the table's memory.
func (p Points) Row(i int) []float64 {
	return p.Values[i*p.Dim : (i+1)*p.Dim : (i+1)*p.Dim]
}

// Rows returns a copy of the points with the given indices, in that order.
func (p Points) Rows(indices []int) Points {
	picked := NewPoints(len(indices), p.Dim)
	for to, from := range indices {
		copy(picked.Row(to), p.Row(from))
	}
	return picked
}

// Set is data ready for training.
type Set struct {
	Train, Test Points        // in standardised coordinates where Transform is set; Test may be empty
	Validation  Points        // for stopping in time; empty where none is kept
	Columns     []string      // a name for each coordinate, in order; x0, x1, … where the source has none
	Transform   *Standardizer // nil when the points are as in the source
	Density     Density       // of the points as they stand here; nil when it is not known
	Encoding    *Encoding     // how columns of the source become these coordinates; nil where each is one
	Image       *Image        // how the coordinates are the pixels of an image; nil where they are not
	Labels      *Labels       // nil where the source has none
	Augment     Augmenter     // of the points of a batch while it is trained on; nil: they stay as they are
	Stream      *Stream       // where the training points are too many for memory: Train is then a sample of them; else nil
}

// TrainSize is the number of training points, whether all of them are in Train or not.
func (s *Set) TrainSize() int {
	if s.Stream != nil {
		return s.Stream.N
	}
	return s.Train.N
}

// Image says how the coordinates of a point are an image: row by row from the top, the channels of a pixel together.
type Image struct{ Height, Width, Channels int }

// Labels are the classes of the points of a set, as indices into their names.
type Labels struct {
	Classes                 []string
	Train, Validation, Test []int // one for each point of the part
}

// Source is one kind of data with its settings.
type Source interface {
	// Load draws or reads the points and prepares them. An error names the file, row and column at fault.
	Load(env Env) (*Set, error)
}

// Env is what a source depends on besides its settings.
type Env struct {
	Dir  string // folder that relative paths refer to; empty is the working directory
	Seed int64
}

// Kinds maps the name of each kind of data to a source with its defaults, as a pointer to a struct of settings. A program
// can add its own before it reads the first config.
var Kinds = map[string]func() Source{
	"gaussian_mixture": func() Source { return &GaussianMixture{Synthetic: defaultSynthetic} },
	"two_gaussians":    func() Source { return &TwoGaussians{Synthetic: defaultSynthetic} },
	"eight_gaussians":  func() Source { return NewEightGaussians() },
	"simplex_mixture":  func() Source { return NewSimplexMixture() },
	"rings":            func() Source { return NewRings() },
	"pinwheel":         func() Source { return NewPinwheel() },
	"two_moons":        func() Source { return NewTwoMoons() },
	"swiss_roll":       func() Source { return NewSwissRoll() },
	"spirals":          func() Source { return NewSpirals() },
	"checkerboard":     func() Source { return NewCheckerboard() },
	"funnel":           func() Source { return NewFunnel() },
	"banana":           func() Source { return NewBanana() },
	"csv":              func() Source { return NewCSV() },
	"npy":              func() Source { return NewNPY() },
	"parquet":          func() Source { return NewParquet() },
	"idx":              func() Source { return NewIDX() },
	"npz":              func() Source { return NewNPZ() },
	"images":           func() Source { return NewImages() },
}
