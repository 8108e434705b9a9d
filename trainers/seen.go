package trainers

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
	"joule/internal/tensor"
)

// seenPoints are enough augmented points to fit something to.
const seenPoints = 10000

// seen are training points of each set as batches hold them: with what Set.Augment makes of them, once, where there is such.
func seen(backend compute.Backend, replicas []member, dtype dtypes.DType) ([]datasets.Points, error) {
	all := make([]datasets.Points, len(replicas))
	for i, r := range replicas {
		switch {
		case r.Data.Augment == nil:
			all[i] = r.Data.Train
		case i > 0 && r.Data == replicas[0].Data:
			all[i] = all[0]
		default:
			var err error
			if all[i], err = augmentOnce(backend, r, dtype); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func augmentOnce(backend compute.Backend, r member, dtype dtypes.DType) (datasets.Points, error) {
	train := r.Data.Train
	points := datasets.Points{N: min(train.N, seenPoints), Dim: train.Dim} // in random order, as the split has left them
	x, key := tensor.From(train.Values[:points.N*points.Dim], dtype, points.N, points.Dim), random.Seed(r.Seed, purposeSeen)
	defer tensor.Free(x, key)
	out, err := graph.CallOnce(backend, func(x, key *graph.Node) *graph.Node {
		return r.Data.Augment.Augment(x, random.NewStream(key))
	}, x, key)
	if err != nil {
		return points, err
	}
	defer tensor.Free(out)
	points.Values, err = tensor.Values(out)
	return points, err
}
