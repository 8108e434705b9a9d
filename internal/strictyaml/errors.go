package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is one thing wrong with a document.
type Error struct {
	File         string // as it was opened, or "--set KEY=VALUE"
	Line, Column int    // counted from 1; 0 for an assignment
	Key          string // the dotted path, such as data.means[0][1]; empty when it is not about one key
	Problem      string
}

// Error formats e as FILE:LINE:COLUMN: KEY: PROBLEM, without the parts that it lacks.
func (e Error) Error() string {
	parts := []string{e.File}
	if assignment, ok := strings.CutPrefix(e.File, assignmentPrefix); ok {
		parts[0] = assignmentPrefix + shorten(assignment, maxLetters)
	}
	if e.Line > 0 {
		parts[0] = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	if e.Key != "" && !strings.HasPrefix(e.File, assignmentPrefix+e.Key+"=") {
		parts = append(parts, shorten(e.Key, maxLetters))
	}
	return printable(strings.Join(append(parts, e.Problem), ": "))
}

// printable escapes what is no text for a terminal, such as control characters in keys and names of files.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if strconv.IsPrint(r) && r != utf8.RuneError {
			b.WriteString(text[:size])
		} else {
			quoted := strconv.QuoteToASCII(text[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		text = text[size:]
	}
	return b.String()
}

// Errors are all the errors of a document, in the order of the files and of the lines in them. It is never empty when
// it is returned as an error.
type Errors []Error

const (
	maxShown = 50
	maxKept  = 1000

	maxLetters = 200 // of an assignment or a path of keys
)

// add appends an error, unless there are so many that one more is of no use.
func (es *Errors) add(e Error) {
	if len(*es) < maxKept {
		*es = append(*es, e)
	}
}

// Error lists the errors, one a line, and counts those beyond the first fifty.
func (es Errors) Error() string {
	var lines []string
	for i, e := range es {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("and %d more", len(es)-maxShown))
			break
		}
		lines = append(lines, e.Error())
	}
	return strings.Join(lines, "\n")
}

// sortBy puts the errors in the order of files, then lines, then columns.
func (es Errors) sortBy(files []string) {
	slices.SortStableFunc(es, func(a, b Error) int {
		return cmp.Or(
			slices.Index(files, a.File)-slices.Index(files, b.File),
			a.Line-b.Line,
			a.Column-b.Column)
	})
}

// place is where a node stands.
type place struct {
	file         string
	line, column int
}

func (p place) error(key, format string, args ...any) Error {
	return Error{p.file, p.line, p.column, key, fmt.Sprintf(format, args...)}
}

// Nearest returns the known word that a misspelt one was most likely meant to be, if any is near enough.
func Nearest(word string, known []string) (string, bool) {
	best, least := "", 1<<30
	for _, candidate := range known {
		tolerated := (utf8.RuneCountInString(candidate) + 2) / 3
		if d := distance(word, candidate, tolerated); d <= tolerated && d < least {
			best, least = candidate, d
		}
	}
	return best, best != ""
}

// Suggest is the end of a message about an unknown word: the known word that was most likely meant or, where none is near, otherwise.
func Suggest(word string, known []string, otherwise string) string {
	if near, ok := Nearest(word, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// suggest is that end where all known words are told.
func suggest(word string, known []string) string {
	return Suggest(word, known, "known: "+strings.Join(known, ", "))
}

// distance counts the insertions, deletions, substitutions and swaps of neighbours that turn a into b (the restricted
// Damerau–Levenshtein distance). It stops counting where the lengths alone differ by more than limit.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d > 4*limit || -d > 4*limit {
		return limit + 1
	}
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1) // of the two rows above and this
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(y)]
}
