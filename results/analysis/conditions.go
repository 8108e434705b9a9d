package analysis

import (
	"fmt"
	"slices"
	"strings"

	"joule/results"
)

// Change is a run that ended in another way.
type Change struct {
	Run    string         `json:"run"`
	A      results.Status `json:"a"`
	B      results.Status `json:"b"`
	Lost   []string       `json:"lost,omitempty"` // figures that a completed run has in A alone
	Reason string         `json:"reason,omitempty"`
}

// worse says what of B is worse: verdicts, and cells with fewer runs that have a figure.
func (c *Comparison) worse() (what []string) {
	for _, f := range c.Figures {
		worse, fewer := 0, 0
		for _, d := range f.Cells {
			if d.Verdict == Worse {
				worse++
			}
			if d.MeasuredB < d.MeasuredA {
				fewer++
			}
		}
		if worse > 0 {
			what = append(what, fmt.Sprintf("%s is worse in %d of %d cells", f.Metric, worse, len(f.Cells)))
		}
		if f.Overall != nil && f.Overall.Verdict == Worse {
			what = append(what, f.Metric+" is worse over all")
		}
		if fewer > 0 {
			what = append(what, fmt.Sprintf("fewer runs have %s in %d of %d cells", f.Metric, fewer, len(f.Cells)))
		}
	}
	return what
}

// Conditions are what a comparison can be asked to fail on: that a verdict on B is worse or fewer runs of a cell have a figure;
// that any run no longer has it; that a run is in A alone.
var Conditions = []string{"worse", "failed", "missing"}

// Fails says which of some conditions hold; an error if one is not of [Conditions].
func (c *Comparison) Fails(conditions []string) (what []string, err error) {
	for _, name := range conditions {
		switch name {
		case "worse":
			what = append(what, c.worse()...)
		case "failed":
			if lost := slices.DeleteFunc(slices.Clone(c.Changes), func(x Change) bool { return !x.isLoss() }); len(lost) > 0 {
				what = append(what, fmt.Sprintf("newly failed: %s, such as %s", Counted(len(lost), "run"), lost[0].Run))
			}
		case "missing":
			if n := len(c.OnlyA); n > 0 {
				what = append(what, fmt.Sprintf("missing: %s, such as %s", Counted(n, "run"), c.OnlyA[0]))
			}
		default:
			return nil, CheckConditions(conditions)
		}
	}
	return what, nil
}

// CheckConditions reports a name that is none of [Conditions].
func CheckConditions(names []string) error {
	for _, name := range names {
		if !slices.Contains(Conditions, name) {
			return refuse("fail-on", "%s: unknown; %s", name, hint(name, Conditions))
		}
	}
	return nil
}

// isLoss says that a run was completed with its figures, and is no longer.
func (x Change) isLoss() bool {
	return x.A == results.Completed && (x.B != results.Completed || x.Lost != nil)
}

// b says how a run ended in B.
func (x Change) b() string {
	if x.Lost != nil {
		return fmt.Sprintf("%s, without %s", x.B, strings.Join(x.Lost, ", "))
	}
	return string(x.B)
}
