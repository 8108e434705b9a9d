package models

import "github.com/gomlx/gomlx/core/graph"

// Classifier is an energy that tells classes apart (Grathwohl et al. 2020, eqs. 4–7). Its logits f(x) stand for the joint
// density of a point and its class, p(x, y) = exp(f(x)[y]) / Z. So E(x, y) = −f(x)[y], E(x) = −log Σ_y exp f(x)[y], and
// p(y|x) = softmax f(x).
type Classifier interface {
	Energy
	// Classes is the number of classes; 0: it is an energy alone, and has no logits.
	Classes() int
	// Logits maps points [batch, dim] to f(x) [batch, classes].
	Logits(theta []*graph.Node, x *graph.Node) *graph.Node
}

// LevelClassifier is a classifier with noise levels: E(x, σ) and E(x, y, σ) are of its logits at σ, and its Logits are those at
// the smallest level.
type LevelClassifier interface {
	Classifier
	Conditional
	// LogitsAt maps points [batch, dim] with noise levels as those of EnergyAt to logits [batch, classes].
	LogitsAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node
}

// ClassesOf is the number of classes that a model tells apart; 0: it tells none.
func ClassesOf(model Energy) int {
	if c, ok := model.(Classifier); ok {
		return c.Classes()
	}
	return 0
}

// Logits maps points [batch, dim] to f(x) [batch, classes]. It panics, as graph functions do, where the model has no classes.
func (n Net) Logits(x *graph.Node) *graph.Node { return n.Model.(Classifier).Logits(n.Theta, x) }

// Given is the energy of points whose classes are given, E(x, y), with labels int32 [batch]. A net that has labels gets these in
// their place. It panics as Logits does.
func (n Net) Given(labels *graph.Node) Net {
	model, theta := n.Model.(Classifier), n.Theta
	if given, ok := model.(interface{ unlabelled() Classifier }); ok {
		model, theta = given.unlabelled(), theta[:len(theta)-1]
	}
	return Net{OfClass(model, byLabel), append(theta[:len(theta):len(theta)], labels)}
}

// byLabel stands for the class that each point's label says.
const byLabel = -1

// OfClass is the energy of points of one class, E(x, y), which stands for p(x|y). It has noise levels where the model has.
func OfClass(model Classifier, class int) Energy {
	one := ofClass{model, class}
	if levels, ok := model.(LevelClassifier); ok {
		return ofClassAt{one, levels}
	}
	return one
}

// ofClass is the energy of points of a class of a classifier. Where that is byLabel, the labels are its last parameter, so that
// a loop carries them like any.
type ofClass struct {
	Classifier
	class int
}

// Energy implements Energy.
func (e ofClass) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	theta, labels := e.apart(theta, x)
	return JointEnergy(e.Logits(theta, x), labels)
}

// Classes is 0: which one it is, is known.
func (ofClass) Classes() int { return 0 }

func (e ofClass) unlabelled() Classifier { return e.Classifier }

// apart separates the labels, which fit the points, from the parameters.
func (e ofClass) apart(theta []*graph.Node, x *graph.Node) (rest []*graph.Node, labels *graph.Node) {
	if e.class == byLabel {
		last := len(theta) - 1
		return theta[:last:last], theta[last]
	}
	return theta, shared(graph.Scalar(x.Graph(), labelType, e.class), x)
}

// ofClassAt is ofClass with noise levels.
type ofClassAt struct {
	ofClass
	levels LevelClassifier
}

// EnergyAt implements Conditional.
func (e ofClassAt) EnergyAt(theta []*graph.Node, x, sigma *graph.Node) *graph.Node {
	theta, labels := e.apart(theta, x)
	return JointEnergy(e.levels.LogitsAt(theta, x, sigma), labels)
}

// Levels implements Conditional.
func (e ofClassAt) Levels() (smallest, largest float64) { return e.levels.Levels() }
