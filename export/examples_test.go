package export

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"joule/datasets"
	"joule/models"
)

// example is a small model of a kind, with parameters that are none's initial values.
type example struct {
	name string
	Model
}

// kinds are the examples: of every kind of model, and of what is special about some.
func examples(t *testing.T) []example {
	t.Helper()
	levels := models.NoiseLevels{SigmaMin: 0.3, SigmaMax: 4, DataStd: 1.5, Embedding: 3}
	convolutions := models.Convolutions{Shape: []int{2, 4, 1}, Channels: []int{3, 2}, Kernels: []int{3, 2}, Strides: []int{1, 2}, Paddings: []int{1, 0}}
	patches := func(classes int) models.Patches {
		return models.Patches{Shape: []int{2, 4, 1}, Patch: 2, Width: 4, Heads: 2, Blocks: 1, Expansion: 1, Activation: "silu", Head: models.Head{Number: classes}}
	}
	residual := func(classes int) models.Residual {
		return models.Residual{Shape: []int{2, 4, 1}, Channels: []int{3, 2}, Blocks: 1, Activation: "silu", AttentionHeads: 1, SpectralNorm: classes > 0, Head: models.Head{Number: classes}}
	}
	mlp := func() *models.MLP { return &models.MLP{Hidden: []int{4, 3}, Activation: "tanh"} }
	conditional := &models.ConditionalMLP{Hidden: []int{5, 4}, Activation: "silu", NoiseLevels: levels}
	classifier := &models.MLP{Hidden: []int{5}, Activation: "tanh", Confinement: 2, Head: models.Head{Number: 3}}
	table := []struct {
		name   string
		energy models.Energy
		dim    int
	}{
		{"conditional_autoencoder", &models.ConditionalAutoencoder{Hidden: []int{5, 4}, Activation: "gelu", NoiseLevels: levels}, 3},
		{"conditional_conv", &models.ConditionalConv{Convolutions: convolutions, ConditionalMLP: models.ConditionalMLP{Hidden: []int{3}, Activation: "silu", NoiseLevels: levels}}, 8},
		{"conditional_mlp", conditional, 2},
		{"conditional_mlp at a level", models.AtLevel(conditional, 0.7), 2},
		{"conditional_patch_transformer", &models.ConditionalPatchTransformer{Patches: patches(2), NoiseLevels: levels}, 8},
		{"conditional_resnet", &models.ConditionalResNet{Residual: residual(2), NoiseLevels: levels}, 8},
		{"conv", &models.Conv{Convolutions: convolutions, Hidden: []int{3}, Activation: "gelu", Confinement: 2}, 8},
		{"flow", &models.Flow{Layers: 2, Hidden: []int{3}, Activation: "silu", ScaleBound: 2}, 2},
		{"flow of one coordinate", &models.Flow{Layers: 2, Hidden: []int{3}, Activation: "silu", ScaleBound: 2}, 1},
		{"fourier_mlp", &models.FourierMLP{Features: 3, Scale: 0.2, MLP: models.MLP{Hidden: []int{5, 4}, Activation: "silu", Confinement: 3}}, 2},
		{"mlp", &models.MLP{Hidden: []int{5, 4}, Activation: "softplus"}, 3},
		{"mlp with classes", classifier, 2},
		{"mlp of a class", models.OfClass(classifier, 1), 2},
		{"patch_transformer", &models.PatchTransformer{Patches: patches(0), Confinement: 2}, 8},
		{"product", &models.Product{Experts: []models.Energy{mlp(), &models.RBM{Hidden: 3, Std: 2}}, Weights: []float64{0.5, 2}}, 2},
		{"quadratic", models.NewQuadratic(), 3},
		{"radial", &models.Radial{Inner: mlp(), Scale: 1.5, Power: 1.3}, 2},
		{"rbm", &models.RBM{Hidden: 4, Std: 0.7}, 3},
		{"residual_mlp", &models.ResidualMLP{Width: 4, Blocks: 2, Activation: "gelu", Confinement: 2}, 2},
		{"resnet", &models.ResNet{Residual: residual(0), Confinement: 2}, 8},
		{"resnet with classes", &models.ResNet{Residual: residual(2), Confinement: 2}, 8},
		{"tilted", &models.Tilted{Base: models.NewQuadratic(), Tilt: mlp()}, 2},
	}
	kinds := map[string]bool{}
	var all []example
	for i, e := range table {
		kinds[fmt.Sprintf("%T", e.energy)] = true
		parameters, err := e.energy.Parameters(e.dim)
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		r := rand.New(rand.NewPCG(uint64(i), 1))
		var values []models.Value
		for _, p := range parameters {
			v := p.Init(r)
			for k := range v {
				v[k] += 0.3 * r.NormFloat64()
			}
			values = append(values, models.Value{Name: p.Name, Shape: p.Shape, Numbers: v})
		}
		transform := &datasets.Standardizer{}
		for k := range e.dim {
			transform.Mean = append(transform.Mean, 3.1*float64(k)-1)
			transform.Std = append(transform.Std, 0.5+float64(k))
		}
		switch i % 3 {
		case 0:
			transform = nil
		case 1:
			transform.Logit = 0.05
		}
		all = append(all, example{e.name, Model{Energy: e.energy, Dim: e.dim, Values: values, Transform: transform, Version: "test", About: map[string]string{"run": e.name}}})
	}
	for kind, construct := range models.Kinds {
		if !kinds[fmt.Sprintf("%T", construct())] {
			t.Errorf("there is no example of kind %s", kind)
		}
	}
	return all
}

// points are n points of an example, in the units of its data and exact as float32.
func (e example) points(n int) datasets.Points {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	p := datasets.NewPoints(n, e.Dim)
	for i := range p.Values {
		k := i % e.Dim
		v := 1.3 * r.NormFloat64()
		if s := e.Transform; s != nil && s.Logit > 0 {
			v = s.Mean[k] + s.Std[k]*r.Float64()
		} else if s != nil {
			v = s.Mean[k] + s.Std[k]*v
		}
		p.Values[i] = float64(float32(v))
	}
	return p
}
