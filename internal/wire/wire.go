// Package wire writes protocol buffers field by field, for formats of which a few messages are needed.
package wire

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Message is a protocol buffer that is being written. Its methods add a field of a number.
type Message []byte

// Integer adds an int32, int64 or enumeration.
func (m *Message) Integer(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

// Bool adds a bool.
func (m *Message) Bool(field protowire.Number, v bool) {
	m.Integer(field, int64(protowire.EncodeBool(v)))
}

// Float adds a float.
func (m *Message) Float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// Double adds a double.
func (m *Message) Double(field protowire.Number, v float64) {
	*m = protowire.AppendFixed64(protowire.AppendTag(*m, field, protowire.Fixed64Type), math.Float64bits(v))
}

// Doubles adds a repeated double, packed.
func (m *Message) Doubles(field protowire.Number, list []float64) {
	packed := make([]byte, 0, 8*len(list))
	for _, v := range list {
		packed = protowire.AppendFixed64(packed, math.Float64bits(v))
	}
	m.Bytes(field, packed)
}

// Bytes adds bytes, or a message.
func (m *Message) Bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

// Text adds a string.
func (m *Message) Text(field protowire.Number, v string) { m.Bytes(field, []byte(v)) }
