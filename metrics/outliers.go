package metrics

import (
	"fmt"
	"reflect"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// widening is by how much of the range of the data the box of the outliers is wider on each side.
const widening = 0.5

// UniformOutliers draws n points from the box of the data, in its coordinates, widened by half of its range on each side.
func (p *Panel) UniformOutliers(data datasets.Points, n int, seed int64) (datasets.Points, error) {
	if data.N == 0 || n < 1 {
		return datasets.Points{}, fmt.Errorf("%d outliers around %d points; want at least one of each", n, data.N)
	}
	low, high := data.Range()
	for k := range low {
		margin := widening * (high[k] - low[k])
		low[k], high[k] = low[k]-margin, high[k]+margin
	}
	rows := rowsFor(n)
	got, err := p.run(fmt.Sprint("outliers ", rows), func(in []*graph.Node) []*graph.Node {
		key, low, high := in[0], graph.InsertAxes(in[1], 0), graph.InsertAxes(in[2], 0)
		u := random.NewStream(key).Uniform(shapes.Make(models.DType, rows, data.Dim))
		return []*graph.Node{graph.Add(low, graph.Mul(u, graph.Sub(high, low)))}
	}, random.Seed(seed, purposeOutliers), tensor.From(low, models.DType, data.Dim), tensor.From(high, models.DType, data.Dim))
	if err != nil {
		return datasets.Points{}, err
	}
	return datasets.Points{N: n, Dim: data.Dim, Values: got[:n*data.Dim]}, nil
}

// LogDensities evaluates a known density at points, on the panel's backend: log p in nats [n]. The program of one density is kept at a time.
func (p *Panel) LogDensities(density datasets.Density, points datasets.Points) ([]float64, error) {
	p.calls.Lock()
	defer p.calls.Unlock()
	if !isSame(density, p.density) {
		p.forget(densityProgram)
		p.density = density
	}
	got, err := p.call(densityProgram, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{density.LogDensity(in[0])}
	}, padded(rowsFor(points.N), make([]float64, points.Dim), points))
	if err != nil {
		return nil, err
	}
	return got[:points.N], nil
}

const densityProgram = "log density"

// isSame says whether two densities are one.
func isSame(a, b datasets.Density) bool {
	return a != nil && b != nil && reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}
