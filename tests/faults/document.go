package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"joule/internal/atomicfile"
)

// The generated part of the document stands between these lines.
const (
	beginMark = "<!-- begin of what make faults writes -->"
	endMark   = "<!-- end of what make faults writes -->"
)

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

// rewritten is the document at path with another generated part.
func rewritten(path, generated string) (string, error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	before, rest, begins := strings.Cut(string(old), beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("%s: want one line %q, and after it %q", path, beginMark, endMark)
	}
	return before + beginMark + "\n\n" + strings.TrimSpace(generated) + "\n\n" + endMark + after, nil
}

// rewrite replaces the generated part of the document at path.
func rewrite(path, generated string) error {
	text, err := rewritten(path, generated)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
