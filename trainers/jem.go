package trainers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/models"
	"joule/samplers"
)

// JEM is the joint energy model of points and their classes (Grathwohl et al. 2020, eq. 10): the loss of another method for
// E(x) = −log Σ_y exp f(x)[y], and with it that of a classifier with the same logits,
//
//	L(E) + λ·mean −log p(y|x), p(y|x) = softmax f(x)
//
// The other method may learn E(x, y) = −f(x)[y] of each point with its class in place of E(x): then its density is p(x|y).
type JEM struct {
	// Generative is the method that learns the energy.
	Generative Method `yaml:"generative"`
	// Conditional says that it learns E(x, y) in place of E(x).
	Conditional bool `yaml:"conditional"`
	// Classification is λ.
	Classification float64 `yaml:"classification" check:">= 0"`
}

// NewJEM returns the default settings: persistent chains of E(x), and both parts of the loss alike.
func NewJEM() *JEM { return &JEM{Generative: NewPCD(), Classification: 1} }

// Check refuses what cannot learn E(x, y).
func (m *JEM) Check(report func(key, problem string)) {
	if _, nested := m.Generative.(*JEM); nested {
		report("generative", "is jem itself; want another method")
		return
	}
	if m.Generative == nil || !m.Conditional {
		return
	}
	if method, ok := m.Generative.(ofClasses); !ok {
		report("conditional", "is true, and the generative method compares points that have no class; want one with chains or of scores: "+
			"mle, cd, pcd, short_run, sm, ssm, dsm or msdsm")
	} else if problem := method.mixesClasses(); problem != "" {
		report("generative.sampler", problem)
	}
}

// ofClasses is implemented by methods that can learn E(x, y): the points that they compare are those of the batch, with noise
// perhaps, or have classes of their own.
type ofClasses interface {
	// mixesClasses says how points of different classes would meet; empty: they do not.
	mixesClasses() string
}

func (*SM) mixesClasses() string    { return "" }
func (*SSM) mixesClasses() string   { return "" }
func (*DSM) mixesClasses() string   { return "" }
func (*MSDSM) mixesClasses() string { return "" }

func (c *Contrast) mixesClasses() string {
	switch c.Sampler.(type) {
	case *samplers.ParallelTempering, *samplers.Ensemble, *samplers.SVGD:
		return "lets chains meet, and with jem's conditional they are of different classes; want one that moves each chain by itself"
	}
	return ""
}

// Prepare implements Method. It fails when the data have no labels, or the model other classes than they.
func (m *JEM) Prepare(p Problem) (Objective, error) {
	for _, set := range p.Data {
		if err := fitClasses(models.ClassesOf(p.Model), set.Labels); err != nil {
			return nil, err
		}
	}
	p.Conditional = m.Conditional
	generative, err := m.Generative.Prepare(p)
	if err != nil {
		return nil, errors.New(strings.ReplaceAll(err.Error(), "method.", "method.generative."))
	}
	return jem{m, generative}, nil
}

// noClasses is what is wrong with a model that tells no classes apart.
const noClasses = "tells no classes apart, and method jem learns to: want a network with classes, such as an mlp or a resnet"

// fitClasses says why a model of so many classes cannot learn the labels; nil: it can.
func fitClasses(classes int, labels *datasets.Labels) error {
	switch {
	case labels == nil:
		return errors.New("data: there are no labels, and method jem learns to tell classes apart: want data that have labels")
	case classes == 0:
		return errors.New("model " + noClasses)
	case classes != len(labels.Classes):
		return fmt.Errorf("model.classes is %d, and the data have %d", classes, len(labels.Classes))
	}
	return nil
}

// Suits implements Picky.
func (m *JEM) Suits(s Setting, report func(key, problem string)) {
	if s.Model != nil && models.ClassesOf(s.Model) == 0 {
		report("model", noClasses)
	}
	if picky, ok := m.Generative.(Picky); ok {
		picky.Suits(s, func(key, problem string) {
			if rest, ok := strings.CutPrefix(key, "method."); ok {
				key = "method.generative." + rest
			}
			report(key, problem)
		})
	}
}

// canShare implements sharing.
func (m *JEM) canShare(devices int) bool {
	method, ok := m.Generative.(sharing)
	return ok && method.canShare(devices)
}

// Cost implements Method: that of the other method, and the logits of the point, learned from. Where the other method asks for
// energies of the same points, that is one pass forwards too many.
func (m *JEM) Cost(model models.Energy, dim int) (Cost, error) {
	cost, err := m.Generative.Cost(model, dim)
	cost.Loss += learning(models.CostOfEnergy).Loss
	return cost, err
}

type jem struct {
	*JEM
	generative Objective
}

// Parameters and State are those of the other method.
func (m jem) Parameters() []models.Parameter { return m.generative.Parameters() }
func (m jem) State() []State                 { return m.generative.State() }

// Metrics implements Objective: those of the other method, cross_entropy, which is mean −log p(y|x), and accuracy, the share of
// the points of the batch whose class is the most probable one.
func (m jem) Metrics() []Metric {
	metrics := m.generative.Metrics()
	return append(metrics[:len(metrics):len(metrics)], Metric{Name: "cross_entropy", Cause: tooFast}, Metric{Name: "accuracy"})
}

func (m jem) Loss(in Input) Output {
	logits := in.Net.Logits(in.Batch)
	if m.Conditional {
		in.Net = in.Net.Given(in.Labels)
	}
	out := m.generative.Loss(in)
	entropy := crossEntropy(logits, in.Labels)
	out.Loss = graph.Add(out.Loss, graph.MulScalar(entropy, m.Classification))
	out.Metrics = append(out.Metrics, entropy, accuracy(logits, in.Labels))
	return out
}

// crossEntropy is mean −log p(y|x) for logits [batch, classes] and labels [batch].
func crossEntropy(logits, labels *graph.Node) *graph.Node {
	return batchMean(graph.Add(models.JointEnergy(logits, labels), models.LogSumExp(logits)))
}

// accuracy is the share of the points whose class has the largest of the logits [batch, classes].
func accuracy(logits, labels *graph.Node) *graph.Node {
	right := graph.GreaterOrEqual(graph.Neg(models.JointEnergy(logits, labels)), graph.ReduceMax(logits, -1))
	return batchMean(graph.ConvertDType(right, logits.DType()))
}
