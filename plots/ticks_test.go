package plots

import (
	"math"
	"strings"
	"testing"
)

func labels(ticks []tick) string {
	var kept []string
	for _, t := range ticks {
		if t.label != "" {
			kept = append(kept, t.label)
		}
	}
	return strings.Join(kept, " ")
}

func TestLinearTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		most      int
		want      string
	}{
		{-5, 5, 5, "−4 −2 0 2 4"},
		{0, 1, 5, "0 0.2 0.4 0.6 0.8 1.0"},
		{0, 20000, 4, "0 5000 10,000 15,000 20,000"},
		{1.5e-7, 4.2e-7, 3, "2e−7 3e−7 4e−7"},
		{0.0001, 0.001, 2, "0.0005 0.0010"},
		{1e9, 1e9 + 10, 2, "1000000000 1000000005 1000000010"},
		{3, 3, 5, ""},
		{-math.MaxFloat64, math.MaxFloat64, 5, ""},
	} {
		if got := labels(linearTicks(c.low, c.high, c.most)); got != c.want {
			t.Errorf("%g to %g: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		most      int
		want      string
	}{
		{0.009, 3.2, 4, "0.01 0.1 1"},
		{0.9, 60, 9, "1 2 5 10 20 50"},
		{1e-12, 1, 4, "1e−12 1e−9 1e−6 0.001 1"},
		{5e-324, 1e308, 1, ""},
	} {
		got := labels(logTicks(c.low, c.high, c.most))
		if c.want != "" && got != c.want {
			t.Errorf("%g to %g: %q, want %q", c.low, c.high, got, c.want)
		}
	}
}

func TestTickLabelsDoNotTouch(t *testing.T) {
	for _, a := range []axis{{min: 0, max: 2e5}, {min: -5, max: 5}, {min: 1e9, max: 1e9 + 7}, {min: 1e-9, max: 3, log: true}} {
		const length = 200
		a.ticks = a.fitTicks(length)
		if len(a.ticks) == 0 {
			t.Errorf("%g to %g: no ticks", a.min, a.max)
		}
		end := -1e9
		for _, tick := range a.ticks {
			if tick.label == "" {
				continue
			}
			at, half := a.norm(tick.value)*length, float64(tickText.Width(tick.label))/2
			if at-half < end+3 {
				t.Errorf("%g to %g: label %s starts at %g, the last one ends at %g", a.min, a.max, tick.label, at-half, end)
			}
			end = at + half
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", -3.14159: "−3.142", 12345.6: "12,346", 1e-7: "1e−7", 2.5e20: "2.5e20", -1e7: "−1e7"} {
		if got := number(v); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
}
