package plots

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// TrainingCurves draws the series of a run against the training step, one panel
// each over a shared step axis: the values faint, their running mean on top.
type TrainingCurves struct {
	Title  string // of the figure; may be empty
	Series []Series
}

// Series is one quantity logged in training. A value that is not finite breaks
// the line and is marked with a cross at the panel's foot.
type Series struct {
	Name string
	Unit string // may be empty
	// Steps and Values have the same length; steps are finite.
	Steps, Values []float64
	// Log asks for a logarithmic axis; it is heeded where every finite value is
	// positive and the largest is at least ten times the smallest.
	Log bool
}

// Save writes the figure to path, as PNG or SVG by its extension. It is an error
// if there is no series, none has a value, or the lengths do not agree.
func (t TrainingCurves) Save(path string) error { return save(path, t.layout) }

func (t TrainingCurves) layout() (sheet, error) {
	steps, err := t.stepAxis()
	if err != nil {
		return sheet{}, err
	}
	height := vg.Length(110)
	if n := len(t.Series); n < 3 {
		height = [...]vg.Length{220, 140}[n-1]
	}
	curves := make([]curve, len(t.Series))
	var left, labelRoom vg.Length
	for k, s := range t.Series {
		curves[k] = s.curve(int(height / 25))
		labelRoom = max(labelRoom, curves[k].y.widestLabel())
	}
	for k := range curves {
		curves[k].y.labelRoom = labelRoom
		left = max(left, margin+curves[k].y.yAxisRoom())
	}
	width := pageWidth - left - 20 // half the last label is right of the frame
	steps.ticks = steps.fitTicks(width)

	rowHeight := titleRoom + height + bareXAxisRoom
	top := figureTitleRoom(t.Title) + margin/2
	sheetHeight := pixel(top + vg.Length(len(curves))*rowHeight + xAxisRoom - bareXAxisRoom + margin/2)
	return sheet{pageWidth, sheetHeight, func(c draw.Canvas) {
		drawFigureTitle(c, t.Title)
		for k, curve := range curves {
			bottom := sheetHeight - top - vg.Length(k)*rowHeight - titleRoom - height
			p := panel{
				Rectangle: box(left, bottom, width, height), x: steps, y: curve.y,
				title: t.Series[k].Name, note: curve.note, leftTitle: true,
				hideX: k < len(curves)-1,
			}
			curve.draw(c, p)
			p.drawFrame(c)
		}
	}}, nil
}

// stepAxis checks the series and returns the range of their steps.
func (t TrainingCurves) stepAxis() (axis, error) {
	if len(t.Series) == 0 {
		return axis{}, errors.New("training curves: no series to draw")
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range t.Series {
		if len(s.Steps) != len(s.Values) {
			return axis{}, fmt.Errorf("series %s: %d steps for %d values: want as many of each", s.Name, len(s.Steps), len(s.Values))
		}
		for i, step := range s.Steps {
			if !finite(step) {
				return axis{}, fmt.Errorf("series %s: step %g at index %d is not finite", s.Name, step, i)
			}
			low, high = min(low, step), max(high, step)
		}
	}
	if low > high {
		return axis{}, errors.New("training curves: no series has a value")
	}
	low, high = widened(low, high)
	pad := 0.01 * (high/2 - low/2)
	return axis{label: "step", min: max(low-2*pad, -math.MaxFloat64), max: min(high+2*pad, math.MaxFloat64)}, nil
}

// A curve is a series made ready to draw.
type curve struct {
	Series
	y         axis
	smooth    []float64 // the running mean; NaN where the value is not finite
	nonFinite int
	note      string
}

func (s Series) curve(most int) curve {
	half := len(s.Values) / 40
	c := curve{Series: s, smooth: runningMean(s.Values, half)}
	var kept []float64
	for _, v := range s.Values {
		if finite(v) {
			kept = append(kept, v)
		}
	}
	c.nonFinite = len(s.Values) - len(kept)
	c.y = valueAxis(kept, c.smooth, s.Log)
	c.y.label = s.Unit
	if len(kept) > 0 {
		c.y.ticks = c.y.makeTicks(most)
	}
	var notes []string
	if half > 0 && len(kept) > 0 {
		notes = append(notes, fmt.Sprintf("line: trimmed mean of %d", 2*half+1))
	}
	cut := 0
	for _, v := range kept {
		if v < c.y.min || v > c.y.max {
			cut++
		}
	}
	if cut > 0 {
		notes = append(notes, counted(cut, "value")+" beyond the frame")
	}
	if c.nonFinite > 0 {
		notes = append(notes, counted(c.nonFinite, "value")+" not finite (×)")
	}
	c.note = strings.Join(notes, "; ")
	return c
}

// runningMean averages the finite values at most half places away on either
// side, without the quarter that is lowest and the quarter that is highest, so
// that a spike leaves no trace. At the ends it takes fewer, equally on both
// sides, so that a trend is not bent.
func runningMean(values []float64, half int) []float64 {
	means := make([]float64, len(values))
	for i, v := range values {
		means[i] = math.NaN()
		if !finite(v) {
			continue
		}
		reach := min(half, i, len(values)-1-i)
		var near []float64
		for _, w := range values[i-reach : i+reach+1] {
			if finite(w) {
				near = append(near, w)
			}
		}
		near = ascending(near)
		near = near[len(near)/4 : len(near)-len(near)/4]
		means[i] = 0
		for k, w := range near {
			means[i] += w/float64(k+1) - means[i]/float64(k+1)
		}
	}
	return means
}

// valueAxis spans the running mean and all but the outermost hundredth of the
// values, so that one spike does not flatten the rest.
func valueAxis(kept, smooth []float64, wantLog bool) axis {
	if len(kept) == 0 {
		return axis{min: 0, max: 1}
	}
	sorted := ascending(kept)
	low, high := quantile(sorted, 0.005), quantile(sorted, 0.995)
	for _, v := range smooth {
		if finite(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	if wantLog && sorted[0] > 0 && sorted[len(sorted)-1] >= 10*sorted[0] && high > low*(1+1e-6) {
		pad := math.Pow(high/low, 0.04)
		if finite(high * pad) {
			return axis{min: max(low/pad, math.SmallestNonzeroFloat64), max: high * pad, log: true}
		}
	}
	low, high = widened(low, high)
	pad := 0.05 * (high/2 - low/2)
	return axis{min: max(low-2*pad, -math.MaxFloat64), max: min(high+2*pad, math.MaxFloat64)}
}

// draw draws the values, their running mean and the crosses.
func (c curve) draw(canvas draw.Canvas, p panel) {
	if c.nonFinite == len(c.Values) {
		note := "no finite value"
		if len(c.Values) == 0 {
			note = "no value"
		}
		drawText(canvas, aligned(noteText, draw.XCenter, draw.YCenter), vg.Point{X: (p.Min.X + p.Max.X) / 2, Y: (p.Min.Y + p.Max.Y) / 2}, note, p.width())
	}
	for _, t := range c.y.ticks {
		if t.label != "" {
			canvas.StrokeLines(draw.LineStyle{Color: faint, Width: 0.5}, []vg.Point{p.at(p.x.min, t.value), p.at(p.x.max, t.value)})
		}
	}
	if len(c.Values) >= 40 {
		p.drawLine(canvas, c.Steps, c.Values, draw.LineStyle{Color: translucent(blue, 0.3), Width: 0.6})
	}
	p.drawLine(canvas, c.Steps, c.smooth, draw.LineStyle{Color: blue, Width: 1.4})
	cross := draw.GlyphStyle{Color: vermilion, Radius: 3, Shape: draw.CrossGlyph{}}
	for i, v := range c.Values {
		if !finite(v) {
			foot := p.at(c.Steps[i], p.y.min)
			canvas.DrawGlyphNoClip(cross, vg.Point{X: foot.X, Y: foot.Y + 5})
		}
	}
}

const far vg.Length = 1e6

// drawLine joins the finite values inside the frame; one that stands alone
// becomes a dot.
func (p panel) drawLine(c draw.Canvas, xs, ys []float64, style draw.LineStyle) {
	frame := draw.Canvas{Canvas: c.Canvas, Rectangle: p.Rectangle}
	var run []vg.Point
	end := func() {
		if len(run) == 1 {
			frame.DrawGlyph(draw.GlyphStyle{Color: style.Color, Radius: style.Width, Shape: draw.CircleGlyph{}}, run[0])
		} else if len(run) > 1 {
			frame.StrokeLines(style, frame.ClipLinesXY(run)...)
		}
		run = nil
	}
	for i, y := range ys {
		if !finite(y) {
			end()
			continue
		}
		at := p.at(xs[i], y)
		// A point far off must not overflow when the line to it is cut.
		at.Y = max(-far, min(far, at.Y))
		run = append(run, at)
	}
	end()
}
