package random

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// A Replay hands out what it was given, in order, normal and uniform numbers each on their own, and then NaN.
func TestReplay(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		exec := func(define func(normals, uniforms *graph.Node) []*graph.Node) ([][]float64, error) {
			out, err := graph.CallOnceN(backend, define, [][]float64{{1, 2}, {3, 4}, {5, 6}}, [][]float64{{0.1}, {0.2}})
			if err != nil {
				return nil, err
			}
			values := make([][]float64, len(out))
			for i, o := range out {
				if values[i], err = tensor.Values(o); err != nil {
					t.Fatal(err)
				}
			}
			return values, nil
		}
		two, one := shapes.Make(dtypes.Float64, 2), shapes.Make(dtypes.Float64, 1)
		got, err := exec(func(normals, uniforms *graph.Node) []*graph.Node {
			r := NewReplay(normals.Graph(), normals, uniforms)
			out := []*graph.Node{r.Normal(two), r.Uniform(one)}
			mark := r.State()
			out = append(out, r.Normal(two), r.Normal(two), r.Uniform(one))
			out = append(out, r.At(mark, nil).Normal(two)) // another reader, from where the mark was set
			r.Resume(mark)
			return append(out, r.Normal(two), r.Uniform(one))
		})
		if err != nil {
			t.Fatal(err)
		}
		want := [][]float64{{1, 2}, {0.1}, {3, 4}, {5, 6}, {0.2}, {3, 4}, {3, 4}, {0.2}}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("draw %d is %v, want %v", i, got[i], want[i])
			}
		}
		got, err = exec(func(normals, uniforms *graph.Node) []*graph.Node {
			r := NewReplay(normals.Graph(), normals, uniforms)
			return []*graph.Node{r.Uniform(one), r.Uniform(one), r.Uniform(one)}
		})
		if err != nil || !math.IsNaN(got[2][0]) {
			t.Errorf("a draw more than given is %v, error %v; want NaN", got, err)
		}
		for want, define := range map[string]func(normals, uniforms *graph.Node) []*graph.Node{
			"a normal draw is needed and none is given": func(_, u *graph.Node) []*graph.Node {
				return []*graph.Node{NewReplay(u.Graph(), nil, u).Normal(two)}
			},
			"a uniform draw is needed and none is given": func(z, _ *graph.Node) []*graph.Node {
				return []*graph.Node{NewReplay(z.Graph(), z, nil).Uniform(two)}
			},
			"the given normal draws are (Float64)[3, 2], and a draw of (Float64)[3] is needed": func(z, u *graph.Node) []*graph.Node {
				return []*graph.Node{NewReplay(z.Graph(), z, u).Normal(shapes.Make(dtypes.Float64, 3))}
			},
			"the given uniform draws are (Float64)[2, 1], and a draw of (Float32)[1] is needed": func(z, u *graph.Node) []*graph.Node {
				return []*graph.Node{NewReplay(z.Graph(), z, u).Uniform(shapes.Make(dtypes.Float32, 1))}
			},
		} {
			if _, err := exec(define); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
		}
	})
}
