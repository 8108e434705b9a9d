package plots

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"sort"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// EnergyHistograms draws the energies of several sets over each other: the data,
// the model's samples and noise. Each histogram has unit area.
type EnergyHistograms struct {
	Title string // of the figure; may be empty
	Sets  []EnergySet
}

// EnergySet is the energies of one set of points, in nats. Colours go by order:
// blue, vermilion, grey, so give data, samples, noise.
type EnergySet struct {
	Name     string
	Energies []float64
}

// Save writes the figure to path, as PNG or SVG by its extension. The legend
// counts the energies that are not finite, and those beyond the frame where they
// are a hundredth of the set or more. It is an error if no set has a finite
// energy, or there are more than six sets.
func (h EnergyHistograms) Save(path string) error { return save(path, h.layout) }

func (h EnergyHistograms) layout() (sheet, error) {
	if len(h.Sets) > len(seriesColors) {
		return sheet{}, fmt.Errorf("energy histograms: %d sets: want at most %d, which colours can tell apart", len(h.Sets), len(seriesColors))
	}
	kept := make([][]float64, len(h.Sets)) // finite, in ascending order
	none := true
	for k, s := range h.Sets {
		for _, e := range s.Energies {
			if finite(e) {
				kept[k] = append(kept[k], e)
			}
		}
		kept[k] = ascending(kept[k])
		none = none && len(kept[k]) == 0
	}
	if none {
		return sheet{}, errors.New("energy histograms: no set has a finite energy")
	}
	low, high := histogramRange(kept)
	bins := binCount(kept, low, high)
	heights := make([][]float64, len(kept))
	peak := 0.0
	for k, energies := range kept {
		heights[k] = histogram(energies, low, high, bins)
		for _, height := range heights[k] {
			peak = max(peak, height)
		}
	}

	if peak < tiny {
		peak = 1
	}
	x := axis{label: "energy (nats)", min: low, max: high}
	y := axis{label: "fraction of points per nat", min: 0, max: 1.05 * peak}
	const height vg.Length = 240
	y.ticks = y.makeTicks(7)
	left := margin + y.yAxisRoom()
	width := pageWidth - left - 2*margin
	x.ticks = x.fitTicks(width)
	const legendLine vg.Length = 14
	legendRoom := vg.Length(len(h.Sets))*legendLine + 4
	sheetHeight := pixel(figureTitleRoom(h.Title) + margin + legendRoom + height + xAxisRoom + margin/2)
	return sheet{pageWidth, sheetHeight, func(c draw.Canvas) {
		drawFigureTitle(c, h.Title)
		p := panel{Rectangle: box(left, xAxisRoom+margin/2, width, height), x: x, y: y}
		for k := range kept {
			drawHistogram(c, p, heights[k], seriesColors[k])
		}
		p.drawFrame(c)
		for k, s := range h.Sets {
			line := p.Max.Y + legendRoom - vg.Length(k)*legendLine - 4
			swatch := box(p.Min.X, line-8, 18, 8)
			c.SetColor(translucent(seriesColors[k], 0.3))
			c.Fill(swatch.Path())
			c.SetLineStyle(draw.LineStyle{Color: seriesColors[k], Width: 1})
			c.Stroke(swatch.Path())
			drawText(c, aligned(labelText, draw.XLeft, draw.YCenter), vg.Point{X: swatch.Max.X + 6, Y: line - 4}, s.legend(kept[k], low, high), width-24)
		}
	}}, nil
}

// legend names the set, and says what of it does not show.
func (s EnergySet) legend(kept []float64, low, high float64) string {
	notes := []string{counted(len(s.Energies), "point")}
	if n := len(s.Energies) - len(kept); n > 0 {
		notes = append(notes, counted(n, "value")+" not finite")
	}
	before := sort.SearchFloat64s(kept, low)
	after := len(kept) - sort.Search(len(kept), func(i int) bool { return kept[i] > high })
	for _, part := range []struct {
		n    int
		side string
	}{{before, "left"}, {after, "right"}} {
		if 100*part.n >= max(1, len(kept)) {
			notes = append(notes, fmt.Sprintf("%.0f%% %s of the frame", 100*float64(part.n)/float64(len(kept)), part.side))
		}
	}
	return fmt.Sprintf("%s: %s", s.Name, strings.Join(notes, ", "))
}

// histogramRange spans the sets, each in ascending order, but for outliers and
// for the far part of a set that is much wider than the others (noise, whose
// energies run to thousands): that may add twice the others' range on each side.
func histogramRange(sets [][]float64) (low, high float64) {
	type span struct{ low, high float64 }
	var spans []span
	for _, s := range sets {
		if len(s) > 0 {
			spans = append(spans, span{quantile(s, 0.002), quantile(s, 0.998)})
		}
	}
	sort.Slice(spans, func(i, j int) bool {
		return spans[i].high/2-spans[i].low/2 < spans[j].high/2-spans[j].low/2
	})
	low, high = spans[0].low, spans[0].high
	for k, s := range spans[1:] {
		reach := 2 * (high - low)
		if k < len(spans)-2 || reach == 0 {
			reach = math.Inf(1)
		}
		low, high = max(min(low, s.low), low-reach), min(max(high, s.high), high+reach)
	}
	low, high = widened(low, high)
	pad := 0.04 * (high/2 - low/2)
	return max(low-pad, -math.MaxFloat64/2), min(high+pad, math.MaxFloat64/2)
}

// binCount takes the finest bins that the rule of Freedman and Diaconis (1981),
// width 2·IQR·n^(-1/3), gives one of the sets, within what can be drawn.
func binCount(sets [][]float64, low, high float64) int {
	count := 10.0
	for _, s := range sets {
		if len(s) == 0 {
			continue
		}
		if width := 2 * (quantile(s, 0.75) - quantile(s, 0.25)) / math.Cbrt(float64(len(s))); width > 0 {
			count = max(count, min(80, (high-low)/width))
		}
	}
	return int(count)
}

// histogram returns each bin's share of all energies over the bin's width.
func histogram(energies []float64, low, high float64, bins int) []float64 {
	heights := make([]float64, bins)
	width := (high - low) / float64(bins)
	for _, e := range energies {
		if e >= low && e <= high {
			heights[min(bins-1, int((e-low)/width))] += 1 / (width * float64(len(energies)))
		}
	}
	return heights
}

func drawHistogram(c draw.Canvas, p panel, heights []float64, clr color.RGBA) {
	outline := []vg.Point{p.at(p.x.min, 0)}
	width := (p.x.max - p.x.min) / float64(len(heights))
	for i, height := range heights {
		left := p.x.min + float64(i)*width
		outline = append(outline, p.at(left, height), p.at(left+width, height))
	}
	outline = append(outline, p.at(p.x.max, 0))
	c.FillPolygon(translucent(clr, 0.3), outline)
	c.StrokeLines(draw.LineStyle{Color: clr, Width: 1}, outline)
}
