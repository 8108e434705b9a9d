package terminal

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// nothing stands for what is not known.
const nothing = "–"

// count writes a number in at most five characters.
func count(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0) || x < 0:
		return nothing
	case x < 1000 && x == math.Trunc(x):
		return fmt.Sprint(int(x))
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	case x < 999.5:
		return fmt.Sprintf("%.0f", x)
	}
	for _, unit := range "kMGT" {
		if x /= 1000; x < 999.5 {
			return threeDigits(x) + string(unit)
		}
	}
	return "many"
}

// threeDigits writes a number from 1 to 999 without zeros at its end.
func threeDigits(x float64) string {
	text := fmt.Sprintf("%.*f", max(2-int(math.Log10(x)), 0), x)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// span writes a time in at most five characters; 0 is not known.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return nothing
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(int(d.Seconds()), 1))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 3*day:
		return fmt.Sprintf("%dh", int(d.Hours()))
	case d < 9999*day:
		return fmt.Sprintf("%dd", int(d/day))
	}
	return "ages"
}

// seconds are a time.
func seconds(s float64) time.Duration {
	return time.Duration(min(s, math.MaxInt64/2e9) * float64(time.Second))
}

// bar shows how much of a whole is done, in a number of characters.
func bar(done, of float64, width int) string {
	if of <= 0 {
		return strings.Repeat("░", width)
	}
	full := int(min(max(done/of, 0), 1)*float64(width) + 1e-9)
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// fit makes a text as wide as a column: cut at its end, or padded.
func fit(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// fitName is fit for a path, whose end says most.
func fitName(text string, width int) string {
	text = plain(text)
	if over := ansi.StringWidth(text) - width; over > 0 {
		text = ansi.TruncateLeft(text, over+1, "…")
	}
	return fit(text, width)
}

// right is fit with what is short at the right.
func right(text string, width int) string {
	text = ansi.Truncate(text, width, "…")
	return strings.Repeat(" ", max(width-ansi.StringWidth(text), 0)) + text
}

// plain is a text in one line, without what a terminal would act upon.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}
