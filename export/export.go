// Package export takes trained models along: their energies and scores, to formats that other programs run, and their parameters, to
// files that other programs read.
//
// What is exported takes points in the units of the data, as float32, and gives the energies and scores that joule energy gives.
package export

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/export/trace"
	"joule/models"
)

// Model is a trained model, ready to be taken along.
type Model struct {
	// Energy is the model, at its noise level if it has any.
	Energy models.Energy
	// Dim is the number of coordinates of a point.
	Dim int
	// Values are those of the parameters, by name; those of a method ("method.…") are not exported as functions.
	Values []models.Value
	// Transform maps points to the coordinates of the model; nil: they are those of the data.
	Transform *datasets.Standardizer
	// Version is that of joule, and About what else to keep with the model, by key.
	Version string
	About   map[string]string
}

// BatchError says that a model does not compute each point alike, and cannot be exported for any number of them.
type BatchError = trace.BatchError

// PointsName is what the input of exported functions is called.
const PointsName = "x"

// The names of the functions, which are those of their results, too.
const (
	EnergyName = "energy"
	ScoreName  = "score"
	LogitsName = "logits"
)

// function is one that is exported: what it is called, what it is, and how it is computed.
type function struct {
	name, doc string
	define    func(in []*graph.Node) []*graph.Node
}

// functions are those of the model: of points [batch, dim] in the units of the data and the parameters.
func (m Model) functions() []function {
	net := func(in []*graph.Node) (models.Net, *graph.Node) {
		return models.Net{Model: m.Energy, Theta: in[1:]}, standardized(m.Transform, in[0])
	}
	all := []function{
		{EnergyName, "E(x) of points [N, dim] in the units of the data, in nats: low is likely", func(in []*graph.Node) []*graph.Node {
			net, y := net(in)
			return []*graph.Node{net.Energy(y)}
		}},
		{ScoreName, "the gradient of log p(x) at points [N, dim] in the units of the data", func(in []*graph.Node) []*graph.Node {
			net, y := net(in)
			return []*graph.Node{scoreOfData(m.Transform, y, net.Score(y))}
		}},
	}
	if models.ClassesOf(m.Energy) > 0 {
		all = append(all, function{LogitsName, "f(x) of points [N, dim] in the units of the data: softmax f(x) are the probabilities of the classes",
			func(in []*graph.Node) []*graph.Node {
				net, y := net(in)
				return []*graph.Node{net.Logits(y)}
			}})
	}
	return all
}

// parameters are those of the model in order, and their values as float32.
func (m Model) parameters() ([]models.Parameter, map[string][]float32, error) {
	parameters, err := m.Energy.Parameters(m.Dim)
	if err != nil {
		return nil, nil, err
	}
	numbers := map[string][]float32{}
	for _, p := range parameters {
		at := slices.IndexFunc(m.Values, func(v models.Value) bool { return v.Name == p.Name })
		if at < 0 {
			return nil, nil, fmt.Errorf("parameter %s is missing", p.Name)
		}
		if v := m.Values[at]; !slices.Equal(v.Shape, p.Shape) || len(v.Numbers) != p.Size() {
			return nil, nil, fmt.Errorf("parameter %s has the shape %v, and the model needs %v", p.Name, v.Shape, p.Shape)
		}
		narrow := make([]float32, p.Size())
		for i, v := range m.Values[at].Numbers {
			narrow[i] = float32(v)
		}
		numbers[p.Name] = narrow
	}
	return parameters, numbers, nil
}

// inputs are those of the functions, for a number of points; −1 stands for any.
func (m Model) inputs(batch int, parameters []models.Parameter) []trace.Input {
	inputs := []trace.Input{{Name: PointsName, DType: models.DType, Dims: []int{batch, m.Dim}}}
	for _, p := range parameters {
		inputs = append(inputs, trace.Input{Name: p.Name, DType: models.DType, Dims: p.Shape})
	}
	return inputs
}

// record is the trace of a function for a number of points, or for any number where it is 0.
func (m Model) record(f function, batch int, parameters []models.Parameter) (*trace.Trace, error) {
	if batch > 0 {
		return trace.Record(m.inputs(batch, parameters), f.define)
	}
	return trace.RecordBatch(m.inputs(-1, parameters), f.define)
}
