package main

import (
	"fmt"
	"slices"
)

// row is one piece of work that all sides do.
type row struct{ Size, Method string }

func (r row) String() string { return r.Size + " " + r.Method }

// network is what the rows of a size train.
type network struct {
	batch   int   // the number of data points in a step
	weights []int // of each layer, by how many products of a point it multiplies
	own     row   // the matrix product that a step is made of
}

// networks are S, the MLP 2-64-64-1, L, 2-256-256-256-1, and C, convolutions of 28×28 pixels to 16×16×16, 8×8×32, 4×4×64 and
// 2×2×64, and 256-64-1, whose third layer multiplies the pixels of all images with 64 columns.
var networks = map[string]network{
	"S": {128, []int{2 * 64, 64 * 64, 64}, productRow(128, 64)},
	"L": {128, []int{2 * 256, 256 * 256, 256 * 256, 256}, productRow(128, 256)},
	"C": {64, []int{16 * 16 * 25 * 16, 8 * 8 * 9 * 16 * 32, 4 * 4 * 9 * 32 * 64, 2 * 2 * 9 * 64 * 64, 256 * 64, 64}, productRow(1024, 64)},
}

// chainSteps are the Langevin steps of the maximum-likelihood rows.
var chainSteps = map[string]int{"mle100": 100, "mle60": 60, "mle20": 20}

// allRows are the rows in the order of the table; denseRows those that are measured where none are named, and quickRows those of a
// quick run.
var (
	allRows   = append(product([]string{"S", "L"}, []string{"mle100", "mle60", "fisher", "dsm", "nce"}), product([]string{"C"}, []string{"mle20", "dsm"})...)
	denseRows = slices.DeleteFunc(slices.Clone(allRows), func(r row) bool { return r.Size == "C" })
	quickRows = slices.DeleteFunc(slices.Clone(denseRows), func(r row) bool {
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
// With B points and the weights P, of which f are the first layer's and l the last's, each of a convolution as often as there are
// places of its kernel, in units of 2B:
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
	net, ok := networks[r.Size]
	if !ok {
		return 0, fmt.Errorf("row %s: there is no network %q", r, r.Size)
	}
	weights := 0
	for _, w := range net.weights {
		weights += w
	}
	first, last := net.weights[0], net.weights[len(net.weights)-1]
	energies, score := 3*weights-first, 2*(weights-last)
	var count int
	switch r.Method {
	case "mle100", "mle60", "mle20":
		count = chainSteps[r.Method]*score + 2*energies
	case "nce":
		count = 2 * energies
	case "fisher", "dsm":
		count = 3*score - first
	default:
		return 0, fmt.Errorf("row %s: there is no method %q", r, r.Method)
	}
	return 2 * float64(net.batch) * float64(count), nil
}
