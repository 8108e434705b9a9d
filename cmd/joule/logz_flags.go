package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"joule/metrics"
)

// aisFlags are the settings of annealed importance sampling.
var aisFlags = []string{"ais-chains", "ais-steps", "ais-leapfrog", "seed"}

// aisFlag adds them.
func aisFlag(cmd *cobra.Command, ais *metrics.AIS) {
	cmd.Flags().IntVar(&ais.Chains, "ais-chains", ais.Chains, "chains of annealed importance sampling")
	cmd.Flags().IntVar(&ais.Steps, "ais-steps", ais.Steps, "its steps from a Gaussian to the model")
	cmd.Flags().IntVar(&ais.Leapfrog, "ais-leapfrog", ais.Leapfrog, "leapfrog steps of each of them")
	cmd.Flags().Int64Var(&ais.Seed, "seed", 0, "seed of annealed importance sampling")
}

// checkAIS says which flag of annealed importance sampling cannot be, each with the others as they are by default.
func checkAIS(ais metrics.AIS) error {
	chains, steps, leapfrog := metrics.NewAIS(), metrics.NewAIS(), metrics.NewAIS()
	chains.Chains, steps.Steps, leapfrog.Leapfrog = ais.Chains, ais.Steps, ais.Leapfrog
	for i, one := range []metrics.AIS{chains, steps, leapfrog} {
		if err := one.Check(); err != nil {
			return coded(exitUsage, fmt.Errorf("--%s: %w", aisFlags[i], err))
		}
	}
	return nil
}

// gridFlag adds --grid, 0 unless given.
func gridFlag(cmd *cobra.Command, grid *int) {
	cmd.Flags().IntVar(grid, "grid", 0, "points an axis of the grid (default: 401 in two dimensions, 4001 in one)")
}

// checkGrid reports a --grid that cannot be.
func checkGrid(grid int) error {
	if grid == 0 {
		return nil
	}
	if _, err := metrics.GridFor([]float64{0}, []float64{1}, grid); err != nil {
		return coded(exitUsage, fmt.Errorf("--grid %d: %w", grid, err))
	}
	return nil
}

// checkGrid reports a --grid for data that no grid is for.
func (t *trained) checkGrid(grid int) error {
	if dim := len(t.dataset.Columns); grid != 0 && dim > 2 {
		return coded(exitUsage, fmt.Errorf("--grid %d: the data has %d dimensions, and a grid is for one or two", grid, dim))
	}
	return nil
}
