package main

import (
	"fmt"
	"strings"
)

// report is everything that a run measures. It is written as JSON, and as the tables of the document.
type report struct {
	Date     string
	CPU      string
	Cores    int
	Load     string `json:",omitempty"` // of the machine before the run: the averages of 1, 5 and 15 minutes
	Versions []string
	Absent   []string `json:",omitempty"` // sides that could not be started, and why
	Quick    bool
	Rounds   int
	Seconds  float64 // of one measurement
	Results  []result
	Peaks    []peak
	Crowds   []crowd
	Startups []startup
}

// markdown is the generated part of the document.
func (r report) markdown() string {
	var b strings.Builder
	kind := ""
	if r.Quick {
		kind = ", a quick run"
	}
	fmt.Fprintf(&b, "Measured on %s%s: %d rounds of %.2g s for each side. Machine: %s, %d cores", r.Date, kind, r.Rounds, r.Seconds, r.CPU, r.Cores)
	if r.Load != "" {
		fmt.Fprintf(&b, ", load before the run %s", r.Load)
	}
	fmt.Fprintf(&b, ". Versions: %s.\n", strings.Join(r.Versions, "; "))
	for _, a := range r.Absent {
		fmt.Fprintf(&b, "\nNot measured: %s\n", a)
	}
	b.WriteString("\n### Training steps a second\n\nMedian of the rounds, slowest–fastest round in brackets.\n\n")
	r.speedTable(&b)
	b.WriteString("\n### What it takes to compile\n\nSeconds from the request to the end of the first call, and the variant that counted.\n\n")
	r.compileTable(&b)
	b.WriteString("\n### Against the roofline\n\n")
	r.rooflineTable(&b)
	if len(r.Crowds) > 0 {
		b.WriteString("\n### What a replica costs\n\n")
		r.crowdTable(&b)
	}
	if len(r.Startups) > 0 {
		b.WriteString("\n### Start-up of joule train\n\n")
		r.startupTable(&b)
	}
	return b.String()
}

func line(b *strings.Builder, cells ...string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// heading writes the heading of a table; all columns but the first are numbers.
func heading(b *strings.Builder, cells ...string) {
	line(b, cells...)
	rule := make([]string, len(cells))
	for i := range rule {
		rule[i] = "--:"
	}
	rule[0] = "---"
	line(b, rule...)
}

func (r report) speedTable(b *strings.Builder) {
	heading(b, append(append([]string{"row"}, columns...), "best peer", "Joule / best peer", "Joule Go / PyTorch eager")...)
	for _, res := range r.Results {
		cells := []string{res.Row.String()}
		for _, column := range columns {
			e := res.best(column)
			if e == nil {
				cells = append(cells, "–")
				continue
			}
			cells = append(cells, fmt.Sprintf("%s (%s–%s)", number(e.Speeds.median()), number(e.Speeds.worst()), number(e.Speeds.best())))
		}
		peer, joule := res.bestPeer(), res.best(jouleXLA)
		if peer == nil {
			line(b, append(cells, "–", "–", "–")...)
			continue
		}
		ratio := "–"
		if joule != nil {
			ratio = fmt.Sprintf("**%.2f**", joule.Speeds.over(peer.Speeds))
		}
		line(b, append(cells, peer.Column, ratio, res.ratio(jouleGo, eager))...)
	}
}

// ratio is how many times as fast as another column one is.
func (r result) ratio(column, by string) string {
	one, other := r.best(column), r.best(by)
	if one == nil || other == nil {
		return "–"
	}
	return fmt.Sprintf("%.2f", one.Speeds.over(other.Speeds))
}

func (r report) compileTable(b *strings.Builder) {
	heading(b, append([]string{"row"}, columns...)...)
	for _, res := range r.Results {
		cells := []string{res.Row.String()}
		for _, column := range columns {
			cell := "–"
			if e := res.best(column); e != nil {
				cell = fmt.Sprintf("%.2f", e.CompileSeconds)
				if e.Variant != "" {
					cell += ", " + e.Variant
				}
			}
			cells = append(cells, cell)
		}
		line(b, cells...)
	}
}

func (r report) rooflineTable(b *strings.Builder) {
	speed := map[string]float64{}
	for _, p := range r.Peaks {
		speed[p.Size+p.Shape] = p.GFLOPS
	}
	heading(b, "row", "MFLOP a step", "Joule GFLOP/s", "product 1024×1024×1024 GFLOP/s", "Joule / it", "the row's own product", "GFLOP/s", "Joule / it")
	for _, res := range r.Results {
		joule := res.best(jouleXLA)
		work, err := flops(res.Row)
		if joule == nil || err != nil {
			continue
		}
		own := networks[res.Row.Size].own
		large, small, reached := speed[res.Row.Size+largeProduct.Method], speed[res.Row.Size+own.Method], work*joule.Speeds.median()/1e9
		var rows, width int
		fmt.Sscanf(own.Method, "%dx%d", &rows, &width)
		line(b, res.Row.String(), fmt.Sprintf("%.1f", work/1e6), number(reached), number(large), share(reached, large),
			fmt.Sprintf("%d×%d×%d", rows, width, width), number(small), share(reached, small))
	}
}

// share is a fraction in per cent, or a dash where the whole is not known.
func share(part, whole float64) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f %%", 100*part/whole)
}

func (r report) startupTable(b *strings.Builder) {
	heading(b, "command", "s to the first step", "s of compilation", "peak memory, MiB")
	for _, s := range r.Startups {
		line(b, "`"+s.Command+"`", fmt.Sprintf("%.2f", s.FirstStep), fmt.Sprintf("%.2f", s.Compile), fmt.Sprintf("%.0f", s.PeakMiB))
	}
}

// number has three digits or all before the point.
func number(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
