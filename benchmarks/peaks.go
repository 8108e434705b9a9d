package main

import (
	"fmt"
	"io"
	"strings"
)

// peak is the measured speed of a matrix product in XLA, opened as for the rows of a size.
type peak struct {
	Size   string // of the rows that it is a bound for
	Shape  string // ROWSxWIDTH: [rows, width]·[width, width]
	GFLOPS float64
}

// largeProduct is the one whose speed counts as that of the machine.
var largeProduct = productRow(1024, 1024)

// peaks measures the products with Joule's XLA sides: the best round counts.
func (p plan) peaks(all []*side, log io.Writer) []peak {
	var list []peak
	for _, s := range all {
		if s.Column != jouleXLA || s.child == nil {
			continue
		}
		for _, r := range []row{largeProduct, networks[s.sizes].own} {
			e := &entry{Column: s.Column, side: s, request: r}
			if err := p.prepare(e); err != nil {
				fmt.Fprintf(log, "  %s: %v\n", r, err)
				continue
			}
			fastest := e.Heat
			for range p.rounds {
				if made, seconds, err := s.child.run(r, stepsFor(e.Heat, p.seconds), p.patience); err == nil {
					fastest = max(fastest, float64(made)/seconds)
				}
			}
			var rows, width float64
			fmt.Sscanf(strings.ReplaceAll(r.Method, "x", " "), "%g %g", &rows, &width)
			list = append(list, peak{s.sizes, r.Method, 2 * rows * width * width * fastest / 1e9})
		}
	}
	return list
}
