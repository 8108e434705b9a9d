package trained

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/metrics"
)

// AISFlags are the settings of annealed importance sampling.
var AISFlags = []string{"ais-chains", "ais-steps", "ais-leapfrog", "seed"}

// AISFlag adds them.
func AISFlag(cmd *cobra.Command, ais *metrics.AIS) {
	cmd.Flags().IntVar(&ais.Chains, "ais-chains", ais.Chains, "chains of annealed importance sampling")
	cmd.Flags().IntVar(&ais.Steps, "ais-steps", ais.Steps, "its steps from a Gaussian to the model")
	cmd.Flags().IntVar(&ais.Leapfrog, "ais-leapfrog", ais.Leapfrog, "leapfrog steps of each of them")
	cmd.Flags().Int64Var(&ais.Seed, "seed", 0, "seed of annealed importance sampling")
}

// CheckAIS says which flag of annealed importance sampling cannot be, each with the others as they are by default.
func CheckAIS(ais metrics.AIS) error {
	chains, steps, leapfrog := metrics.NewAIS(), metrics.NewAIS(), metrics.NewAIS()
	chains.Chains, steps.Steps, leapfrog.Leapfrog = ais.Chains, ais.Steps, ais.Leapfrog
	for i, one := range []metrics.AIS{chains, steps, leapfrog} {
		if err := one.Check(); err != nil {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: %w", AISFlags[i], err))
		}
	}
	return nil
}

// GridFlag adds --grid, 0 unless given.
func GridFlag(cmd *cobra.Command, grid *int) {
	cmd.Flags().IntVar(grid, "grid", 0, "points an axis of the grid (default: 401 in two dimensions, 4001 in one)")
}

// CheckGrid reports a --grid that cannot be.
func CheckGrid(grid int) error {
	if grid == 0 {
		return nil
	}
	if _, err := metrics.GridFor([]float64{0}, []float64{1}, grid); err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--grid %d: %w", grid, err))
	}
	return nil
}

// CheckGrid reports a --grid for data that no grid is for.
func (t *Run) CheckGrid(grid int) error {
	if dim := len(t.Dataset.Columns); grid != 0 && dim > 2 {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--grid %d: the data has %d dimensions, and a grid is for one or two", grid, dim))
	}
	return nil
}

// Normalizer is log Z of the model, in its coordinates. What makes it doubtful is logged.
func (t *Run) Normalizer(how metrics.Options) (*metrics.Normalizer, error) {
	set, err := t.Data()
	if err != nil {
		return nil, err
	}
	z, err := metrics.Normalize(t.Model, set, how)
	if err != nil {
		return nil, fmt.Errorf("log Z cannot be had, and so no log density: %w", err)
	}
	for _, warning := range z.Warnings {
		slog.Warn(warning, "run", t.Dir.Dir())
	}
	if z.StandardError > 0 {
		slog.Info(fmt.Sprintf("log Z is %.4f ± %.4f nats by %s", z.LogZ, z.StandardError, z.Way), "run", t.Dir.Dir())
	}
	return z, nil
}
