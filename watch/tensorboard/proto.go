package tensorboard

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of fields in event.proto, summary.proto, tensor.proto and, of the hparams plugin, plugin_data.proto and api.proto of
// https://github.com/tensorflow/tensorboard, and in google/protobuf/struct.proto.
const (
	eventTime, eventStep, eventVersion, eventSummary, eventSession, eventSource = 1, 2, 3, 5, 7, 10
	sessionStatus, sourceWriter, summaryValue                                   = 1, 1, 1
	valueTag, valueScalar, valueImage, valueHistogram, valueTensor, valueMeta   = 1, 2, 4, 5, 8, 9
	imageHeight, imageWidth, imageColorspace, imageEncoded                      = 1, 2, 3, 4
	histogramMin, histogramMax, histogramNumber, histogramSum, histogramSquares = 1, 2, 3, 4, 5
	histogramLimits, histogramCounts                                            = 6, 7
	metaPlugin, metaDataClass, pluginName, pluginContent                        = 1, 4, 1, 2
	tensorType, tensorShape, tensorStrings, shapeDim                            = 1, 2, 8, 2
	hparamsExperiment, hparamsStart, hparamsEnd                                 = 2, 3, 4
	startHparams, startGroup, startTime, endStatus, endTime                     = 1, 4, 5, 1, 2
	experimentHparams, experimentMetrics                                        = 4, 5
	infoName, infoType, infoDomain, infoDiffers                                 = 1, 4, 5, 7
	metricName, metricDisplay, metricDescription, metricNameTag                 = 1, 3, 4, 2
	entryKey, entryValue, valueNumber, valueString, valueBool, listValues       = 1, 2, 2, 3, 4, 1
)

// The values of enumerations there.
const (
	sessionStart                          = 1
	classTensor                           = 2
	typeFloat, typeString                 = 1, 7
	infoIsString, infoIsBool, infoIsFloat = 1, 2, 3
)

// field is one of a message that was read: a number, of which the bits are given, or bytes.
type field struct {
	number protowire.Number
	bits   uint64
	bytes  []byte
}

// fieldsOf takes a message apart.
func fieldsOf(m []byte) (all []field, err error) {
	for len(m) > 0 {
		number, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		m = m[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.bits, n = protowire.ConsumeVarint(m)
		case protowire.Fixed64Type:
			f.bits, n = protowire.ConsumeFixed64(m)
		case protowire.Fixed32Type:
			var bits uint32
			bits, n = protowire.ConsumeFixed32(m)
			f.bits = uint64(bits)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(m)
		default:
			return nil, fmt.Errorf("field %d: has wire type %d, which event files have not", number, kind)
		}
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		m = m[n:]
		all = append(all, f)
	}
	return all, nil
}

// within is the bytes of the last field of a number, and of a field in that and so on; nil: there is none.
func within(m []byte, path ...protowire.Number) []byte {
	for _, number := range path {
		fields, err := fieldsOf(m)
		if err != nil {
			return nil
		}
		m = nil
		for _, f := range fields {
			if f.number == number && f.bytes != nil {
				m = f.bytes
			}
		}
		if m == nil {
			return nil
		}
	}
	return m
}
