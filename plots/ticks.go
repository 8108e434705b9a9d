package plots

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// A tick is a mark on an axis; a minor one has no label.
type tick struct {
	value float64
	label string
}

// fitTicks returns as many ticks as fit on a horizontal axis of the length given
// with room between their labels.
func (a axis) fitTicks(length vg.Length) []tick {
	var ticks []tick
	for most := int(length / 32); most >= 2; most-- {
		ticks = a.makeTicks(most)
		var widest vg.Length
		labels := 0
		for _, t := range ticks {
			if t.label != "" {
				widest = max(widest, tickText.Width(t.label))
				labels++
			}
		}
		if vg.Length(labels)*(widest+10) <= length {
			break
		}
	}
	return ticks
}

// overhang is how far the outer labels of a horizontal axis reach beyond its ends.
func (a axis) overhang(length vg.Length) (before, after vg.Length) {
	for _, t := range a.ticks {
		at, half := vg.Length(a.norm(t.value))*length, tickText.Width(t.label)/2
		before, after = max(before, half-at), max(after, at+half-length)
	}
	return before, after
}

func (a axis) makeTicks(most int) []tick {
	if a.log {
		return logTicks(a.min, a.max, most)
	}
	return linearTicks(a.min, a.max, most)
}

// linearTicks returns ticks at the multiples of 1, 2 or 5 times a power of ten
// that give about `most` or fewer.
func linearTicks(low, high float64, most int) []tick {
	return ticksOf(niceStep((high-low)/float64(max(most, 1))), low, high)
}

// ticksOf returns ticks at the multiples of step.
func ticksOf(step, low, high float64) []tick {
	first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
	// Further from zero a step is lost in rounding: better no ticks than wrong ones.
	if !(math.Abs(first) < 1e12 && math.Abs(last) < 1e12) || !finite(step) {
		return nil
	}
	var ticks []tick
	for k := first; k <= last; k++ {
		ticks = append(ticks, tick{k * step, stepLabel(k*step, step)})
	}
	return ticks
}

func niceStep(raw float64) float64 {
	magnitude := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*magnitude >= raw*(1-1e-9) {
			return m * magnitude
		}
	}
	return 10 * magnitude
}

// stepLabel writes a multiple of step with the digits that step needs.
func stepLabel(v, step float64) string {
	if v == 0 {
		return "0"
	}
	if decimals := -int(math.Floor(math.Log10(step) + 1e-9)); decimals <= 5 && math.Abs(v) < 1e7 {
		return grouped(strconv.FormatFloat(v, 'f', max(0, decimals), 64))
	}
	digits := int(math.Floor(math.Log10(math.Abs(v))+1e-9)-math.Floor(math.Log10(step)+1e-9)) + 1
	return scientific(strconv.FormatFloat(v, 'g', min(max(digits, 1), 15), 64))
}

// logTicks labels the decades, and 2 and 5 times them where there are few.
// Both ends are positive.
func logTicks(low, high float64, most int) []tick {
	first, last := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	decades := last - first
	every := max(1, int(math.Ceil(float64(decades)/float64(max(most, 1)))))
	var ticks []tick
	for k := first; k <= last; k++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow10(k)
			if v < low*(1-1e-9) || v > high*(1+1e-9) {
				continue
			}
			label := ""
			if m == 1 && (k-first)%every == 0 || (m == 2 || m == 5) && 3*decades <= most {
				label = number(v)
			}
			if label != "" || decades <= 6 {
				ticks = append(ticks, tick{v, label})
			}
		}
	}
	return ticks
}

// number writes v in at most four digits, for a note.
func number(v float64) string {
	if size := math.Abs(v); size >= 1e4 && size < 1e7 {
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	}
	return scientific(strconv.FormatFloat(v, 'g', 4, 64))
}

// counted writes "1 sample" and "2 samples".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%s %s", grouped(strconv.Itoa(n)), noun)
}

// grouped puts commas into the whole part from ten thousand on, and a true minus.
func grouped(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	if len(whole) > 4 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	return sign + whole + fraction
}

// scientific shortens an exponent and writes a true minus.
func scientific(s string) string {
	s = strings.NewReplacer("e-0", "e-", "e+0", "e", "e+", "e").Replace(s)
	return strings.ReplaceAll(s, "-", "−")
}
