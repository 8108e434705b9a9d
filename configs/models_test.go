package configs

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"joule/models"
)

// withModel is the contract with another model, which is written in one line.
func withModel(t *testing.T, model string) string {
	t.Helper()
	const old = "model:\n  kind: mlp\n  hidden: [64, 64]\n  activation: silu\n"
	if !strings.Contains(contract, old) {
		t.Fatalf("the contract has no %q", old)
	}
	return strings.Replace(contract, old, "model: "+model+"\n", 1)
}

// Every kind of model is read with its defaults, models within models too, and comes back from what Encode writes.
func TestLoadReadsEveryModel(t *testing.T) {
	flow, residual, weighted := models.NewFlow(), models.NewResidualMLP(), models.NewProduct()
	flow.Layers = 3
	residual.Confinement = 2.5
	weighted.Experts, weighted.Weights = []models.Energy{models.NewQuadratic(), residual}, []float64{0.5, 2}
	fourier := models.NewFourierMLP()
	fourier.FeatureSeed, fourier.Hidden = 3, []int{9}
	bowl := models.NewRadial()
	bowl.Inner, bowl.Centre = &models.Tilted{Base: flow, Tilt: weighted}, []float64{1, -1}
	rbm := models.NewRBM()
	rbm.Hidden = 5
	conditional := models.NewConditionalMLP()
	conditional.SigmaMax = 20
	residuals, patches := models.NewConditionalResNet(), models.NewPatchTransformer()
	residuals.Shape, residuals.Number, residuals.SpectralNorm, residuals.SigmaMin = []int{32, 32, 3}, 10, true, 0.01
	patches.Patch, patches.Confinement = 7, 2
	convolutional := models.NewConditionalConv()
	convolutional.Strides, convolutional.SigmaMin = []int{1, 2, 2, 2}, 0.1
	for text, want := range map[string]models.Energy{
		"{kind: conditional_conv, strides: [1, 2, 2, 2], sigma_min: 0.1}":                                   convolutional,
		"{kind: conditional_resnet, shape: [32, 32, 3], classes: 10, spectral_norm: true, sigma_min: 0.01}": residuals,
		"{kind: patch_transformer, patch: 7, confinement: 2}":                                               patches,
		"{kind: flow, layers: 3}":                                    flow,
		"{kind: fourier_mlp, feature_seed: 3, hidden: [9]}":          fourier,
		"{kind: rbm, hidden: 5}":                                     rbm,
		"{kind: conditional_mlp, sigma_max: 20}":                     conditional,
		"{kind: tilted, base: {kind: quadratic}, tilt: {kind: mlp}}": &models.Tilted{Base: models.NewQuadratic(), Tilt: models.NewMLP()},
		"{kind: radial, centre: [1, -1], energy: {kind: tilted, base: {kind: flow, layers: 3}, tilt: {kind: product, " +
			"experts: [{kind: quadratic}, {kind: residual_mlp, confinement: 2.5}], weights: [0.5, 2]}}}": bowl,
	} {
		c, err := loadText(t, withModel(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !reflect.DeepEqual(c.Model, want) {
			t.Errorf("%s is read as %+v", text, c.Model)
		}
		encoded, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := loadText(t, string(encoded))
		if err != nil || !reflect.DeepEqual(again.Model, want) {
			t.Errorf("%s comes back as %+v, error %v, from\n%s", text, again.Model, err, encoded)
		}
	}
}

// What is wrong with a model within a model is named by its place; an assignment reaches one by its key.
func TestLoadReportsErrorsOfInnerModels(t *testing.T) {
	for text, want := range map[string]string{
		"{kind: tilted, base: {kind: flow}}": "x.yaml:13:1: model.tilt: is missing; a map with a kind is needed, one of: " +
			strings.Join(slices.Sorted(maps.Keys(models.Kinds)), ", "),
		"{kind: conv, kernels: [3]}":                                    "x.yaml:13:30: model.kernels: has 1 entries for 4 layers; channels, kernels, strides and paddings have one for each",
		"{kind: product, experts: []}":                                  "x.yaml:13:33: model.experts: has 0 entries, which is not at least 1",
		"{kind: product, experts: [{kind: mlp}, {kind: mpl}]}":          `x.yaml:13:54: model.experts[1].kind: "mpl" is unknown; did you mean "mlp"?`,
		"{kind: product, experts: [{kind: mlp, hidden: [0]}]}":          "x.yaml:13:55: model.experts[0].hidden[0]: 0 is not positive",
		"{kind: product, experts: [{kind: mlp}], weights: [1, 2]}":      "x.yaml:13:57: model.weights: 2 weights for 1 experts, want one each",
		"{kind: radial, energy: {kind: quadratic, precision: [[-1]]}}":  "x.yaml:13:60: model.energy.precision: is not positive definite; exp(−E) would have no finite integral",
		"{kind: resnet, shape: [28, 28]}":                               "x.yaml:13:30: model.shape: has 2 entries, which is not in [3, 3]",
		"{kind: resnet, shape: [28, 30, 1]}":                            "x.yaml:13:1: model.channels: has 3 stages, between which images of 28×30 are halved: both have to be divisible by 4",
		"{kind: conditional_resnet, attention_heads: 3}":                "x.yaml:13:52: model.attention_heads: is 3, which does not divide the width before the last stage, 64",
		"{kind: patch_transformer, patch: 5}":                           "x.yaml:13:41: model.patch: is 5, which does not divide images of 28×28",
		"{kind: conditional_patch_transformer, sigma_min: 6, heads: 5}": "x.yaml:13:1: model.sigma_max: is 5; it has to be above sigma_min, which is 6\nx.yaml:13:67: model.heads: is 5, which does not divide the width 64",
		"{kind: radial, energy: {kind: conditional_mlp, sigma_min: 5}}": "x.yaml:13:23: model.energy.sigma_max: is 5; it has to be above sigma_min, which is 5",
	} {
		_, err := loadText(t, withModel(t, text))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got error %v, want %s", text, err, want)
		}
	}
	c, err := loadText(t, withModel(t, "{kind: tilted, base: {kind: flow}, tilt: {kind: mlp}}"), "model.base.layers=2", "model.tilt={kind: rbm, std: 2}")
	if err != nil {
		t.Fatal(err)
	}
	model := c.Model.(*models.Tilted)
	if model.Base.(*models.Flow).Layers != 2 || model.Tilt.(*models.RBM).Std != 2 {
		t.Errorf("got %+v and %+v", model.Base, model.Tilt)
	}
}
