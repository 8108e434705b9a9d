package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// rules are what a tag check asks of a value.
type rules struct {
	required bool
	value    *interval // of a number
	length   *interval // of a list, or of a string in characters
	options  []string  // of a string
	each     *rules    // of every element of a list
	word     string    // that stands for the number named of an integer; empty: none
	named    int64
}

// parseRules reads a tag: rules separated by commas.
func parseRules(tag string) (r rules, err error) {
	if tag == "" {
		return rules{}, nil
	}
	for rule := range strings.SplitSeq(tag, ",") {
		if err := r.add(strings.Fields(rule)); err != nil {
			return rules{}, fmt.Errorf("check %q: %w", strings.TrimSpace(rule), err)
		}
	}
	return r, nil
}

func (r *rules) add(words []string) error {
	switch {
	case len(words) == 1 && words[0] == "required":
		r.required = true
		return nil
	case len(words) == 2 && words[0] == "in":
		r.options = strings.Split(words[1], "|")
		return nil
	case len(words) == 3 && words[0] == "word":
		number, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil || plain.FindString(words[1]) == "" {
			return fmt.Errorf("want a word and a whole number")
		}
		r.word, r.named = words[1], number
		return nil
	case len(words) == 3 && words[0] == "len":
		return narrow(&r.length, words[1], words[2])
	case len(words) > 1 && words[0] == "each":
		if r.each == nil {
			r.each = &rules{}
		}
		return r.each.add(words[1:])
	case len(words) == 2:
		return narrow(&r.value, words[0], words[1])
	}
	return fmt.Errorf("not a rule")
}

// problem says what is wrong with a value, written as shown in the file, or nothing. Elements of lists are not looked
// at.
func (r rules) problem(v reflect.Value, shown string) string {
	switch v.Kind() {
	case reflect.String:
		text := v.String()
		if r.required && text == "" {
			return "is empty"
		}
		if r.options != nil && !slices.Contains(r.options, text) {
			return fmt.Sprintf("%q is unknown; %s", abbreviate(text), suggest(text, r.options))
		}
		return r.lengthProblem(utf8.RuneCountInString(text), "character", "characters")
	case reflect.Slice:
		return r.lengthProblem(v.Len(), "entry", "entries")
	case reflect.Int, reflect.Int64:
		if r.word != "" && v.Int() == r.named && (shown == r.word || shown == "") {
			return ""
		}
		return r.valueProblem(float64(v.Int()), shown)
	case reflect.Float64:
		return r.valueProblem(v.Float(), shown)
	}
	return ""
}

// isWord says whether n is the word that stands for a number of v.
func (r rules) isWord(v reflect.Value, n *node) bool {
	return r.word != "" && v.CanInt() && n.kind == scalarNode && !n.quoted && n.text == r.word
}

func (r rules) valueProblem(x float64, shown string) string {
	if r.value == nil || r.value.contains(x) {
		return ""
	}
	return shown + " is " + r.value.misfit(x)
}

func (r rules) lengthProblem(n int, one, many string) string {
	if r.length == nil || r.length.contains(float64(n)) {
		return ""
	}
	of := many
	if n == 1 {
		of = one
	}
	return fmt.Sprintf("has %d %s, which is %s", n, of, r.length.misfit(float64(n)))
}

// needed says what the rules ask for, for a key that is missing.
func (r rules) needed() string {
	switch {
	case r.value != nil:
		return "a number " + r.value.String() + " is needed"
	case r.options != nil:
		return "known: " + strings.Join(r.options, ", ")
	case r.length != nil:
		return "its length has to be " + r.length.String()
	}
	return "give it a value"
}

// interval is a range of numbers; its ends may be infinite.
type interval struct {
	low, high         float64
	lowOpen, highOpen bool
}

// narrow puts one bound on an interval, which is nil where there is none yet.
func narrow(in **interval, operator, bound string) error {
	if *in == nil {
		*in = &interval{low: math.Inf(-1), high: math.Inf(1)}
	}
	b, err := strconv.ParseFloat(bound, 64)
	switch operator {
	case ">", ">=":
		(*in).low, (*in).lowOpen = b, operator == ">"
	case "<", "<=":
		(*in).high, (*in).highOpen = b, operator == "<"
	default:
		return fmt.Errorf("%q is not a comparison", operator)
	}
	if err != nil {
		return fmt.Errorf("%q is not a number", bound)
	}
	return nil
}

func (i interval) contains(x float64) bool {
	above := x > i.low || x == i.low && !i.lowOpen
	below := x < i.high || x == i.high && !i.highOpen
	return above && below
}

// far is where the upper end of an interval is a limit, and no part of what the number means.
const far = 1e5

// misfit ends the sentence "x is …" for an x outside.
func (i interval) misfit(x float64) string {
	if i.high >= far { // only the end that was passed is worth telling
		if x > i.low {
			i.low = math.Inf(-1)
		} else {
			i.high = math.Inf(1)
		}
	}
	switch {
	case i.low == 0 && math.IsInf(i.high, 1) && i.lowOpen:
		return "not positive"
	case i.low == 0 && math.IsInf(i.high, 1):
		return "negative"
	}
	return "not " + i.String()
}

// readable writes a number without an exponent unless it is very large or small.
func readable(x float64) string {
	if whole := math.Trunc(x); whole == x && math.Abs(x) < 1e15 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

// String describes the interval so that it can follow "a number".
func (i interval) String() string {
	low, high := readable(i.low), readable(i.high)
	switch {
	case math.IsInf(i.high, 1) && i.lowOpen:
		return "above " + low
	case math.IsInf(i.high, 1):
		return "at least " + low
	case math.IsInf(i.low, -1) && i.highOpen:
		return "below " + high
	case math.IsInf(i.low, -1):
		return "at most " + high
	}
	open, end := "[", "]"
	if i.lowOpen {
		open = "("
	}
	if i.highOpen {
		end = ")"
	}
	return "in " + open + low + ", " + high + end
}
