// Package analysis makes of the rows of results what is read: [Tables] of a figure by method and data, a [Comparison] of two
// methods or of two sets of results, and a [Ranking] of methods over data sets.
//
// A figure counts where the run is completed. Seeds are what varies by chance, and nothing else is averaged over: rows that
// differ in another setting are never in one cell. docs/statistics.md says which interval and which test is used where.
package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/internal/strictyaml"
	"joule/results"
)

const (
	// Level is the confidence of every interval.
	Level = 0.95
	// Alpha is what p values are compared with.
	Alpha = 0.05
)

// OptionError says that results cannot be looked at in the way that was asked for.
type OptionError struct {
	Option  string // such as metric
	Problem string
}

func (e *OptionError) Error() string { return e.Option + " " + e.Problem }

func refuse(option, format string, args ...any) error {
	return &OptionError{option, fmt.Sprintf(format, args...)}
}

// mostNames is the number of names that a message lists.
const mostNames = 20

// hint is the end of a message about a name that is none of those known.
func hint(name string, known []string) string {
	shown := known
	if len(known) > mostNames {
		shown = append(known[:mostNames:mostNames], fmt.Sprintf("and %d more", len(known)-mostNames))
	}
	all := "there are " + strings.Join(shown, ", ")
	if len(known) == 1 {
		all = "there is " + known[0]
	}
	if near, ok := strictyaml.Nearest(name, known); ok && name != "" {
		return fmt.Sprintf("did you mean %q? T%s", near, all[1:])
	}
	return all
}

// Figures finds figures by their names, all of which some completed run has. Without a name it is the first that says how good a
// run is, or else the first that there is.
func Figures(names []string, rows []*results.Row) ([]results.Figure, error) {
	there := figuresOf(rows)
	if len(there) == 0 {
		return nil, fmt.Errorf("none of the %d runs is completed and has a figure", len(rows))
	}
	if len(names) == 0 {
		i := max(0, slices.IndexFunc(there, func(f results.Figure) bool { return f.Prefer != results.Neither && !f.Cost }))
		return there[i : i+1], nil
	}
	var figures []results.Figure
	for _, name := range names {
		f, known := results.FigureOf(name)
		if !known {
			return nil, refuse("metric", "%s: unknown; %s", name, hint(name, results.FigureNames()))
		}
		if !has(there, f) {
			return nil, refuse("metric", "%s: no completed run has it; %s", name, hint("", namesOf(there)))
		}
		if !has(figures, f) {
			figures = append(figures, f)
		}
	}
	return figures, nil
}

func has(figures []results.Figure, f results.Figure) bool {
	return slices.ContainsFunc(figures, func(other results.Figure) bool { return other.Name == f.Name })
}

// figuresOf are those that some completed run has, in the order of [results.Figures].
func figuresOf(rows []*results.Row) (there []results.Figure) {
	used := map[string]bool{}
	for _, r := range rows {
		if r.Status == results.Completed {
			for name := range r.Metrics {
				used[name] = true
			}
		}
	}
	for _, f := range results.Figures {
		if used[f.Name] {
			there = append(there, f)
		}
	}
	return there
}

func namesOf(figures []results.Figure) (names []string) {
	for _, f := range figures {
		names = append(names, f.Name)
	}
	return names
}

// largest is the size of the values of which squares can be summed. What is larger is no measurement.
const largest = 1e150

// valueOf is a figure of a completed run.
func valueOf(r *results.Row, f results.Figure) (float64, bool) {
	if r.Status != results.Completed {
		return 0, false
	}
	x, ok := r.Metric(f.Name)
	return x, ok && math.Abs(x) <= largest
}

// isShared says that a figure of a run which was trained with others in one program is its share of one measurement: the values of
// such runs say nothing of how it varies.
func isShared(r *results.Row, f results.Figure) bool {
	return r.Replicas > 1 && f.Cost && (f.Unit != "" || f.Name == "steps_per_second")
}
