// Package trainers fits energy models to data.
//
// A method (one file each) turns a batch of data into a loss; the optimizer turns the loss's gradient into a step; the
// block (block.go) is the compiled program of many such steps; the Trainer runs blocks and reports on them.
//
// A program makes a [Spec] of a model, a method and data, trains it with [New] and [Trainer.Run], and gets the energy from
// [Trainer.Compile]. docs/library.md is a tour.
package trainers

import (
	"fmt"

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
	// Cost is what a step costs for each point of the batch. An error says which setting of the model or the method does not
	// fit points of dim coordinates.
	Cost(model models.Energy, dim int) (Cost, error)
}

// Kinds are the methods that a config can name. A program can add its own before it reads the first config: each
// entry returns a pointer to a new struct of settings with its defaults.
var Kinds = map[string]func() Method{
	"mle":                func() Method { return NewMLE() },
	"cd":                 func() Method { return NewCD() },
	"pcd":                func() Method { return NewPCD() },
	"short_run":          func() Method { return NewShortRun() },
	"fisher":             func() Method { return NewFisher() },
	"sm":                 func() Method { return NewSM() },
	"ssm":                func() Method { return NewSSM() },
	"fdsm":               func() Method { return NewFDSM() },
	"ksd":                func() Method { return NewKSD() },
	"dsm":                func() Method { return NewDSM() },
	"msdsm":              func() Method { return NewMSDSM() },
	"nce":                func() Method { return NewNCE() },
	"cnce":               func() Method { return NewCNCE() },
	"ranking_nce":        func() Method { return NewRankingNCE() },
	"energy_discrepancy": func() Method { return NewEnergyDiscrepancy() },
	"flow_nce":           func() Method { return NewFlowNCE() },
	"adversarial":        func() Method { return NewAdversarial() },
	"jem":                func() Method { return NewJEM() },
}

// Problem is what a method is asked to work on.
type Problem struct {
	// Data are the sets of all replicas, of one size. With a single one there is no axis of replicas.
	Data []*datasets.Set
	// Seen gives training points of each set as batches hold them, for what is fitted to the data; nil: those of Data.
	Seen func() ([]datasets.Points, error)
	// Model is the energy that is trained.
	Model models.Energy
	// BatchSize is the number of points that a device is given in a step, out of Devices that share a batch.
	BatchSize int
	Devices   int
	DType     dtypes.DType
	// Precision is that of the network's products: train.precision.
	Precision string
	Health    Health
	// Conditional says that the energies to be learned are E(x, y): Input.Net is that of the classes of the batch.
	Conditional bool
}

// points is the shape of a matrix of n points, one for each replica where there are several: [n, dim] or
// [replicas, n, dim].
func (p Problem) points(n int) shapes.Shape {
	return shapes.Make(p.DType, p.each(n, p.Data[0].Train.Dim)...)
}

// batch is the number of points of a step, on all devices.
func (p Problem) batch() int { return p.BatchSize * max(p.Devices, 1) }

// sharers says how many replicas have batches, and how many devices share them, where they are several.
func (p Problem) sharers() (said string) {
	if n := len(p.Data); n > 1 {
		said = fmt.Sprintf(" in each of %d replicas", n)
	}
	if p.Devices > 1 {
		said += fmt.Sprintf(", shared by %d devices,", p.Devices)
	}
	return said
}

// perRow makes a value of each row, [n], of all replicas alike, fit points x [n, dim] or [replicas, n, dim].
func (p Problem) perRow(value, x *graph.Node) *graph.Node {
	value = graph.InsertAxes(value, -1)
	return graph.BroadcastToDims(graph.ExpandLeftToRank(value, x.Rank()), x.Shape().Dimensions...)
}

// rowsOf are rows of points [n, dim] by their numbers (int32 [m]), of all replicas alike: [m, dim].
func (p Problem) rowsOf(points, numbers *graph.Node) *graph.Node {
	if len(p.Data) == 1 {
		return graph.Gather(points, graph.InsertAxes(numbers, -1))
	}
	rows := make([]*graph.Node, len(p.Data))
	for i := range rows {
		rows[i] = graph.Gather(replica(points, i), graph.InsertAxes(numbers, -1))
	}
	return graph.Stack(rows, 0)
}

// seen are the training points of each set as batches hold them.
func (p Problem) seen() ([]datasets.Points, error) {
	if p.Seen != nil {
		return p.Seen()
	}
	points := make([]datasets.Points, len(p.Data))
	for i, set := range p.Data {
		points[i] = set.Train
	}
	return points, nil
}

// each is forEach replica of the problem.
func (p Problem) each(dimensions ...int) []int { return forEach(len(p.Data), dimensions...) }

// forEach puts the axis of replicas before the dimensions of one of them; a single one has no such axis.
func forEach(replicas int, dimensions ...int) []int {
	if replicas == 1 {
		return dimensions
	}
	return append([]int{replicas}, dimensions...)
}

// Objective is a method made ready for a problem.
type Objective interface {
	// Parameters are learned beside the model's, such as the log Z of noise contrastive estimation.
	Parameters() []models.Parameter
	// State is carried from step to step without being learned, such as persistent chains.
	State() []State
	// Metrics are what Loss gives beside the loss. They are averaged over the steps between two logs, and watched in each.
	Metrics() []Metric
	// Loss is the graph of one batch. Devices that share a batch average their losses, gradients and metrics; what is no mean over
	// the points of the batch has to come to that by Input.Draws.Part, so that it does not depend on how many they are.
	Loss(in Input) Output
}

// State is a tensor that a method carries from step to step.
type State struct {
	Name string
	// Shape are its dimensions on a device, those of the replicas included.
	Shape []int
	// Dealt says that the first axis of a replica's are rows that are dealt out to the devices, such as chains. Otherwise all
	// devices have the same.
	Dealt bool
	// Init draws its first value, from standard normal numbers of its shape.
	Init func(normal *graph.Node) *graph.Node
}

// Draws hands out random numbers within a graph, fresh ones in every call: Normal and Uniform give numbers of a shape. Of devices
// that share a batch each gets those of its own part.
type Draws = random.Draws

// Input is what a loss is computed from. Where several replicas are trained at once, every node has one axis more in front
// [replicas, …], and so have the nodes of the Output; so axes are counted from the end.
type Input struct {
	Net    models.Net
	Extra  []*graph.Node // a node for each of the objective's Parameters
	State  []*graph.Node // a node for each of the objective's State
	Batch  *graph.Node   // [batch, dim], drawn from the training data
	Labels *graph.Node   // int32 [batch]: the classes of these points; nil where the data have none
	Step   *graph.Node   // int32 scalar: the number of steps done before
	Draws  Draws
}

// Output is the loss of a batch and what comes with it.
type Output struct {
	Loss    *graph.Node   // scalar
	State   []*graph.Node // the state after the step
	Metrics []*graph.Node // scalars, one for each of the objective's Metrics
}

// batchMean is the mean over the points of a batch: [batch] -> scalar, [replicas, batch] -> [replicas].
func batchMean(x *graph.Node) *graph.Node { return graph.ReduceMean(x, -1) }

// meanSquaredNorm sums the squares over the coordinates and averages over the points: [batch, dim] -> scalar.
func meanSquaredNorm(x *graph.Node) *graph.Node {
	return batchMean(graph.ReduceSum(graph.Square(x), -1))
}
