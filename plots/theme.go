package plots

import (
	"image/color"
	"strings"
	"unicode"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours that a colour-blind reader can tell apart (Okabe and Ito, 2008).
var (
	blue      = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	vermilion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
	pink      = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	gray      = color.RGBA{0x70, 0x70, 0x70, 0xff}
	ink       = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faint     = color.RGBA{0xe4, 0xe4, 0xe4, 0xff}

	// seriesColors are for named series in their order.
	seriesColors = []color.RGBA{blue, vermilion, gray, {0x00, 0x9e, 0x73, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, pink}
)

// A colorMap runs from its low end to its high end in equal steps of lightness,
// so that it reads the same in grey.
type colorMap [256]color.RGBA

var (
	// viridis runs from dark violet to yellow, with the control points of
	// Smith and van der Walt's map of that name.
	viridis = newColorMap(0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e,
		0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725)
	// yellowFirst has low energies, where the model puts its mass, bright.
	yellowFirst = viridis.reversed()
	// whiteFirst leaves the paper white where there is no density.
	whiteFirst = newColorMap(0x14468c, 0x2f74bd, 0x6aa7da, 0xb4d3ee, 0xffffff).reversed()
)

// newColorMap interpolates in CIELAB between controls of increasing lightness.
func newColorMap(controls ...uint32) colorMap {
	colors := make([]color.Color, len(controls))
	for i, c := range controls {
		colors[i] = color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 0xff}
	}
	luminance, err := moreland.NewLuminance(colors)
	if err != nil {
		panic(err) // the controls above are not in order of lightness
	}
	var m colorMap
	for i, c := range luminance.Palette(len(m)).Colors() {
		m[i] = color.RGBAModel.Convert(c).(color.RGBA)
	}
	return m
}

func (m colorMap) reversed() colorMap {
	var r colorMap
	for i, c := range m {
		r[len(m)-1-i] = c
	}
	return r
}

// at returns the colour of t in [0, 1]; what is outside takes the nearest end.
func (m *colorMap) at(t float64) color.RGBA {
	return m[int(max(0, min(1, t))*float64(len(m)-1)+0.5)]
}

// translucent returns c with the opacity given.
func translucent(c color.RGBA, opacity float64) color.NRGBA {
	return color.NRGBA{c.R, c.G, c.B, uint8(opacity*255 + 0.5)}
}

var textHandler = text.Plain{Fonts: font.NewCache(liberation.Collection())}

func textStyle(size vg.Length, weight xfont.Weight, c color.Color) draw.TextStyle {
	return draw.TextStyle{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Weight: weight, Size: size},
		Handler: textHandler,
	}
}

var (
	titleText = textStyle(12, xfont.WeightBold, ink)
	panelText = textStyle(10.5, xfont.WeightBold, ink)
	labelText = textStyle(10, xfont.WeightNormal, ink)
	tickText  = textStyle(9, xfont.WeightNormal, ink)
	noteText  = textStyle(8.5, xfont.WeightNormal, gray)
)

// aligned returns style with its anchor moved.
func aligned(style draw.TextStyle, x text.XAlignment, y text.YAlignment) draw.TextStyle {
	style.XAlign, style.YAlign = x, y
	return style
}

// drawText draws one line of s at a point, cut with an ellipsis to fit in width.
// The y alignment is that of the capital letters, not of the font's box.
func drawText(c draw.Canvas, style draw.TextStyle, at vg.Point, s string, width vg.Length) {
	s = fit(style, s, width)
	capHeight := 0.72 * style.Font.Size
	offset := vg.Length(style.YAlign) * capHeight
	if style.Rotation == 0 {
		at.Y += offset
	} else {
		at.X -= offset
	}
	// The handler puts the baseline of one line at the anchor of YBottom,
	// raised by the size less the ascent.
	style.YAlign = draw.YBottom
	lift := style.Font.Size - style.FontExtents().Ascent
	if style.Rotation == 0 {
		at.Y -= lift
	} else {
		at.X += lift
	}
	c.FillText(style, at, s)
}

// fit makes s one printable line no wider than width.
func fit(style draw.TextStyle, s string, width vg.Length) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
	if style.Width(s) <= width {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && style.Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimSpace(string(runes)) + "…"
}
