// Package trainers fits energy models to data.
//
// A method (one file each) turns a batch of data into a loss; the optimizer turns the loss's gradient into a step; the
// block (block.go) is the compiled program of many such steps; the Trainer runs blocks and reports on them.
package trainers

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/random"
	"joule/models"
)

// Method is the settings of a training method.
type Method interface {
	// Prepare makes the method ready for a problem. An error says which setting does not fit it.
	Prepare(p Problem) (Objective, error)
}

// Kinds are the methods that a config can name.
var Kinds = map[string]func() Method{
	"mle":    func() Method { return NewMLE() },
	"fisher": func() Method { return NewFisher() },
	"dsm":    func() Method { return NewDSM() },
	"nce":    func() Method { return NewNCE() },
}

// Problem is what a method is asked to work on.
type Problem struct {
	Data      *datasets.Set
	BatchSize int
	DType     dtypes.DType
}

// points is the shape of a matrix of n points.
func (p Problem) points(n int) shapes.Shape { return shapes.Make(p.DType, n, p.Data.Train.Dim) }

// Objective is a method made ready for a problem.
type Objective interface {
	// Parameters are learned beside the model's, such as the log Z of noise contrastive estimation.
	Parameters() []models.Parameter
	// State is carried from step to step without being learned, such as persistent chains.
	State() []State
	// Metrics names what Loss gives beside the loss. It is averaged over the steps of a block and logged.
	Metrics() []string
	// Loss is the graph of one batch.
	Loss(in Input) Output
}

// State is a tensor that a method carries from step to step.
type State struct {
	Name string
	// Shape are its dimensions.
	Shape []int
	// Init draws its first value, from standard normal numbers of its shape.
	Init func(normal *graph.Node) *graph.Node
}

// Input is what a loss is computed from.
type Input struct {
	Net   models.Net
	Extra []*graph.Node // a node for each of the objective's Parameters
	State []*graph.Node // a node for each of the objective's State
	Batch *graph.Node   // [batch, dim], drawn from the training data
	Draws random.Draws
}

// Output is the loss of a batch and what comes with it.
type Output struct {
	Loss    *graph.Node   // scalar
	State   []*graph.Node // the state after the step
	Metrics []*graph.Node // scalars, one for each of the objective's Metrics
}
