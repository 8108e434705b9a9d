package cli

import "strings"

// FirstOf is the beginning of a text, in one line.
func FirstOf(text string, most int) string {
	text = strings.ReplaceAll(text, "\n", "; ")
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Plain is a description without the signs of Markdown, which shells would take for their own.
func Plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// Mean is the mean of values, of which there is at least one.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// OneLine writes an error, which may be several, in one line.
func OneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// Round rounds seconds to hundredths, for logs.
func Round(seconds float64) float64 { return float64(int(seconds*100+0.5)) / 100 }
