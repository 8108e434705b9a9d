package metrics

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// log Z of a Gaussian of variance v in D dimensions is ½D log 2πv, by each of the ways; a flow has none.
func TestNormalize(t *testing.T) {
	const v = 0.1
	points := func(dim int) *datasets.Set {
		p := datasets.NewPoints(200, dim)
		for i := range p.Values {
			p.Values[i] = math.Sin(float64(7 * i))
		}
		return &datasets.Set{Train: p}
	}
	diagonal := func(dim int) *models.Quadratic {
		q := &models.Quadratic{Mean: make([]float64, dim)}
		for k := range dim {
			row := make([]float64, dim)
			row[k] = 1 / v
			q.Precision = append(q.Precision, row)
		}
		return q
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for dim, way := range map[int]string{2: WayGrid, 3: WayAIS} {
			model, err := models.Compile(backend, diagonal(dim), dim, nil)
			if err != nil {
				t.Fatal(err)
			}
			n, err := Normalize(model, points(dim), Options{AIS: &AIS{Chains: 500, Steps: 100, Leapfrog: 3}})
			if err != nil {
				t.Fatal(err)
			}
			want := 0.5 * float64(dim) * math.Log(2*math.Pi*v)
			if n.Way != way || math.Abs(n.LogZ-want) > 4*n.StandardError+1e-4 || n.StandardError > 0.05 || (n.StandardError > 0) != (way == WayAIS) || len(n.Warnings) > 0 {
				t.Errorf("in %d dimensions: %+v, want log Z %v", dim, n, want)
			}
		}
	})
	flow := &models.Compiled{Model: models.NewFlow(), Dim: 5}
	if n, err := Normalize(flow, points(5), Options{}); err != nil || n.LogZ != 0 || n.Way != WayExact {
		t.Errorf("a flow: %+v, %v", n, err)
	}
	narrow := &models.Quadratic{Mean: []float64{9, 9, 9}, Precision: [][]float64{{1e4, 0, 0}, {0, 1e4, 0}, {0, 0, 1e4}}}
	model, err := models.Compile(backendtest.Open(t, "go"), narrow, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Normalize(model, points(3), Options{AIS: &AIS{Chains: 50, Steps: 20, Leapfrog: 1}}); err == nil || !strings.Contains(err.Error(), "effective chains: its log Z is not to be trusted") {
		t.Errorf("few effective chains: error %v", err)
	}
}
