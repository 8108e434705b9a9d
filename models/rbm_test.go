package models

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// hiddenSum is log Z and the mean of x by the closed forms: sums over all hidden states, each of which is a Gaussian of
// variance s² around b + s·Wh.
func hiddenSum(m *RBM, weight, visible, hidden []float64) (logZ float64, mean []float64) {
	dim, z := len(visible), 0.0
	mean = make([]float64, dim)
	for state := range 1 << m.Hidden {
		shift, exponent := make([]float64, dim), 0.0
		for j := range m.Hidden {
			if state>>j&1 == 0 {
				continue
			}
			exponent += hidden[j]
			for i := range dim {
				shift[i] += weight[i*m.Hidden+j]
			}
		}
		for i := range dim {
			exponent += visible[i]/m.Std*shift[i] + 0.5*shift[i]*shift[i]
		}
		z += math.Exp(exponent)
		for i := range dim {
			mean[i] += math.Exp(exponent) * (visible[i] + m.Std*shift[i])
		}
	}
	for i := range mean {
		mean[i] /= z
	}
	return math.Log(z) + 0.5*float64(dim)*math.Log(2*math.Pi*m.Std*m.Std), mean
}

// Z and the mean are those of the mixture of Gaussians that the hidden states make. The sums over the grid converge faster
// than any power of its spacing.
func TestRBMIsAMixture(t *testing.T) {
	const side, half, step = 161, 8.0, 16.0 / 160
	m := &RBM{Hidden: 5, Std: 0.7}
	theta := moved(t, m, 2, 3, 0.8)
	var grid []float64
	for i := range side {
		for j := range side {
			grid = append(grid, step*float64(i)-half, step*float64(j)-half)
		}
	}
	wantLogZ, wantMean := hiddenSum(m, theta[0], theta[1], theta[2])
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		energies := evaluate(t, backend, m, theta, grid, 2, func(net Net, x *graph.Node) []*graph.Node {
			return []*graph.Node{net.Energy(x)}
		})[0]
		z, mean := 0.0, [2]float64{}
		for i, e := range energies {
			p := math.Exp(-e) * step * step
			z += p
			mean[0] += p * grid[2*i]
			mean[1] += p * grid[2*i+1]
		}
		near(t, "log Z", math.Log(z), wantLogZ, 1e-9)
		near(t, "the first mean", mean[0]/z, wantMean[0], 1e-9)
		near(t, "the second mean", mean[1]/z, wantMean[1], 1e-9)
	})
}
