package suitepage

import (
	"math"
	"slices"
	"strconv"

	"joule/results"
)

// series are values of one run along its training: y and what else is measured with it, against x.
type series struct {
	x []float64
	y [][]float64 // a row for each x
}

// add adds a point, unless its first value is not finite.
func (s *series) add(x float64, y ...float64) {
	if !math.IsNaN(y[0]) && !math.IsInf(y[0], 0) && !math.IsNaN(x) && !math.IsInf(x, 0) {
		s.x, s.y = append(s.x, x), append(s.y, y)
	}
}

// curve is the mean of several runs of a cell.
type curve struct {
	Method int     `json:"m"`
	Data   int     `json:"d"`
	Runs   int     `json:"n"`
	X      []short `json:"x"` // steps
	Y      []short `json:"y"`
	Time   []short `json:"t,omitempty"` // seconds, of looks
}

// short is a number that the page has with four digits.
type short float64

// MarshalJSON writes null for what is not finite.
func (x short) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(x), 'g', 4, 64), nil
}

// curvesOf are the losses of the cells, and the KL where runs were looked at while they trained.
func curvesOf(all *cells, f *folders) (losses, looks []curve) {
	for _, c := range all.cells {
		runs := c.trained()
		for _, kind := range []struct {
			list *[]curve
			read func(suite int, run string) series
		}{{&losses, f.losses}, {&looks, f.looks}} {
			if len(*kind.list) == maxCurves {
				continue
			}
			var list []series
			for _, r := range runs {
				if s := kind.read(c.suite, r.Run); len(s.x) > 0 {
					list = append(list, s)
				}
			}
			if len(list) > 0 {
				mean := meanOf(list, maxPoints)
				mean.Method, mean.Data, mean.Runs = c.method, c.at, len(list)
				*kind.list = append(*kind.list, mean)
			}
		}
	}
	return losses, looks
}

// trained are the runs that curves are of: the completed ones, or where there is none, those that began.
func (c *cell) trained() []*results.Row {
	var completed, begun []*results.Row
	for _, r := range c.rows {
		if r.Status == results.Completed {
			completed = append(completed, r)
		} else if r.Status != results.Refused {
			begun = append(begun, r)
		}
	}
	if len(completed) > 0 {
		return completed
	}
	return begun
}

// meanOf is the mean of runs in at most so many points. Where all of them have more different x, they are averaged first over
// intervals of equal length.
func meanOf(runs []series, most int) curve {
	var xs []float64
	for _, s := range runs {
		xs = append(xs, s.x...)
	}
	slices.Sort(xs)
	xs = slices.Compact(xs)
	low, width := xs[0], (xs[len(xs)-1]-xs[0])/float64(most)
	bins := len(xs)
	binOf := func(x float64) int { i, _ := slices.BinarySearch(xs, x); return i }
	if len(xs) > most {
		bins = most
		binOf = func(x float64) int { return min(int((x-low)/width), most-1) }
	}
	// total is the sum over runs of the means within them: of x, y and time.
	var total [3]average
	for i := range total {
		total[i] = newAverage(bins)
	}
	for _, s := range runs {
		var own [3]average
		for i := range own {
			own[i] = newAverage(bins)
		}
		for i, x := range s.x {
			own[0].add(binOf(x), x)
			for j, y := range s.y[i] {
				own[1+j].add(binOf(x), y)
			}
		}
		for i := range own {
			for bin := range bins {
				if own[i].count[bin] > 0 {
					total[i].add(bin, own[i].mean(bin))
				}
			}
		}
	}
	var c curve
	for bin := range bins {
		if total[0].count[bin] == 0 {
			continue
		}
		c.X, c.Y = append(c.X, short(total[0].mean(bin))), append(c.Y, short(total[1].mean(bin)))
		if len(runs[0].y[0]) > 1 {
			c.Time = append(c.Time, short(total[2].mean(bin)))
		}
	}
	return c
}

// average are running means, one for each bin.
type average struct{ sum, count []float64 }

func newAverage(bins int) average { return average{make([]float64, bins), make([]float64, bins)} }

func (a average) add(bin int, x float64) { a.sum[bin] += x; a.count[bin]++ }
func (a average) mean(bin int) float64   { return a.sum[bin] / a.count[bin] }
