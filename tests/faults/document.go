package main

import (
	"fmt"
	"strings"

	"joule/internal/marked"
)

// document is the part of a document that this program writes.
var document = marked.By("make faults")

// report is everything that is seen.
type report struct {
	Date, CPU string
	Cores     int
	Go        string
	Seed      uint64
	Quick     bool
	Backends  []string
	Minutes   float64
	Rows      []row
}

// markdown is the generated part of the document.
func (r report) markdown() string {
	var b strings.Builder
	kind := ""
	if r.Quick {
		kind = ", a quick run"
	}
	cases, violations := 0, 0
	for _, row := range r.Rows {
		cases += row.Cases
		violations += len(row.Violations)
	}
	fmt.Fprintf(&b, "Seen on %s%s, in %.0f minutes: %d cases, **%d violations**. Seed %d. Machine: %s, %d cores, %s. Backends: %s.\n\n",
		r.Date, kind, r.Minutes, cases, violations, r.Seed, r.CPU, r.Cores, r.Go, strings.Join(r.Backends, ", "))
	b.WriteString("| experiment | backend | cases | seen | violations |\n| --- | --- | --: | --- | --: |\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %d |\n", row.Experiment, row.Backend, row.Cases, row.Seen, len(row.Violations))
	}
	for _, row := range r.Rows {
		for _, v := range row.Violations {
			fmt.Fprintf(&b, "\nViolation: %s, %s: %s\n", row.Experiment, row.Backend, strings.ReplaceAll(v, "\n", " "))
		}
	}
	return b.String()
}
