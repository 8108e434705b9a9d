package tensorboard

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"joule/internal/wire"
)

// Metric is a scalar that is shown beside the hyperparameters of a run.
type Metric struct {
	Tag, Title, Meaning string
}

// most is how many values a hyperparameter may have for TensorBoard to offer them one by one.
const most = 20

// Describe makes the event file of a log directory itself, which says by what hyperparameters its runs differ and which of the metrics
// they have: what TensorBoard makes the columns of its table of. It reads the event files in the directory for that, those of
// trainings included. A file that is damaged is passed over: what it has told before counts.
func Describe(logdir, version string, metrics []Metric) (path string, err error) {
	s := survey{values: map[string]map[any]bool{}, tags: map[string]bool{}}
	err = filepath.WalkDir(logdir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.Contains(entry.Name(), marker) && !entry.IsDir() {
			if err := readFile(path, s.take); errors.Is(err, fs.ErrPermission) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return Write(logdir, time.Unix(0, 0), version, []Event{{Time: time.Unix(0, 0), Values: []Value{experiment{s, metrics}}}})
}

// survey is what the event files of a log directory have.
type survey struct {
	values map[string]map[any]bool // of each hyperparameter
	tags   map[string]bool         // of scalars
}

// take notes what an event has.
func (s *survey) take(event []byte) error {
	fields, err := fieldsOf(within(event, eventSummary))
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.number != summaryValue {
			continue
		}
		parts, err := fieldsOf(f.bytes)
		if err != nil {
			return err
		}
		tag, isScalar := "", false
		for _, part := range parts {
			switch part.number {
			case valueTag:
				tag = string(part.bytes)
			case valueScalar:
				isScalar = true
			}
		}
		if isScalar {
			s.tags[tag] = true
		}
		if tag == startTag {
			if err := s.takeStart(within(f.bytes, valueMeta, metaPlugin, pluginContent, hparamsStart)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *survey) takeStart(start []byte) error {
	entries, err := fieldsOf(start)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.number != startHparams {
			continue
		}
		parts, err := fieldsOf(within(e.bytes, entryValue))
		if err != nil {
			return err
		}
		name := string(within(e.bytes, entryKey))
		for _, part := range parts {
			var v any
			switch part.number {
			case valueNumber:
				v = math.Float64frombits(part.bits)
			case valueBool:
				v = part.bits != 0
			case valueString:
				v = string(part.bytes)
			default:
				continue
			}
			if s.values[name] == nil {
				s.values[name] = map[any]bool{}
			}
			s.values[name][v] = true
		}
	}
	return nil
}

// experiment is what the hparams plugin shows of a log directory.
type experiment struct {
	survey
	metrics []Metric
}

func (x experiment) encode() wire.Message {
	var m wire.Message
	for _, name := range slices.Sorted(maps.Keys(x.values)) {
		m.Bytes(experimentHparams, encodeInfo(name, x.values[name]))
	}
	for _, metric := range x.metrics {
		if !x.tags[metric.Tag] {
			continue
		}
		var info, which wire.Message
		which.Text(metricNameTag, metric.Tag)
		info.Bytes(metricName, which)
		info.Text(metricDisplay, metric.Title)
		info.Text(metricDescription, metric.Meaning)
		m.Bytes(experimentMetrics, info)
	}
	return hparams(experimentTag, hparamsExperiment, m)
}

// encodeInfo describes a hyperparameter by the values that it has.
func encodeInfo(name string, values map[any]bool) (m wire.Message) {
	m.Text(infoName, name)
	list := slices.SortedFunc(maps.Keys(values), compareSettings)
	var kind int64
	for i, v := range list {
		own := int64(infoIsString)
		switch v.(type) {
		case float64:
			own = infoIsFloat
		case bool:
			own = infoIsBool
		}
		if i > 0 && own != kind {
			own = infoIsString
		}
		kind = own
	}
	m.Integer(infoType, kind)
	if len(list) <= most {
		var domain wire.Message
		for _, v := range list {
			if kind == infoIsString {
				v = fmt.Sprint(v)
			}
			domain.Bytes(protowire.Number(listValues), encodeSetting(v))
		}
		m.Bytes(infoDomain, domain)
	}
	m.Bool(infoDiffers, len(list) > 1)
	return m
}

// compareSettings orders values: numbers by size, and others by their text.
func compareSettings(a, b any) int {
	x, isX := a.(float64)
	y, isY := b.(float64)
	if isX && isY {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}
