package models

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/tensor"
)

// examples are all kinds with small settings, under the name of the kind and of what is special about them.
var examples = map[string]Energy{
	"conditional_autoencoder":              &ConditionalAutoencoder{Hidden: []int{5, 4}, Activation: "gelu", NoiseLevels: NoiseLevels{SigmaMin: 0.3, SigmaMax: 4, DataStd: 1.5, Embedding: 3}},
	"conditional_autoencoder, level":       midway{&ConditionalAutoencoder{Hidden: []int{4}, Activation: "silu", NoiseLevels: NoiseLevels{SigmaMin: 0.1, SigmaMax: 4, DataStd: 1, Embedding: 4}}},
	"conditional_conv":                     smallConditionalConv(),
	"conditional_conv, level":              midway{smallConditionalConv()},
	"conv":                                 &Conv{Convolutions: smallConvolutions(), Hidden: []int{3}, Activation: "gelu", Confinement: 2},
	"conv, classes":                        &Conv{Convolutions: Convolutions{Shape: []int{1, 2, 2}, Channels: []int{2}, Kernels: []int{1}, Strides: []int{1}, Paddings: []int{0}}, Activation: "tanh", Head: Head{2}},
	"conditional_mlp":                      &ConditionalMLP{Hidden: []int{5, 4}, Activation: "silu", NoiseLevels: NoiseLevels{SigmaMin: 0.3, SigmaMax: 4, DataStd: 1.5, Embedding: 3}},
	"conditional_mlp, level":               midway{&ConditionalMLP{Hidden: []int{4, 3}, Activation: "gelu", NoiseLevels: NoiseLevels{SigmaMin: 0.1, SigmaMax: 4, DataStd: 1, Embedding: 4}}},
	"flow":                                 smallFlow(),
	"fourier_mlp":                          &FourierMLP{Features: 3, Scale: 0.2, MLP: MLP{Hidden: []int{5, 4}, Activation: "silu", Confinement: 3}},
	"fourier_mlp, shallow":                 &FourierMLP{Features: 2, Scale: 0.3, FeatureSeed: 7, MLP: MLP{Hidden: []int{4}, Activation: "tanh"}},
	"mlp":                                  &MLP{Hidden: []int{5, 4}, Activation: "softplus"},
	"mlp, classes":                         &MLP{Hidden: []int{5, 4}, Activation: "silu", Confinement: 2, Head: Head{3}},
	"mlp, a class":                         OfClass(&MLP{Hidden: []int{5}, Activation: "tanh", Confinement: 2, Head: Head{3}}, 1),
	"fourier_mlp, classes":                 &FourierMLP{Features: 2, Scale: 0.3, MLP: MLP{Hidden: []int{4}, Activation: "tanh", Head: Head{2}}},
	"residual_mlp, classes":                &ResidualMLP{Width: 4, Blocks: 2, Activation: "silu", Head: Head{4}},
	"patch_transformer":                    &PatchTransformer{Patches: smallPatches(0), Confinement: 2},
	"patch_transformer, classes":           &PatchTransformer{Patches: smallPatches(3)},
	"conditional_patch_transformer":        &ConditionalPatchTransformer{smallPatches(2), NoiseLevels{0.3, 4, 1.5, 3}},
	"conditional_patch_transformer, level": midway{&ConditionalPatchTransformer{smallPatches(0), NoiseLevels{0.3, 4, 1.5, 3}}},
	"resnet":                               &ResNet{Residual: smallResidual(0), Confinement: 2},
	"resnet, normed":                       &ResNet{Residual: Residual{Shape: []int{2, 2, 1}, Channels: []int{2}, Blocks: 2, Activation: "tanh", SpectralNorm: true, Head: Head{2}}},
	"conditional_resnet":                   &ConditionalResNet{smallResidual(2), NoiseLevels{0.3, 4, 1.5, 3}},
	"conditional_resnet, level":            midway{&ConditionalResNet{smallResidual(0), NoiseLevels{0.3, 4, 1.5, 3}}},
	"product":                              &Product{Experts: []Energy{NewQuadratic(), smallMLP()}},
	"product, weighted": &Product{
		Experts: []Energy{smallMLP(), &Tilted{Base: NewQuadratic(), Tilt: &RBM{Hidden: 3, Std: 2}}, NewQuadratic()}, Weights: []float64{0.5, 2, 1.5}},
	"quadratic":          NewQuadratic(),
	"radial":             &Radial{Inner: smallMLP(), Scale: 3, Power: 2},
	"radial, steep":      &Radial{Inner: &Radial{Inner: NewQuadratic(), Scale: 1.5, Power: 3}, Scale: 0.7, Power: 1.2},
	"rbm":                &RBM{Hidden: 4, Std: 0.7},
	"residual_mlp":       &ResidualMLP{Width: 4, Blocks: 2, Activation: "silu", Confinement: 2},
	"residual_mlp, deep": &ResidualMLP{Width: 3, Blocks: 3, Activation: "gelu"},
	"tilted":             &Tilted{Base: &Flow{Layers: 2, Hidden: []int{3}, Activation: "silu", ScaleBound: 2}, Tilt: smallMLP()},
}

func smallMLP() *MLP { return &MLP{Hidden: []int{4, 3}, Activation: "tanh"} }

func smallConvolutions() Convolutions {
	return Convolutions{Shape: []int{2, 4, 1}, Channels: []int{3, 2}, Kernels: []int{3, 2}, Strides: []int{1, 2}, Paddings: []int{1, 0}}
}

func smallConditionalConv() *ConditionalConv {
	return &ConditionalConv{smallConvolutions(), ConditionalMLP{Hidden: []int{3}, Activation: "silu", NoiseLevels: NoiseLevels{SigmaMin: 0.3, SigmaMax: 4, DataStd: 1.5, Embedding: 3}}}
}

func smallPatches(classes int) Patches {
	return Patches{Shape: []int{2, 4, 1}, Patch: 2, Width: 4, Heads: 2, Blocks: 1, Expansion: 1, Activation: "silu", Head: Head{classes}}
}

func smallResidual(classes int) Residual {
	return Residual{Shape: []int{2, 4, 1}, Channels: []int{3, 2}, Blocks: 1, Activation: "silu", AttentionHeads: 1, Head: Head{classes}}
}

// Every kind is among the examples.
func TestExamplesAreComplete(t *testing.T) {
	for kind, construct := range Kinds {
		if example, ok := examples[kind]; !ok || fmt.Sprintf("%T", example) != fmt.Sprintf("%T", construct()) {
			t.Errorf("there is no example of kind %s", kind)
		}
	}
}

// midway is a conditional energy at a level between its smallest and its largest.
type midway struct{ Conditional }

func (m midway) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return Net{m.Conditional, theta}.At(graph.Scalar(x.Graph(), x.DType(), 0.7)).Energy(x)
}

func (m midway) Score(theta []*graph.Node, x *graph.Node, final bool) *graph.Node {
	return Net{m.Conditional, theta}.At(graph.Scalar(x.Graph(), x.DType(), 0.7)).score(x, final)
}

// ofImages says of an example whether its points are images.
func ofImages(name string) bool {
	return strings.Contains(name, "conv") || strings.Contains(name, "resnet") || strings.Contains(name, "transformer")
}

// forExamples runs a test for every example, in one, two and three dimensions, and for models of images in those of their images.
func forExamples(t *testing.T, test func(t *testing.T, model Energy, dim int)) {
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		for _, dim := range []int{1, 2, 3, 4, 8} {
			if _, err := examples[name].Parameters(dim); err != nil || dim > 3 && !ofImages(name) {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", name, dim), func(t *testing.T) { test(t, examples[name], dim) })
		}
	}
}

// The score, and the drift with it, is −∇E by differentiation and by finite differences; its derivatives by x and by θ, which
// differentiate twice, are differences of the score. (That XLA has the same values is seen by TestReplicas.)
func TestScores(t *testing.T) {
	backend := backendtest.Open(t, "go")
	forExamples(t, func(t *testing.T, model Energy, dim int) {
		const n, h = 2, 1e-5
		x, v := normals(n*dim, uint64(dim)), normals(n*dim, 8)
		theta := moved(t, model, dim, 3, 0.3)
		along := func(score *graph.Node) *graph.Node {
			return graph.ReduceAllSum(graph.Mul(score, graph.Reshape(graph.Const(score.Graph(), v), n, dim)))
		}
		got := prepare(t, backend, model, dim, func(net Net, x *graph.Node) []*graph.Node {
			score := net.Score(x)
			out := []*graph.Node{score, autodiffScore(model, net.Theta, x), net.Drift(x)}
			return append(out, graph.Gradient(along(score), append([]*graph.Node{x}, net.Theta...)...)...)
		})(theta, x)
		energy := prepare(t, backend, model, dim, func(net Net, x *graph.Node) []*graph.Node {
			return []*graph.Node{graph.ReduceAllSum(net.Energy(x))}
		})
		directed := prepare(t, backend, model, dim, func(net Net, x *graph.Node) []*graph.Node {
			return []*graph.Node{along(net.Score(x))}
		})
		// central is the derivative of a scalar by a number.
		central := func(of func([][]float64, []float64) [][]float64, by *float64) float64 {
			defer func(value float64) { *by = value }(*by)
			*by += h
			up := of(theta, x)[0][0]
			*by -= 2 * h
			return (up - of(theta, x)[0][0]) / (2 * h)
		}
		for i := range x {
			near(t, "the score by finite differences", -central(energy, &x[i]), got[0][i], 1e-7)
			near(t, "the score by differentiation", got[1][i], got[0][i], 1e-12)
			near(t, "the drift", got[2][i], got[0][i], 1e-12)
			near(t, "the derivative of the score by a coordinate", got[3][i], central(directed, &x[i]), 1e-7)
		}
		for k := range theta {
			for j := range theta[k] {
				near(t, fmt.Sprintf("the derivative of the score by parameter %d, number %d", k, j), got[4+k][j], central(directed, &theta[k][j]), 1e-7)
			}
		}
	})
}

// What slices of score matching differentiate three times, vᵀ∇s(x)v, has the derivatives of finite differences in networks of
// images, by x and by every parameter.
func TestThirdDerivatives(t *testing.T) {
	backend := backendtest.Open(t, "go")
	forExamples(t, func(t *testing.T, model Energy, dim int) {
		if dim <= 3 {
			return // the others are of what these are made of, too
		}
		const h = 1e-4
		x, v, theta := normals(dim, 2), normals(dim, 3), moved(t, model, dim, 4, 0.2)
		run := prepare(t, backend, model, dim, func(net Net, x *graph.Node) []*graph.Node {
			direction := graph.Reshape(graph.Const(x.Graph(), v), 1, dim)
			along := graph.ReduceAllSum(graph.Mul(net.Score(x), direction))
			curvature := graph.ReduceAllSum(graph.Mul(graph.Gradient(along, x)[0], direction))
			return append([]*graph.Node{curvature}, graph.Gradient(curvature, append([]*graph.Node{x}, net.Theta...)...)...)
		})
		got := run(theta, x)
		for k, values := range append([][]float64{x}, theta...) {
			value := values[0]
			values[0] = value + h
			up := run(theta, x)[0][0]
			values[0] = value - h
			want := (up - run(theta, x)[0][0]) / (2 * h)
			values[0] = value
			near(t, fmt.Sprintf("the derivative of the curvature by input %d", k), got[1+k][0], want, 1e-5*max(1, math.Abs(want)))
		}
	})
}

// Several replicas at once are, on every backend, what each is alone on the Go backend.
func TestReplicas(t *testing.T) {
	reference := backendtest.Open(t, "go")
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		forExamples(t, func(t *testing.T, model Energy, dim int) {
			_, flow := model.(*Flow)
			compiled := model == examples["conditional_conv"] || model == examples["conditional_resnet"]
			if dim != 2 && !(flow && dim == 1) && !compiled && backend != reference {
				return // compiling takes a while there
			}
			checkReplicas(t, backend, reference, model, dim)
		})
	})
}

func checkReplicas(t *testing.T, backend, reference compute.Backend, model Energy, dim int) {
	const replicas, n = 2, 3
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	outputs := func(net Net, x *graph.Node) []*graph.Node {
		score := net.Score(x)
		return append([]*graph.Node{net.Energy(x), score, net.Drift(x)},
			graph.Gradient(graph.ReduceAllSum(graph.Square(score)), append([]*graph.Node{x}, net.Theta...)...)...)
	}
	first, second := moved(t, model, dim, 1, 0.3), moved(t, model, dim, 2, 0.3)
	x := normals(replicas*n*dim, 4)
	var in []any
	for i, p := range parameters {
		in = append(in, tensor.From(append(slices.Clone(first[i]), second[i]...), dtypes.Float64, append([]int{replicas}, p.Shape...)...))
	}
	in = append(in, tensor.From(x, dtypes.Float64, replicas, n, dim))
	out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
		return outputs(Net{model, in[:len(parameters)]}, in[len(parameters)])
	}, in...)
	if err != nil {
		t.Fatal(err)
	}
	together := numbers(t, out)
	alone := prepare(t, reference, model, dim, outputs)
	for i, theta := range [][][]float64{first, second} {
		for k, want := range alone(theta, x[i*n*dim:(i+1)*n*dim]) {
			for j := range want {
				near(t, fmt.Sprintf("output %d of replica %d", k, i), together[k][i*len(want)+j], want[j], 1e-11*max(1, math.Abs(want[j])))
			}
		}
	}
}

// Energies and scores are finite far from the data, in the type that models are trained in; and the parameters have names of
// their own and as many initial values as their shape says.
func TestInitialValues(t *testing.T) {
	backend := backendtest.Open(t, "go")
	forExamples(t, func(t *testing.T, model Energy, dim int) {
		parameters, err := model.Parameters(dim)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		var values []Value
		for i, v := range moved(t, model, dim, 1, 0) {
			p := parameters[i]
			if names[p.Name] || len(v) != p.Size() {
				t.Errorf("parameter %s of shape %v has %d initial values, or the name of another", p.Name, p.Shape, len(v))
			}
			names[p.Name] = true
			values = append(values, Value{p.Name, p.Shape, v})
		}
		compiled, err := Compile(backend, model, dim, values)
		if err != nil {
			t.Fatal(err)
		}
		var x []float64
		for _, size := range []float64{0, 1, -30, 1e3, -1e3} {
			for range dim {
				x = append(x, size)
			}
		}
		energies, err := compiled.Energies(x)
		if err != nil {
			t.Fatal(err)
		}
		scores, err := compiled.Scores(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range append(energies, scores...) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("energies %v, scores %v", energies, scores)
			}
		}
	})
}
