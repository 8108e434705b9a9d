package eval

import (
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"

	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/metrics"
)

// checkHeldOut reports that there is nothing to compare samples with.
func checkHeldOut(t *trained.Run, set *datasets.Set) error {
	if held, _ := set.HeldOut(); held.N == 0 {
		return fmt.Errorf("--samples: %s: no points were held out (data.test_fraction was 0) to compare samples with", t.Dir.Dir())
	}
	return nil
}

// compareSamples draws n points with the run's sampler and compares the model with held-out points, by these and without; what makes
// the figures doubtful, or is missing of them, is logged.
func compareSamples(t *trained.Run, set *datasets.Set, n int, seed int64) (*metrics.Comparison, error) {
	samples, found, err := t.Draw(n, seed)
	if err != nil {
		return nil, err
	}
	t.CompareWith(set, found)
	panel := metrics.NewPanel(t.Backend.Backend)
	defer panel.Close()
	how := metrics.NewCompareOptions()
	how.Seed, how.SlicedWasserstein.Seed = seed, seed
	c, err := panel.Compare(t.Model, set, samples, how)
	if err != nil {
		return nil, err
	}
	for _, warning := range c.Warnings() {
		slog.Warn(warning, "run", t.Dir.Dir())
	}
	return c, nil
}

// printComparison prints a line for each figure that there is, after an empty one. density says what kind of density is known.
func printComparison(w io.Writer, c *metrics.Comparison, density string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\npoints compared\t%d of the %s part, %d samples\n", c.HeldOut, c.Part, c.Samples)
	line := func(name string, value, perfect *float64, factor float64, format, of string) {
		if value == nil {
			return
		}
		fmt.Fprintf(table, "%s\t"+format, name, factor**value)
		if perfect != nil {
			fmt.Fprintf(table, ", of "+of+" "+format, factor**perfect)
		}
		fmt.Fprintln(table)
	}
	line("Stein discrepancy (KSD)", c.KSD, c.KSDFloor, 1, "%.4g", "points of the model")
	if c.KSDSquared != nil {
		fmt.Fprintf(table, "KSD², without bias\t%.3g, of points of the model 0 ± %.2g\n", *c.KSDSquared, *c.KSDSquaredStd)
	}
	line("MMD², without bias", c.MMD, c.MMDFloor, 1, "%.3g", "training points")
	line("sliced Wasserstein distance", c.SlicedWasserstein, c.SlicedWassersteinFloor, 1, "%.4g", "training points")
	line("modes covered", c.ModeCoverage, nil, 100, "%.3g %%", "")
	line("modes' weights, off by", c.ModeWeightError, c.ModeWeightErrorFloor, 1, "%.4f", "held-out points")
	line("strays", c.Stray, c.StrayFloor, 100, "%.3g %%", "held-out points")
	line("AUROC of uniform outliers", c.AUROC, c.AUROCCeiling, 1, "%.4f", "the "+density+" density")
	return table.Flush()
}
