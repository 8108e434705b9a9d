// Package onnx writes recorded computations as a model of ONNX, the Open Neural Network Exchange.
//
// Each computation is a function of the model, whose nodes are operators of ONNX's standard set, and the graph of the model calls
// them. So a program can run the model, or take a function into a graph of its own.
package onnx

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"joule/export/trace"
	"joule/internal/wire"
)

const (
	// irVersion and opsetVersion are those of onnx 1.13, of 2022: the first with operators that take axes as an input.
	irVersion    = 8
	opsetVersion = 18
	// Domain is that of the functions.
	Domain        = "joule"
	domainVersion = 1
	// batchName is what the number of points is called in shapes.
	batchName = "N"
	// maxSize is the most bytes that a protocol buffer may have.
	maxSize = math.MaxInt32
)

// Function is a computation of N points, and further inputs which are the same for all functions of a model.
type Function struct {
	Name, Doc string
	Trace     *trace.Trace // its first parameter is the points, its only output is called Name
}

// Model is what is written.
type Model struct {
	Functions []Function
	// Values are the numbers of the parameters after the first, by their names; []float32.
	Values map[string][]float32
	// Version is that of the program, Doc a text, and Metadata further texts by their keys.
	Version, Doc string
	Metadata     map[string]string
}

// Encode is the model as a ModelProto. An operation that ONNX has nothing for is an error that names it.
func (m Model) Encode() ([]byte, error) {
	points := m.Functions[0].Trace.Parameters[0]
	names := make([]string, len(m.Functions[0].Trace.Parameters))
	for i, p := range m.Functions[0].Trace.Parameters {
		names[i] = p.Name
	}
	var model, graph wire.Message
	model.Integer(modelIRVersion, irVersion)
	model.Text(modelProducer, "joule")
	model.Text(modelProducerVersion, m.Version)
	model.Text(modelDoc, m.Doc)
	for _, f := range m.Functions {
		graph.Bytes(graphNode, node{op: f.Name, domain: Domain, inputs: names, outputs: []string{f.Name}}.encode())
	}
	graph.Text(graphName, "energy-based model")
	for _, p := range m.Functions[0].Trace.Parameters[1:] {
		values, ok := m.Values[p.Name]
		if n := sizeOf(p.Dims); !ok || len(values) != n {
			return nil, fmt.Errorf("parameter %s has %d numbers, want %d", p.Name, len(values), n)
		}
		graph.Bytes(graphInitializer, tensor{p.Name, kinds[p.DType], p.Dims, rawOf(values)}.encode())
	}
	graph.Bytes(graphInput, valueInfo(points.Name, kinds[points.DType], points.Dims))
	for _, f := range m.Functions {
		out := f.Trace.Outputs[0]
		graph.Bytes(graphOutput, valueInfo(f.Name, kinds[out.DType], out.Dims))
	}
	model.Bytes(modelGraph, graph)
	model.Bytes(modelOpset, opset("", opsetVersion))
	model.Bytes(modelOpset, opset(Domain, domainVersion))
	for _, key := range slices.Sorted(maps.Keys(m.Metadata)) {
		model.Bytes(modelMetadata, entry(key, m.Metadata[key]))
	}
	for _, f := range m.Functions {
		text, err := f.encode()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		model.Bytes(modelFunctions, text)
	}
	if len(model) > maxSize {
		return nil, fmt.Errorf("the model takes %d bytes, and an ONNX file holds at most %d", len(model), maxSize)
	}
	return model, nil
}

// encode is the function as a FunctionProto.
func (f Function) encode() ([]byte, error) {
	e := newEmitter(f.Trace)
	result, err := e.run()
	if err != nil {
		return nil, err
	}
	e.emitAs(f.Name, "Identity", []string{result})
	var m wire.Message
	m.Text(functionName, f.Name)
	for _, p := range f.Trace.Parameters {
		m.Text(functionInput, p.Name)
	}
	m.Text(functionOutput, f.Name)
	for _, n := range e.nodes {
		m.Bytes(functionNode, n.encode())
	}
	m.Text(functionDoc, f.Doc)
	m.Bytes(functionOpset, opset("", opsetVersion))
	m.Text(functionDomain, Domain)
	return m, nil
}

// kinds are the numbers of TensorProto.DataType.
var kinds = map[dtypes.DType]int64{dtypes.Float32: 1, dtypes.Int32: 6, dtypes.Int64: 7, dtypes.Bool: 9, dtypes.Float64: 11}

// rawOf are numbers as bytes, little-endian.
func rawOf(values any) []byte {
	// Append fails only for types without a fixed size.
	raw, _ := binary.Append(nil, binary.LittleEndian, values)
	return raw
}

func sizeOf(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
