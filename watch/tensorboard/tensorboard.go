// Package tensorboard writes event files, the format of TensorBoard: scalars, histograms, pictures, texts and hyperparameters of
// runs, in a folder of a log directory each.
//
// [Write] makes the file of a run that there is, [Live] one that grows while a run is trained, and [Describe] tells TensorBoard by
// what the runs of a log directory differ. docs/tracking.md says what is in the files.
package tensorboard

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"joule/internal/wire"
	"joule/rundir"
)

// Event is what is told of a step.
type Event struct {
	Time time.Time
	Step int64
	// Restart says that what was told before of this step and of later ones is void: they are made again.
	Restart bool
	Values  []Value
}

// Value is something that is told, under a tag.
type Value interface {
	// encode is the message Summary.Value.
	encode() wire.Message
}

// seconds is a time as event files have it.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func (e Event) encode() []byte {
	var m, summary wire.Message
	m.Double(eventTime, seconds(e.Time))
	m.Integer(eventStep, e.Step)
	if e.Restart {
		var session wire.Message
		session.Integer(sessionStatus, sessionStart)
		m.Bytes(eventSession, session)
		return m
	}
	for _, v := range e.Values {
		summary.Bytes(summaryValue, v.encode())
	}
	m.Bytes(eventSummary, summary)
	return m
}

// encodeAll is the bytes of events in a file.
func encodeAll(events []Event) (file []byte) {
	for _, e := range events {
		if e.Restart && len(e.Values) > 0 {
			file = appendRecord(file, Event{Time: e.Time, Step: e.Step, Restart: true}.encode())
			e.Restart = false
		}
		if e.Restart || len(e.Values) > 0 {
			file = appendRecord(file, e.encode())
		}
	}
	return file
}

// header is how a file starts.
func header(at time.Time, version string) []byte {
	var m, source wire.Message
	m.Double(eventTime, seconds(at))
	m.Text(eventVersion, "brain.Event:2")
	source.Text(sourceWriter, "joule "+version)
	m.Bytes(eventSource, source)
	return appendRecord(nil, m)
}

// Scalar is a number; it may be NaN or infinite. The file has it as float32.
type Scalar struct {
	Tag   string
	Value float64
}

func (s Scalar) encode() (m wire.Message) {
	m.Text(valueTag, s.Tag)
	m.Float(valueScalar, float32(s.Value))
	return m
}

// Scalars are what was measured at a step, by the names of the metrics.
func Scalars(r rundir.Record, at time.Time) Event {
	e := Event{Time: at, Step: r.Step}
	for name, v := range r.Values {
		e.Values = append(e.Values, Scalar{name, v})
	}
	slices.SortFunc(e.Values, func(a, b Value) int { return strings.Compare(a.(Scalar).Tag, b.(Scalar).Tag) })
	return e
}

// Image is a picture.
type Image struct {
	Tag string
	PNG []byte
	// Width and Height are its size in pixels.
	Width, Height int
}

// NewImage is a picture that is there as a PNG file.
func NewImage(tag string, file []byte) (Image, error) {
	config, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return Image{}, fmt.Errorf("picture %s: %w", tag, err)
	}
	return Image{tag, file, config.Width, config.Height}, nil
}

// colorspace is that of a picture with red, green, blue and opacity.
const colorspace = 4

func (i Image) encode() (m wire.Message) {
	var image wire.Message
	image.Integer(imageHeight, int64(i.Height))
	image.Integer(imageWidth, int64(i.Width))
	image.Integer(imageColorspace, colorspace)
	image.Bytes(imageEncoded, i.PNG)
	m.Text(valueTag, i.Tag)
	m.Bytes(valueImage, image)
	return m
}

// Text is in Markdown.
type Text struct{ Tag, Markdown string }

// Verbatim is text that is shown as it stands.
func Verbatim(tag, text string) Text {
	return Text{tag, "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"}
}

func (t Text) encode() (m wire.Message) {
	var tensor wire.Message
	tensor.Integer(tensorType, typeString)
	tensor.Bytes(tensorShape, nil)
	tensor.Text(tensorStrings, t.Markdown)
	m.Text(valueTag, t.Tag)
	m.Bytes(valueTensor, tensor)
	m.Bytes(valueMeta, plugin("text", nil))
	return m
}

// plugin is the message SummaryMetadata of a plugin's value, which is a tensor.
func plugin(name string, content []byte) (m wire.Message) {
	var data wire.Message
	data.Text(pluginName, name)
	data.Bytes(pluginContent, content)
	m.Bytes(metaPlugin, data)
	m.Integer(metaDataClass, classTensor)
	return m
}

// buckets is how many a histogram has.
const buckets = 30

// Histogram is how numbers are spread. Those that are not finite are left out.
type Histogram struct {
	Tag string
	// Min and Max are the least and the largest of N numbers; Sum and Squares are the sums of them and of their squares.
	Min, Max, N, Sum, Squares float64
	// Counts are those of buckets of one width from Min to Max.
	Counts []float64
}

// NewHistogram counts numbers; false: none is finite.
func NewHistogram(tag string, numbers []float64) (Histogram, bool) {
	h := Histogram{Tag: tag, Min: math.Inf(1), Max: math.Inf(-1), Counts: make([]float64, buckets)}
	isFinite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	for _, x := range numbers {
		if isFinite(x) {
			h.Min, h.Max = min(h.Min, x), max(h.Max, x)
			h.N, h.Sum, h.Squares = h.N+1, h.Sum+x, h.Squares+x*x
		}
	}
	for _, x := range numbers {
		if isFinite(x) {
			h.Counts[h.bucket(x)]++
		}
	}
	return h, h.N > 0
}

// bucket is the number of the bucket that x falls into.
func (h *Histogram) bucket(x float64) int {
	if h.Max/2 == h.Min/2 {
		return 0
	}
	share := (x/2 - h.Min/2) / (h.Max/2 - h.Min/2)
	return min(max(int(share*buckets), 0), buckets-1)
}

// limits are the upper ends of the buckets.
func (h *Histogram) limits() []float64 {
	limits := make([]float64, buckets)
	for i := range limits {
		share := float64(i+1) / buckets
		limits[i] = 2 * (h.Min/2 + share*(h.Max/2-h.Min/2)) // the range may be larger than a float64 can be
	}
	limits[buckets-1] = h.Max
	return limits
}

func (h Histogram) encode() (m wire.Message) {
	var histogram wire.Message
	for field, v := range []float64{histogramMin: h.Min, histogramMax: h.Max, histogramNumber: h.N, histogramSum: h.Sum, histogramSquares: h.Squares} {
		if field > 0 {
			histogram.Double(protowire.Number(field), v)
		}
	}
	histogram.Doubles(histogramLimits, h.limits())
	histogram.Doubles(histogramCounts, h.Counts)
	m.Text(valueTag, h.Tag)
	m.Bytes(valueHistogram, histogram)
	return m
}
