package terminal

import (
	"math"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 7: "7", 999: "999", 0.5: "0.50", 12.34: "12.3", 123.4: "123", 999.6: "1k", 1000: "1k", 12500: "12.5k",
		123456: "123k", 999500: "1M", 1e6: "1M", 1234567: "1.23M", 2e12: "2T", 1e16: "many", -1: "–"} {
		if got := count(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
	if count(math.NaN()) != "–" || count(math.Inf(1)) != "–" {
		t.Error("what is no number is written as one")
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "–", -1: "–", 1: "1s", 59 * time.Second: "59s", 61 * time.Second: "1m", 3*time.Hour + 7*time.Minute: "3h07m",
		50 * time.Hour: "50h", 80 * time.Hour: "3d", math.MaxInt64: "ages", seconds(1e300): "ages", seconds(90): "1m"} {
		if got := span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestBar(t *testing.T) {
	for done, want := range map[float64]string{-1: "░░░░", 0: "░░░░", 24: "░░░░", 25: "█░░░", 99: "███░", 100: "████", 101: "████"} {
		if got := bar(done, 100, 4); got != want {
			t.Errorf("%v of 100: %s, want %s", done, got, want)
		}
	}
	if got := bar(5, 0, 4); got != "░░░░" {
		t.Errorf("of nothing: %s", got)
	}
}
