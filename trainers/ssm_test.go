package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// small is a network of two coordinates with given parameters, in float64.
func small(t *testing.T, backend compute.Backend, define func(net models.Net, in []*graph.Node) []*graph.Node, in ...any) [][]float64 {
	t.Helper()
	mlp := &models.MLP{Hidden: []int{4, 3}, Activation: "silu", Confinement: 2}
	parameters, err := mlp.Parameters(2)
	if err != nil {
		t.Fatal(err)
	}
	var all []any
	for i, p := range parameters {
		all = append(all, tensor.From(waves(i, p.Size()), dtypes.Float64, p.Shape...))
	}
	n := len(all)
	return evaluate(t, backend, func(nodes []*graph.Node) []*graph.Node {
		return define(models.Net{Model: mlp, Theta: nodes[:n]}, nodes[n:])
	}, append(all, in...)...)
}

// waves are n numbers between -1 and 1, others for every i.
func waves(i, n int) []float64 {
	values := make([]float64, n)
	for j := range values {
		values[j] = math.Sin(float64(7*i + 3*j + 1))
	}
	return values
}

// signs are all directions ±1 of the five points, one after the other: together their mean is the expectation.
func signs(like *graph.Node) (all []*graph.Node) {
	for _, s := range [][]float64{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
		all = append(all, graph.BroadcastToDims(graph.Const(like.Graph(), [][]float64{s}), like.Shape().Dimensions...))
	}
	return all
}

// In expectation over its directions sliced score matching is the exact one, with and without reduced variance, for any
// energy; so are its gradients. Along a single direction it is not.
func TestSSMIsSM(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		want := small(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return withGradients(NewSM().Loss(net, in[0]), net)
		}, fivePoints)
		for _, reduced := range []bool{false, true} {
			loss := func(directions int) [][]float64 {
				return small(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
					return withGradients((&SSM{VarianceReduced: reduced}).Loss(net, in[0], signs(in[0])[:directions]), net)
				}, fivePoints)
			}
			nearAll(t, "the loss or its gradient", loss(4), want, 1e-13)
			if one := loss(1)[0][0]; math.Abs(one-want[0][0]) < 1e-3 {
				t.Errorf("the loss along one direction is %v, and over all the same", one)
			}
		}
	})
}

// Directions have mean 0 and the covariance I, to five standard errors; their lengths are what they should be.
func TestDirections(t *testing.T) {
	const n, dim = 20000, 3
	fourth := map[string]float64{"rademacher": 1, "gaussian": 3, "spherical": 3 * float64(dim) / (dim + 2)} // E v⁴ of a coordinate
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for distribution, fourth := range fourth {
			v := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{directions(distribution, shapes.Make(dtypes.Float32, n, dim), random.NewStream(in[0]))}
			}, random.Seed(1, 2))[0]
			var mean [dim]float64
			var second [dim][dim]float64
			for i := 0; i < len(v); i += dim {
				for k := range dim {
					mean[k] += v[i+k] / n
					for l := range dim {
						second[k][l] += v[i+k] * v[i+l] / n
					}
				}
				if length := v[i]*v[i] + v[i+1]*v[i+1] + v[i+2]*v[i+2]; distribution != "gaussian" {
					near(t, distribution+": a squared length", length, dim, 1e-5)
				}
				if distribution == "rademacher" && math.Abs(v[i]) != 1 {
					t.Fatalf("a coordinate is %v", v[i])
				}
			}
			for k := range dim {
				near(t, distribution+": a mean", mean[k], 0, 5/math.Sqrt(n))
				near(t, distribution+": a variance", second[k][k], 1, 1e-6+5*math.Sqrt((fourth-1)/n))
				for l := range k {
					near(t, distribution+": a covariance", second[k][l], 0, 5/math.Sqrt(n)) // E v_k²v_l² is at most 1
				}
			}
		}
	})
}
