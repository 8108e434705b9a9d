package plots

import (
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostPoints are drawn of a set: more hide each other and swell an SVG.
const mostPoints = 4000

// drawn returns the points that the panel shows: what is in its frame, or a
// random choice of it that is always the same. Every n-th would not do, as data
// often alternate between components.
func (p panel) drawn(points Points) Points {
	var inside Points
	for i, x := range points.X {
		if p.contains(x, points.Y[i]) {
			inside.X = append(inside.X, x)
			inside.Y = append(inside.Y, points.Y[i])
		}
	}
	n := len(inside.X)
	if n <= mostPoints {
		return inside
	}
	var chosen Points
	for _, i := range rand.New(rand.NewPCG(0, 0)).Perm(n)[:mostPoints] {
		chosen.X = append(chosen.X, inside.X[i])
		chosen.Y = append(chosen.Y, inside.Y[i])
	}
	return chosen
}

// pointsNote says how many points there are, and why some do not show.
func (p panel) pointsNote(points Points, noun string) string {
	note := counted(len(points.X), noun)
	inside := 0
	for i, x := range points.X {
		if p.contains(x, points.Y[i]) {
			inside++
		}
	}
	if inside > mostPoints {
		note += fmt.Sprintf(", %s drawn", number(mostPoints))
	}
	if outside := len(points.X) - inside; outside > 0 {
		note += fmt.Sprintf(", %s outside the frame", number(float64(outside)))
	}
	return note
}

// drawPoints draws dots that get smaller and fainter the more there are.
func drawPoints(c draw.Canvas, p panel, points Points, clr color.RGBA) {
	drawn := p.drawn(points)
	crowd := math.Log10(max(100, float64(len(drawn.X))) / 100) // 0 to 1.6
	c.SetColor(translucent(clr, 0.75-0.25*crowd))
	radius := vg.Length(1.8 - 0.5*crowd)
	for i, x := range drawn.X {
		at := p.at(x, drawn.Y[i])
		var dot vg.Path
		dot.Move(vg.Point{X: at.X + radius, Y: at.Y})
		dot.Arc(at, radius, 0, 2*math.Pi)
		dot.Close()
		c.Fill(dot)
	}
}
