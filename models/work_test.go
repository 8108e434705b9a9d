package models

import (
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/products"
)

// worked are energies whose matrix products are most of their work, with the dimensions of their points.
var worked = map[string]struct {
	model Energy
	dim   int
}{
	"mlp":                           {&MLP{Hidden: []int{48, 64}, Activation: "silu"}, 4},
	"mlp, classes":                  {&MLP{Hidden: []int{48, 64}, Activation: "silu", Head: Head{3}}, 4},
	"fourier_mlp":                   {&FourierMLP{Features: 3, Scale: 1, MLP: MLP{Hidden: []int{64, 64}, Activation: "tanh"}}, 4},
	"flow":                          {&Flow{Layers: 3, Hidden: []int{48, 48}, Activation: "gelu", ScaleBound: 1}, 4},
	"conditional_mlp":               {&ConditionalMLP{Hidden: []int{64, 128}, Activation: "silu", NoiseLevels: NoiseLevels{0.1, 3, 1, 1}}, 4},
	"radial":                        {&Radial{Inner: imageResNet(0), Scale: 2, Power: 2}, 64},
	"product":                       {&Product{Experts: []Energy{imageConv(), &MLP{Hidden: []int{200}, Activation: "silu"}}}, 64},
	"tilted":                        {&Tilted{Base: &PatchTransformer{Patches: imagePatches()}, Tilt: imageConv()}, 64},
	"conv":                          {imageConv(), 64},
	"conditional_conv":              {&ConditionalConv{imageConv().Convolutions, ConditionalMLP{Hidden: []int{32}, Activation: "silu", NoiseLevels: NoiseLevels{0.1, 3, 1, 1}}}, 64},
	"resnet":                        {imageResNet(0), 64},
	"resnet, attention":             {imageResNet(2), 64},
	"conditional_resnet":            {&ConditionalResNet{imageResNet(2).Residual, NoiseLevels{0.1, 3, 1, 1}}, 64},
	"patch_transformer":             {&PatchTransformer{Patches: imagePatches()}, 64},
	"conditional_patch_transformer": {&ConditionalPatchTransformer{imagePatches(), NoiseLevels{0.1, 3, 1, 1}}, 64},
}

func imageConv() *Conv {
	return &Conv{Convolutions: Convolutions{Shape: []int{8, 8, 1}, Channels: []int{8, 16}, Kernels: []int{3, 3}, Strides: []int{1, 2}, Paddings: []int{1, 1}}, Hidden: []int{32}, Activation: "silu"}
}

func imageResNet(heads int) *ResNet {
	return &ResNet{Residual: Residual{Shape: []int{8, 8, 1}, Channels: []int{8, 16}, Blocks: 2, Activation: "silu", AttentionHeads: heads}}
}

func imagePatches() Patches {
	return Patches{Shape: []int{8, 8, 1}, Patch: 2, Width: 32, Heads: 4, Blocks: 2, Expansion: 3, Activation: "gelu"}
}

// passes counts the multiplications of a graph of the energy, for each point and in units of what Multiplications says.
func passes(t *testing.T, model Energy, dim int, define func(net Net, x *graph.Node) []*graph.Node) float64 {
	t.Helper()
	const points = 5
	g := graph.NewGraph(backendtest.Open(t, "go"), t.Name())
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	net := Net{Model: model}
	for _, p := range parameters {
		net.Theta = append(net.Theta, graph.Parameter(g, p.Name, shapes.Make(dtypes.Float32, p.Shape...)))
	}
	x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, points, dim))
	count, err := products.Count(define(net, x)...)
	if err != nil {
		t.Fatal(err)
	}
	once, err := Multiplications(model, dim)
	if err != nil {
		t.Fatal(err)
	}
	return float64(count) / points / float64(once)
}

func energyOf(net Net, x *graph.Node) []*graph.Node { return []*graph.Node{net.Energy(x)} }

// Multiplications are those of the graph of an energy, but for the biases, which are few.
func TestMultiplications(t *testing.T) {
	for name, c := range worked {
		near(t, name+": products of a pass, by what Multiplications says,", passes(t, c.model, c.dim, energyOf), 1, 0.07)
	}
}
