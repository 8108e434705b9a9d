package models

import "github.com/gomlx/gomlx/core/graph"

// ConditionalPatchTransformer is a transformer of patches with a noise level, as a [ConditionalMLP] is. The level acts on what each
// layer normalisation within the blocks gives.
type ConditionalPatchTransformer struct {
	Patches     `yaml:",inline"`
	NoiseLevels `yaml:",inline"`
}

// NewConditionalPatchTransformer returns the default settings: those of NewPatchTransformer, and levels from 0.05 to 5 for data of
// standard deviation 1.
func NewConditionalPatchTransformer() *ConditionalPatchTransformer {
	return &ConditionalPatchTransformer{Patches: newPatches(), NoiseLevels: newNoiseLevels()}
}

// Check reports what is wrong across the keys of both parts.
func (m *ConditionalPatchTransformer) Check(report func(key, problem string)) {
	m.Patches.Check(report)
	m.NoiseLevels.Check(report)
}

// Parameters implements Energy: those of a PatchTransformer, with attention.gain, attention.shift, mlp.gain and mlp.shift [m, width]
// in each block, and offset [m].
func (m *ConditionalPatchTransformer) Parameters(dim int) ([]Parameter, error) {
	return m.parametersOf(m, dim)
}

// Multiplications implements Shared.
func (m *ConditionalPatchTransformer) Multiplications(dim int) (int, error) {
	return m.multiplications(m, dim)
}

// Energy implements Energy, at the smallest level.
func (m *ConditionalPatchTransformer) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, m.smallest(x))
}

// EnergyAt implements Conditional.
func (m *ConditionalPatchTransformer) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	return m.energyAt(m, m.Head, theta, x, sigma)
}

// Logits implements Classifier, at the smallest level.
func (m *ConditionalPatchTransformer) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.LogitsAt(theta, x, m.smallest(x))
}

// LogitsAt implements LevelClassifier.
func (m *ConditionalPatchTransformer) LogitsAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	return m.logitsAt(m, theta, x, sigma)
}

// ConditionalResNet is a residual network of images with a noise level, as a [ConditionalMLP] is. The level acts on the first
// convolution of each block, and on what the layer normalisation of the attention gives.
type ConditionalResNet struct {
	Residual    `yaml:",inline"`
	NoiseLevels `yaml:",inline"`
}

// NewConditionalResNet returns the default settings: those of NewResNet, and levels from 0.05 to 5 for data of standard deviation 1.
func NewConditionalResNet() *ConditionalResNet {
	return &ConditionalResNet{Residual: newResidual(), NoiseLevels: newNoiseLevels()}
}

// Check reports what is wrong across the keys of both parts.
func (m *ConditionalResNet) Check(report func(key, problem string)) {
	m.Residual.Check(report)
	m.NoiseLevels.Check(report)
}

// Parameters implements Energy: those of a ResNet, with first.gain and first.shift [m, out] in each block, attention.gain and
// attention.shift, and offset [m].
func (m *ConditionalResNet) Parameters(dim int) ([]Parameter, error) { return m.parametersOf(m, dim) }

// Multiplications implements Shared.
func (m *ConditionalResNet) Multiplications(dim int) (int, error) { return m.multiplications(m, dim) }

// Energy implements Energy, at the smallest level.
func (m *ConditionalResNet) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.EnergyAt(theta, x, m.smallest(x))
}

// EnergyAt implements Conditional.
func (m *ConditionalResNet) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	return m.energyAt(m, m.Head, theta, x, sigma)
}

// Logits implements Classifier, at the smallest level.
func (m *ConditionalResNet) Logits(theta []*graph.Node, x *graph.Node) *graph.Node {
	return m.LogitsAt(theta, x, m.smallest(x))
}

// LogitsAt implements LevelClassifier.
func (m *ConditionalResNet) LogitsAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	return m.logitsAt(m, theta, x, sigma)
}
