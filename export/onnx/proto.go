package onnx

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protocol buffer that is being written. Its methods add a field of a number.
type message []byte

func (m *message) integer(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

func (m *message) text(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

// Fields and numbers of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
const (
	modelIRVersion, modelProducer, modelProducerVersion, modelDoc                     = 1, 2, 3, 6
	modelGraph, modelOpset, modelMetadata, modelFunctions                             = 7, 8, 14, 25
	graphNode, graphName, graphInitializer, graphInput, graphOutput                   = 1, 2, 5, 11, 12
	functionName, functionInput, functionOutput, functionNode                         = 1, 4, 5, 7
	functionDoc, functionOpset, functionDomain                                        = 8, 9, 10
	nodeInput, nodeOutput, nodeName, nodeOpType, nodeAttribute, nodeDomain            = 1, 2, 3, 4, 5, 7
	attributeName, attributeFloat, attributeInt, attributeString                      = 1, 2, 3, 4
	attributeTensor, attributeInts, attributeType                                     = 5, 8, 20
	tensorDims, tensorType, tensorName, tensorRaw                                     = 1, 2, 8, 9
	valueName, valueType, typeTensor, tensorElemType, tensorShape                     = 1, 2, 1, 1, 2
	shapeDim, dimValue, dimParam, opsetIDDomain, opsetIDVersion, entryKey, entryValue = 1, 1, 2, 1, 2, 1, 2
)

// The types of attributes.
const (
	typeOfInt    = 2
	typeOfString = 3
	typeOfTensor = 4
	typeOfInts   = 7
)

// attribute is a setting of a node: an int, a string, a tensor or a list of ints.
type attribute struct {
	name  string
	value any // int64, string, tensor or []int64
}

func (a attribute) encode() []byte {
	var m message
	m.text(attributeName, a.name)
	kind := int64(typeOfInts)
	switch v := a.value.(type) {
	case int64:
		kind = typeOfInt
		m.integer(attributeInt, v)
	case string:
		kind = typeOfString
		m.text(attributeString, v)
	case tensor:
		kind = typeOfTensor
		m.bytes(attributeTensor, v.encode())
	case []int64:
		for _, i := range v {
			m.integer(attributeInts, i)
		}
	}
	m.integer(attributeType, kind)
	return m
}

// node is an operation.
type node struct {
	op, domain      string
	inputs, outputs []string
	attributes      []attribute
}

func (n node) encode() []byte {
	var m message
	for _, in := range n.inputs {
		m.text(nodeInput, in)
	}
	for _, out := range n.outputs {
		m.text(nodeOutput, out)
	}
	m.text(nodeName, n.outputs[0])
	m.text(nodeOpType, n.op)
	for _, a := range n.attributes {
		m.bytes(nodeAttribute, a.encode())
	}
	if n.domain != "" {
		m.text(nodeDomain, n.domain)
	}
	return m
}

// tensor is an array of numbers; the name is empty within a node.
type tensor struct {
	name string
	kind int64 // TensorProto.DataType
	dims []int
	raw  []byte // row-major, little-endian
}

func (t tensor) encode() []byte {
	var m message
	for _, d := range t.dims {
		m.integer(tensorDims, int64(d))
	}
	m.integer(tensorType, t.kind)
	if t.name != "" {
		m.text(tensorName, t.name)
	}
	m.bytes(tensorRaw, t.raw)
	return m
}

// valueInfo says name, type and shape of an input or output; a dimension below 0 is called N.
func valueInfo(name string, kind int64, dims []int) []byte {
	var shape, of, whole, info message
	for _, d := range dims {
		var dim message
		if d < 0 {
			dim.text(dimParam, batchName)
		} else {
			dim.integer(dimValue, int64(d))
		}
		shape.bytes(shapeDim, dim)
	}
	of.integer(tensorElemType, kind)
	of.bytes(tensorShape, shape)
	whole.bytes(typeTensor, of)
	info.text(valueName, name)
	info.bytes(valueType, whole)
	return info
}

func opset(domain string, version int64) []byte {
	var m message
	m.text(opsetIDDomain, domain)
	m.integer(opsetIDVersion, version)
	return m
}

func entry(key, value string) []byte {
	var m message
	m.text(entryKey, key)
	m.text(entryValue, value)
	return m
}
