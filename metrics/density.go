package metrics

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/tensor"
	"joule/models"
)

// LogDensities evaluates a known density at points, on a backend: log p in nats [n].
func LogDensities(backend compute.Backend, density datasets.Density, points datasets.Points) ([]float64, error) {
	out, err := graph.CallOnce(backend, density.LogDensity, tensor.From(points.Values, models.DType, points.N, points.Dim))
	if err != nil {
		return nil, err
	}
	return tensor.Values(out)
}
