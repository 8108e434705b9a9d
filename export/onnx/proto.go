package onnx

import "joule/internal/wire"

// Fields and numbers of onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
const (
	modelIRVersion, modelProducer, modelProducerVersion, modelDoc                     = 1, 2, 3, 6
	modelGraph, modelOpset, modelMetadata, modelFunctions                             = 7, 8, 14, 25
	graphNode, graphName, graphInitializer, graphInput, graphOutput                   = 1, 2, 5, 11, 12
	functionName, functionInput, functionOutput, functionNode                         = 1, 4, 5, 7
	functionDoc, functionOpset, functionDomain                                        = 8, 9, 10
	nodeInput, nodeOutput, nodeName, nodeOpType, nodeAttribute, nodeDomain            = 1, 2, 3, 4, 5, 7
	attributeName, attributeInt, attributeString                                      = 1, 3, 4
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
	var m wire.Message
	m.Text(attributeName, a.name)
	kind := int64(typeOfInts)
	switch v := a.value.(type) {
	case int64:
		kind = typeOfInt
		m.Integer(attributeInt, v)
	case string:
		kind = typeOfString
		m.Text(attributeString, v)
	case tensor:
		kind = typeOfTensor
		m.Bytes(attributeTensor, v.encode())
	case []int64:
		for _, i := range v {
			m.Integer(attributeInts, i)
		}
	}
	m.Integer(attributeType, kind)
	return m
}

// node is an operation.
type node struct {
	op, domain      string
	inputs, outputs []string
	attributes      []attribute
}

func (n node) encode() []byte {
	var m wire.Message
	for _, in := range n.inputs {
		m.Text(nodeInput, in)
	}
	for _, out := range n.outputs {
		m.Text(nodeOutput, out)
	}
	m.Text(nodeName, n.outputs[0])
	m.Text(nodeOpType, n.op)
	for _, a := range n.attributes {
		m.Bytes(nodeAttribute, a.encode())
	}
	if n.domain != "" {
		m.Text(nodeDomain, n.domain)
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
	var m wire.Message
	for _, d := range t.dims {
		m.Integer(tensorDims, int64(d))
	}
	m.Integer(tensorType, t.kind)
	if t.name != "" {
		m.Text(tensorName, t.name)
	}
	m.Bytes(tensorRaw, t.raw)
	return m
}

// valueInfo says name, type and shape of an input or output; a dimension below 0 is called N.
func valueInfo(name string, kind int64, dims []int) []byte {
	var shape, of, whole, info wire.Message
	for _, d := range dims {
		var dim wire.Message
		if d < 0 {
			dim.Text(dimParam, batchName)
		} else {
			dim.Integer(dimValue, int64(d))
		}
		shape.Bytes(shapeDim, dim)
	}
	of.Integer(tensorElemType, kind)
	of.Bytes(tensorShape, shape)
	whole.Bytes(typeTensor, of)
	info.Text(valueName, name)
	info.Bytes(valueType, whole)
	return info
}

func opset(domain string, version int64) []byte {
	var m wire.Message
	m.Text(opsetIDDomain, domain)
	m.Integer(opsetIDVersion, version)
	return m
}

func entry(key, value string) []byte {
	var m wire.Message
	m.Text(entryKey, key)
	m.Text(entryValue, value)
	return m
}
