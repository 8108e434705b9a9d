package analysis

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format is how something is written.
type Format string

// The formats: aligned columns, a table of Markdown, and for programs CSV and JSON, with all digits.
const (
	Text     Format = "text"
	Markdown Format = "markdown"
	CSV      Format = "csv"
	JSON     Format = "json"
)

// Formats are all of them.
var Formats = []Format{Text, Markdown, CSV, JSON}

// FormatOf finds a format by its name.
func FormatOf(name string) (Format, error) {
	if slices.Contains(Formats, Format(name)) {
		return Format(name), nil
	}
	var names []string
	for _, f := range Formats {
		names = append(names, string(f))
	}
	return "", refuse("format", "%s: unknown; %s", name, hint(name, names))
}

// grid is a table of text.
type grid struct {
	header []string
	// left is the number of columns, from the first, that are aligned at the left; words says so of the last.
	left  int
	words bool
	rows  [][]string
}

// width is that of a text in characters, of which most take one place on a terminal.
func width(s string) int { return utf8.RuneCountInString(s) }

// write writes the grid as text or as Markdown.
func (g *grid) write(w io.Writer, f Format) error {
	widths := make([]int, len(g.header))
	lines := make([][]string, 0, len(g.rows)+1)
	for _, row := range append([][]string{g.header}, g.rows...) {
		line := make([]string, len(g.header))
		for k, cell := range row {
			line[k] = plain(cell)
			if f == Markdown {
				line[k] = strings.ReplaceAll(line[k], "|", `\|`)
			}
			widths[k] = max(widths[k], width(line[k]))
		}
		lines = append(lines, line)
	}
	var text strings.Builder
	for i, line := range lines {
		for k, cell := range line {
			space := strings.Repeat(" ", widths[k]-width(cell))
			if g.isLeft(k) {
				cell += space
			} else {
				cell = space + cell
			}
			if f == Markdown {
				text.WriteString("| " + cell + " ")
			} else if k > 0 {
				text.WriteString("  " + cell)
			} else {
				text.WriteString(cell)
			}
		}
		if f == Markdown {
			text.WriteString("|\n")
		} else {
			trimmed := strings.TrimRight(text.String(), " ")
			text.Reset()
			text.WriteString(trimmed + "\n")
		}
		if i == 0 && f == Markdown {
			for k := range line {
				text.WriteString(map[bool]string{true: "|---", false: "|--:"}[g.isLeft(k)])
			}
			text.WriteString("|\n")
		}
		if _, err := io.WriteString(w, text.String()); err != nil {
			return err
		}
		text.Reset()
	}
	return nil
}

func (g *grid) isLeft(column int) bool {
	return column < g.left || g.words && column == len(g.header)-1
}

// plain makes one printable line of a text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// title is a line above a table.
func title(w io.Writer, f Format, text string, args ...any) error {
	text = plain(fmt.Sprintf(text, args...))
	if f == Markdown {
		text = "**" + text + "**\n"
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// note is a line below a table.
func note(w io.Writer, f Format, text string, args ...any) error {
	text = plain(fmt.Sprintf(text, args...))
	if f == Markdown {
		text = "\n" + text
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// records writes a header and lines as CSV.
func records(w io.Writer, header []string, lines [][]string) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	return out.WriteAll(lines)
}

func encode(w io.Writer, value any) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(value)
}

// digits writes a number that there may be, in as many as it has.
func digits(x *float64) string {
	if x == nil {
		return ""
	}
	return strconv.FormatFloat(*x, 'g', -1, 64)
}
