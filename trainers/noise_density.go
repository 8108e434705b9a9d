package trainers

import (
	"errors"
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
)

// DensityNoise is noise from a known density: that of any data set that has one, or of the training data themselves.
type DensityNoise struct {
	// Data is the data set whose density is taken, in the coordinates that the model works in: where the training data are
	// standardised, those are the standardised ones. Left out, it is the density of the training data.
	Data datasets.Source `yaml:"data"`
}

// What is wrong with the training data, or with those that are named, where no density is known.
const (
	noDensityOwn   = "of kind density needs a known density: the data has none, so method.noise.data has to name a data set with one"
	noDensityNamed = "has no known density; give it a density to be fitted, or take another kind"
)

// Fit implements Noise. The density does not depend on the seed of the run, and is the same for all replicas, unless it is
// that of their own data.
func (n *DensityNoise) Fit(p Problem) (NoiseDensity, error) {
	if n.Data == nil {
		own := densityOf(p.Data)
		if own == nil {
			return nil, errors.New("method.noise " + noDensityOwn)
		}
		return knownNoise{own}, nil
	}
	set, err := n.Data.Load(datasets.Env{})
	if err != nil {
		return nil, fmt.Errorf("method.noise.data: %w", err)
	}
	if set.Density == nil {
		return nil, errors.New("method.noise.data " + noDensityNamed)
	}
	if dim, want := set.Train.Dim, p.Data[0].Train.Dim; dim != want {
		return nil, fmt.Errorf("method.noise.data has %d coordinates, and the data %d", dim, want)
	}
	each := make([]datasets.Density, len(p.Data))
	for i := range each {
		each[i] = set.Density
	}
	return knownNoise{together(each)}, nil
}

// locateNoise makes a relative path of the data that noise is taken from absolute: see datasets.FileData.
func locateNoise(noise Noise, dir string) error {
	if n, ok := noise.(*DensityNoise); ok {
		if located, ok := n.Data.(interface{ Locate(dir string) error }); ok {
			return located.Locate(dir)
		}
	}
	return nil
}

// knownNoise is a known density as noise.
type knownNoise struct{ Density }

// Sample implements NoiseDensity.
func (n knownNoise) Sample(shape shapes.Shape, draws random.Draws) *graph.Node {
	return n.Draw(shape, draws)
}

// LogProb implements NoiseDensity.
func (n knownNoise) LogProb(x *graph.Node) *graph.Node { return n.LogDensity(x) }

// fitEach fits a mixture to the training points of each replica.
func fitEach(p Problem, fit func(train datasets.Points) (*datasets.Mixture, error)) (NoiseDensity, error) {
	seen, err := p.seen()
	if err != nil {
		return nil, err
	}
	each := make([]datasets.Density, len(p.Data))
	for i, points := range seen {
		if i > 0 && p.Data[i] == p.Data[0] {
			each[i] = each[0]
			continue
		}
		mixture, err := fit(points)
		if err != nil {
			return nil, err
		}
		each[i] = mixture
	}
	return knownNoise{together(each)}, nil
}
