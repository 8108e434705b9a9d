package tensorboard

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"joule/internal/wire"
)

// The tags of the hparams plugin.
const (
	hparamsPlugin = "hparams"
	experimentTag = "_hparams_/experiment"
	startTag      = "_hparams_/session_start_info"
	endTag        = "_hparams_/session_end_info"
)

// Start is what a run is begun with.
type Start struct {
	// Hparams are the settings by their names, as text: a number or true or false is taken for one.
	Hparams map[string]string
	// Group names what runs have in common that are shown as one, such as those of several seeds; empty: the run is alone.
	Group string
	At    time.Time
}

// setting is a value of a hyperparameter: float64, bool or string.
func setting(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
		return x
	}
	if plain, err := strconv.Unquote(text); err == nil {
		return plain
	}
	return text
}

// encodeSetting is the message google.protobuf.Value.
func encodeSetting(v any) (m wire.Message) {
	switch v := v.(type) {
	case float64:
		m.Double(valueNumber, v)
	case bool:
		m.Bool(valueBool, v)
	case string:
		m.Text(valueString, v)
	}
	return m
}

func (s Start) encode() wire.Message {
	var start wire.Message
	for _, name := range slices.Sorted(maps.Keys(s.Hparams)) {
		var entry wire.Message
		entry.Text(entryKey, name)
		entry.Bytes(entryValue, encodeSetting(setting(s.Hparams[name])))
		start.Bytes(startHparams, entry)
	}
	if s.Group != "" {
		start.Text(startGroup, s.Group)
	}
	start.Double(startTime, seconds(s.At))
	return hparams(startTag, hparamsStart, start)
}

// Status says how a run ended, as the hparams plugin knows it.
type Status int64

// The ways for a run to end.
const (
	Succeeded Status = 1
	Failed    Status = 2
)

// End is how a run ended, and when.
type End struct {
	Status Status
	At     time.Time
}

func (e End) encode() wire.Message {
	var end wire.Message
	end.Integer(endStatus, int64(e.Status))
	end.Double(endTime, seconds(e.At))
	return hparams(endTag, hparamsEnd, end)
}

// hparams is a value of the plugin, which has all it says in its metadata, and an empty tensor.
func hparams(tag string, number protowire.Number, data []byte) (m wire.Message) {
	var content, tensor, shape wire.Message
	content.Bytes(number, data)
	tensor.Integer(tensorType, typeFloat)
	shape.Bytes(shapeDim, nil)
	tensor.Bytes(tensorShape, shape)
	m.Text(valueTag, tag)
	m.Bytes(valueTensor, tensor)
	m.Bytes(valueMeta, plugin(hparamsPlugin, content))
	return m
}
