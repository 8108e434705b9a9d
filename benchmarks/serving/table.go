package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"joule/backends"
)

// result is what came of a load at a side, round by round.
type result struct {
	Load   load      `json:"load"`
	Side   string    `json:"side"`
	Rounds []summary `json:"rounds"`
}

// median is that of a figure over the rounds.
func (r result) median(of func(summary) float64) float64 {
	var values []float64
	for _, s := range r.Rounds {
		values = append(values, of(s))
	}
	return middle(values)
}

// over is the median over the rounds of the ratio within a round, so that a machine that slows down for a while does so for both.
func (r result) over(other result, of func(summary) float64) float64 {
	var values []float64
	for i, s := range r.Rounds {
		values = append(values, of(s)/of(other.Rounds[i]))
	}
	return middle(values)
}

// middle is the median.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// loadAverage is that of the last minute; unknown where the system does not tell.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if words := strings.Fields(string(text)); err == nil && len(words) > 0 {
		return words[0]
	}
	return "unknown"
}

func rate(s summary) float64 { return s.Rate }
func p50(s summary) float64  { return s.P50 }
func p99(s summary) float64  { return s.P99 }

// tables are a table for each load. The ratios are of rates, that of the first side being 1.
func tables(results []result, versions, load string) string {
	var b strings.Builder
	machine := backends.ThisSystem()
	fmt.Fprintf(&b, "%s, %d cores, %s, load average %s before the servers were started; %s. %d rounds; medians, and ratios within a round.\n", machine.CPU, machine.Cores,
		time.Now().UTC().Format("2006-01-02"), load, strings.TrimSpace(versions), len(results[0].Rounds))
	var first result
	for i, r := range results {
		if i == 0 || r.Load != results[i-1].Load {
			first = r
			fmt.Fprintf(&b, "\n%v:\n\n| server | requests/s | p50, ms | p99, ms | rate beside the first |\n|---|---|---|---|---|\n", r.Load)
		}
		fmt.Fprintf(&b, "| %s | %.0f | %.2f | %.2f | %.2f |\n", r.Side, r.median(rate), r.median(p50), r.median(p99), r.over(first, rate))
	}
	return b.String()
}
