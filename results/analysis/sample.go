package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/internal/statistics"
	"joule/results"
)

// Sample is what the runs of one cell, alike but for their seeds, have come to in a figure.
type Sample struct {
	Runs int `json:"runs"`
	// N is the number of runs that are completed and have the figure.
	N int `json:"n"`
	// Mean and the others are of those runs. StdDev and HalfWidth, half of the interval of the mean, are nil of fewer than two, and
	// of the time and memory of runs that were trained in one program.
	Mean      *float64 `json:"mean,omitempty"`
	StdDev    *float64 `json:"standard_deviation,omitempty"`
	HalfWidth *float64 `json:"half_width,omitempty"`
	// Failures counts the runs that are not completed.
	Failures map[results.Status]int `json:"failures,omitempty"`
	// Unmeasured counts the runs that are completed and do not have the figure.
	Unmeasured int `json:"unmeasured,omitempty"`
	// Doubtful counts the runs of N that have warnings.
	Doubtful int `json:"doubtful,omitempty"`

	values  map[int64]float64 // by seed
	shared  bool              // the values are no independent measurements
	problem string            // the data
	doubt   string            // a warning
}

// sampleOf gathers a figure of the rows of a cell.
func sampleOf(rows []*results.Row, f results.Figure) *Sample {
	s := &Sample{Runs: len(rows), values: make(map[int64]float64, len(rows)), problem: problemOf(rows)}
	values := make([]float64, 0, len(rows))
	for _, r := range rows {
		x, ok := valueOf(r, f)
		switch {
		case ok:
			s.values[r.Seed] = x
			s.shared = s.shared || isShared(r, f)
			values = append(values, x)
			if len(r.Warnings) > 0 {
				s.Doubtful++
				s.doubt = cmp.Or(s.doubt, r.Run+": "+r.Warnings[0])
			}
		case r.Status == results.Completed:
			s.Unmeasured++
		default:
			if s.Failures == nil {
				s.Failures = map[results.Status]int{}
			}
			s.Failures[r.Status]++
		}
	}
	if s.N = len(values); s.N == 0 {
		return s
	}
	s.Mean = new(statistics.Mean(values))
	if sd, ok := statistics.StdDev(values); ok && !s.shared {
		half, _ := statistics.HalfWidth(values, Level)
		s.StdDev, s.HalfWidth = &sd, &half
	}
	return s
}

// paired are the values of two samples on the seeds that both have, in the order of the seeds.
func paired(a, b *Sample) (x, y []float64) {
	var seeds []int64
	for seed := range a.values {
		if _, ok := b.values[seed]; ok {
			seeds = append(seeds, seed)
		}
	}
	slices.Sort(seeds)
	for _, seed := range seeds {
		x, y = append(x, a.values[seed]), append(y, b.values[seed])
	}
	return x, y
}

// text is the mean with its interval, and in parentheses what is not in it.
func (s *Sample) text(f results.Figure) (mean, lacks string) {
	if s == nil {
		return "", ""
	}
	mean = "–"
	if s.N > 0 {
		mean = number(*s.Mean, f.Decimals)
		if s.HalfWidth != nil {
			mean += " ± " + number(*s.HalfWidth, f.Decimals)
		}
	}
	if s.N < s.Runs {
		lacks = " (" + s.lacks() + ")"
	}
	return mean, lacks
}

// lacks says of how many runs the figure is, and why not of all.
func (s *Sample) lacks() string {
	var notes []string
	if s.N > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d", s.N, s.Runs))
	}
	for _, status := range results.Statuses {
		if n := s.Failures[status]; n > 0 {
			notes = append(notes, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(status), "_", " ")))
		}
	}
	if s.Unmeasured > 0 {
		notes = append(notes, fmt.Sprintf("%d without it", s.Unmeasured))
	}
	return strings.Join(notes, ", ")
}

// number writes x with some decimals and a true minus; what these would make zero has two digits.
func number(x float64, decimals int) string {
	text := fmt.Sprintf("%.*f", decimals, x)
	if strings.Trim(text, "-0.") == "" {
		if text = "0"; decimals > 0 {
			text = fmt.Sprintf("%.*f", decimals, 0.)
		}
		if x != 0 {
			text = fmt.Sprintf("%.1e", x)
		}
	}
	return strings.ReplaceAll(text, "-", "−")
}

// signed is number with a sign in front.
func signed(x float64, decimals int) string {
	if x > 0 {
		return "+" + number(x, decimals)
	}
	return number(x, decimals)
}

// decimalsFor are those that show two digits of a number, at least as many as given and at most eight.
func decimalsFor(x float64, least int) int {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return least
	}
	return max(least, min(8, 1-int(math.Floor(math.Log10(math.Abs(x))))))
}
