package trainers

import (
	"maps"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
	"joule/models"
)

// scoreSpecs are a small run of every method that matches scores of data alone.
func scoreSpecs(spec func(Method) Spec) map[string]Spec {
	levels := spec(NewMSDSM())
	levels.Model = &models.ConditionalMLP{Hidden: []int{6, 5}, Activation: "silu", NoiseLevels: models.NoiseLevels{SigmaMin: 0.1, SigmaMax: 3, DataStd: 1, Embedding: 3}}
	// Of a network the gradient by the last bias would be nothing but rounding, which Adam makes steps of.
	differences := spec(&FDSM{Epsilon: 1, Projections: 2, Distribution: "rademacher"})
	differences.Model = models.NewQuadratic()
	return map[string]Spec{
		"sm": spec(NewSM()), "ssm": spec(&SSM{Projections: 2, Distribution: "spherical"}), "fdsm": differences,
		"ksd": spec(NewKSD()), "msdsm": levels,
	}
}

// quick leaves out of specs, on XLA, those of scoreSpecs: a second of compiling each, for programs that differ from others in the
// loss alone. That XLA computes the losses right is tested with less.
func quick(backend compute.Backend, specs map[string]Spec) map[string]Spec {
	specs = maps.Clone(specs)
	if !backendtest.OnXLA(backend) {
		return specs
	}
	for name := range scoreSpecs(func(Method) Spec { return Spec{} }) {
		delete(specs, name)
	}
	return specs
}

// With an axis of replicas the losses are those of each replica, with its parameters, points and directions.
func TestLossesOfReplicas(t *testing.T) {
	losses := map[string]func(net models.Net, x, v, bandwidth *graph.Node) *graph.Node{
		"sm": func(net models.Net, x, _, _ *graph.Node) *graph.Node { return NewSM().Loss(net, x) },
		"ssm": func(net models.Net, x, v, _ *graph.Node) *graph.Node {
			return (&SSM{}).Loss(net, x, []*graph.Node{v, x})
		},
		"fdsm": func(net models.Net, x, v, _ *graph.Node) *graph.Node {
			return NewFDSM().Loss(net, x, []*graph.Node{v, x})
		},
		"ksd": func(net models.Net, x, _, bandwidth *graph.Node) *graph.Node { return NewKSD().Loss(net, x, bandwidth) },
	}
	mlp := &models.MLP{Hidden: []int{4, 3}, Activation: "tanh"}
	parameters, err := mlp.Parameters(2)
	if err != nil {
		t.Fatal(err)
	}
	points, directions := [][][]float64{fivePoints, negativePoints}, [][][]float64{fiveNoises, fivePoints}
	bandwidths := [][][]float64{{{0.7}}, {{1.9}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		var theta []any
		for i, p := range parameters {
			theta = append(theta, tensor.From(waves(i, 2*p.Size()), dtypes.Float64, append([]int{2}, p.Shape...)...))
		}
		for name, loss := range losses {
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				n := len(theta)
				out := []*graph.Node{loss(models.Net{Model: mlp, Theta: in[:n]}, in[n], in[n+1], in[n+2])}
				for replica := range 2 {
					alone := make([]*graph.Node, len(in))
					for i, node := range in {
						alone[i] = graph.Squeeze(graph.SliceAxis(node, 0, graph.AxisElem(replica)), 0)
					}
					out = append(out, loss(models.Net{Model: mlp, Theta: alone[:n]}, alone[n], alone[n+1], graph.Reshape(alone[n+2])))
				}
				return out
			}, append(theta[:len(theta):len(theta)], points, directions, bandwidths)...)
			for replica := range 2 {
				near(t, name+": the loss of a replica", got[0][replica], got[1+replica][0], 1e-10)
			}
			if got[1][0] == got[2][0] {
				t.Errorf("%s: both replicas have the loss %v", name, got[1][0])
			}
		}
	})
}
