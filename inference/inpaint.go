package inference

import (
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
	"joule/samplers"
)

// Inpainting draws missing coordinates of points from the model's density of them given the others, by chains in which those
// stay as they are: the energy that a sampler sees is E at the point that the chain and the known coordinates make together
// ([models.Compiled.Clamped]). As with all chains it is as good as the sampler, in as many steps as it has.
type Inpainting struct {
	// Sampler moves the chains, as many steps as it has.
	Sampler samplers.Sampler
	// Start is where the missing coordinates start from.
	Start samplers.Start
	// Draws is the number of independent draws for each point.
	Draws int
	// Seed fixes all randomness.
	Seed int64
}

// chainsAtOnce is the number of chains of one call, and crowd that of a sampler whose chains move by each other: then those of one
// point make a call, since points with other known coordinates have other densities.
const (
	chainsAtOnce = 8192
	crowd        = 64
)

// Complete draws what is missing of points: known says which coordinates are not, [n·dim]. The draws of the first point come first,
// then those of the second; known coordinates are in them as they were given.
func (p Inpainting) Complete(model *models.Compiled, points datasets.Points, known []bool) (datasets.Points, error) {
	if p.Draws < 1 || len(known) != len(points.Values) {
		return datasets.Points{}, fmt.Errorf("%d draws, and a mask of %d for %d numbers; want at least one draw, and one for each", p.Draws, len(known), len(points.Values))
	}
	chains, together := p.Draws, max(1, min(points.N, chainsAtOnce/p.Draws)) // of a point, and how many points at once
	if _, isCrowd := p.Sampler.(samplers.Crowd); isCrowd {
		chains, together = max(p.Draws, crowd), 1
	}
	c := &completion{Inpainting: p, model: model}
	defer c.close()
	drawn := datasets.NewPoints(points.N*p.Draws, points.Dim)
	for from := 0; from < points.N; from += together {
		rows := chains
		if together == 1 {
			rows = 1 // for all its chains, and in whatever parts they are moved
		}
		values, mask := clamps(points, known, from, together, rows)
		ends, err := c.run(values, mask, together*chains, p.Seed+int64(from)<<32)
		if err != nil {
			return datasets.Points{}, err
		}
		for i := from; i < min(from+together, points.N); i++ {
			for draw := range p.Draws {
				chain := (i-from)*chains + draw
				fill(drawn.Row(i*p.Draws+draw), points.Row(i), ends[chain*points.Dim:], known[i*points.Dim:])
			}
		}
	}
	return finite(drawn)
}

// completion are the chains of one call after another, of programs that are compiled once.
type completion struct {
	Inpainting
	model, clamped *models.Compiled
	chains         *samplers.Chains
}

// run moves n chains with coordinates held at values to their ends.
func (c *completion) run(values, mask *tensors.Tensor, n int, seed int64) (ends []float64, err error) {
	if c.chains == nil {
		if c.clamped, err = c.model.Clamped(values, mask); err != nil {
			return nil, err
		}
		c.chains, err = samplers.NewChains(c.clamped, c.Sampler, c.Start, nil, n, seed, c.Sampler.Length()/2)
	} else {
		c.clamped.Clamp(values, mask)
		err = c.chains.Restart(c.Start, seed)
	}
	if err != nil {
		return nil, err
	}
	if err := c.chains.Run(c.Sampler.Length()); err != nil {
		return nil, err
	}
	ends, _, err = c.chains.Points()
	return ends, err
}

func (c *completion) close() {
	if c.chains != nil {
		c.chains.Close()
	}
}

// clamps are the known values of so many points from one on, each so many times, and 1 where they are known:
// [count·times, dim]. Beyond the last point that one is repeated.
func clamps(points datasets.Points, known []bool, from, count, times int) (values, mask *tensors.Tensor) {
	var at, is []float64
	for i := from; i < from+count; i++ {
		row := min(i, points.N-1)
		for range times {
			for k, v := range points.Row(row) {
				if known[row*points.Dim+k] {
					at, is = append(at, v), append(is, 1)
				} else {
					at, is = append(at, 0), append(is, 0)
				}
			}
		}
	}
	shape := []int{count * times, points.Dim}
	return tensor.From(at, models.DType, shape...), tensor.From(is, models.DType, shape...)
}

// fill writes a point of known coordinates and of those of a chain.
func fill(to, given, chain []float64, known []bool) {
	for k := range to {
		to[k] = chain[k]
		if known[k] {
			to[k] = given[k]
		}
	}
}
