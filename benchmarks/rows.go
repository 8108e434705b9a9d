package main

import (
	"fmt"
	"slices"
)

// row is one piece of work that all sides do.
type row struct{ Size, Method string }

func (r row) String() string { return r.Size + " " + r.Method }

// batch is the number of data points in a step.
const batch = 128

// widths are the layers of the networks, input and output included.
var widths = map[string][]int{"S": {2, 64, 64, 1}, "L": {2, 256, 256, 256, 1}}

// chainSteps are the Langevin steps of the maximum-likelihood rows.
var chainSteps = map[string]int{"mle100": 100, "mle60": 60}

// allRows are the rows in the order of the table; quickRows those of a quick run.
var (
	allRows   = product([]string{"S", "L"}, []string{"mle100", "mle60", "fisher", "dsm", "nce"})
	quickRows = slices.DeleteFunc(slices.Clone(allRows), func(r row) bool {
		return r.Size == "L" && r.Method != "dsm" && r.Method != "mle60"
	})
)

func product(sizes, methods []string) []row {
	var rows []row
	for _, s := range sizes {
		for _, m := range methods {
			rows = append(rows, row{s, m})
		}
	}
	return rows
}

// flops is the number of floating-point operations in the matrix products of one training step, a multiplication and an
// addition each counting one. Element-wise work is left out.
//
// With B points and the weights P = Σ dᵢ·dᵢ₊₁, of which f are the first layer's and l the last's, in units of 2B:
//
//   - the energy takes P;
//   - its gradient by the points takes P−l forward, since the energy itself is not needed, and P−l backward, since the
//     first product on the way back is with a row of ones;
//   - the gradient by the parameters of a loss of energies takes, beside the P forward, P for the weights and P−f for the
//     layers between;
//   - the gradient by the parameters of a loss of scores takes, beside those 2(P−l), as much again twice: each product has
//     two factors to differentiate by; but nobody asks for the points, which saves f.
//
// A maximum-likelihood step is its chain and a loss of energies at data and negatives; noise contrastive estimation is a
// loss of energies at data and noise; the other two are losses of scores.
func flops(r row) (float64, error) {
	w := widths[r.Size]
	if w == nil {
		return 0, fmt.Errorf("row %s: there is no network %q", r, r.Size)
	}
	weights := 0
	for i := range w[1:] {
		weights += w[i] * w[i+1]
	}
	first, last := w[0]*w[1], w[len(w)-2]*w[len(w)-1]
	energies, score := 3*weights-first, 2*(weights-last)
	count := 0
	switch r.Method {
	case "mle100", "mle60":
		count = chainSteps[r.Method]*score + 2*energies
	case "nce":
		count = 2 * energies
	case "fisher", "dsm":
		count = 3*score - first
	default:
		return 0, fmt.Errorf("row %s: there is no method %q", r, r.Method)
	}
	return 2 * batch * float64(count), nil
}
