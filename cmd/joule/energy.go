package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"joule/datasets"
	"joule/inference"
	"joule/metrics"
)

// The headers of columns of energies and of log densities.
const (
	energyColumn     = "energy"
	logDensityColumn = "log_density"
)

func newEnergy() *cobra.Command {
	var flags *evaluation
	var score, logDensity bool
	var sigma float64
	var grid int
	ais := metrics.NewAIS()
	cmd := &cobra.Command{
		Use:   "energy RUN --in FILE",
		Short: "Evaluate a trained model's energy, score or log density at points",
		Long: `energy evaluates E(x), or with --score the score ∇ log p(x) = −∇E(x), or with --log-density log p(x) = −E(x) − log Z, at the
points of a CSV, NPY or Parquet file. Points, scores and densities are in the units of the data: where the run standardised its
data, that is undone. The columns that the run was trained on are taken, by name, and become coordinates as they did in
training; of an array they are taken in order. A score has a column for each coordinate, which is one for each category of a
column of categories. Of a run on images, --in can also be a file of images, a folder of them, or a PNG or JPEG image.

log Z is 0 for a normalising flow, comes from a grid in one and two dimensions, and in more from annealed importance sampling,
whose standard error goes to standard error: it is the same for all points, and so does not change their order.

Energies and log densities come out as a vector [n], scores as a table [n, dim].`,
		Example: `  joule energy runs/dsm --in points.npy -o energies.npy
  joule energy runs/dsm --in points.csv --score
  joule energy runs/dsm --in points.csv --log-density`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if own := changed(cmd, append([]string{"grid"}, aisFlags...)...); own != "" && !logDensity {
				return coded(exitUsage, fmt.Errorf("--%s: is about log Z, which only --log-density needs", own))
			}
			if score && logDensity {
				return coded(exitUsage, errors.New("--score and --log-density exclude each other"))
			}
			if err := cmp.Or(checkGrid(grid), checkAIS(ais)); err != nil {
				return err
			}
			t, err := flags.run(args[0], nil)
			if err != nil {
				return err
			}
			if err := cmp.Or(t.at(sigma), t.checkGrid(grid)); err != nil {
				return err
			}
			points, err := t.read(flags.input)
			if err != nil {
				return err
			}
			if err := t.open(flags.backend); err != nil {
				return err
			}
			defer t.close()
			var values datasets.Points
			columns := []string{energyColumn}
			switch {
			case score:
				values, columns, err = t.scores(points)
			case logDensity:
				values, err = t.logDensities(points, metrics.Options{Grid: grid, AIS: &ais})
				columns = []string{logDensityColumn}
			default:
				values, err = t.energies(points)
			}
			if err != nil {
				return err
			}
			return writePoints(flags.output, cmd.OutOrStdout(), values, columns)
		},
	}
	flags = evaluationFlags(cmd)
	cmd.Flags().BoolVar(&score, "score", false, "write scores instead of energies")
	cmd.Flags().BoolVar(&logDensity, "log-density", false, "write log densities instead of energies")
	aisFlag(cmd, &ais)
	gridFlag(cmd, &grid)
	sigmaFlag(cmd, &sigma)
	return cmd
}

// energies are E at points in the units of the data, [n, 1].
func (t *trained) energies(points datasets.Points) (datasets.Points, error) {
	energies, err := t.model.Energies(t.transform().Apply(points).Values)
	return datasets.Points{N: points.N, Dim: 1, Values: energies}, err
}

// scores are ∇ log p at points, both in the units of the data, and what its columns are called.
func (t *trained) scores(points datasets.Points) (datasets.Points, []string, error) {
	y := t.transform().Apply(points)
	scores, err := t.model.Scores(y.Values)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	t.transform().UndoScores(y, scores)
	columns := make([]string, points.Dim)
	for k, name := range t.dataset.Columns {
		columns[k] = "score_" + name
	}
	return datasets.Points{N: points.N, Dim: points.Dim, Values: scores}, columns, nil
}

// logDensities are log p at points, in nats and in the units of the data, [n, 1]. What makes them doubtful is logged.
func (t *trained) logDensities(points datasets.Points, how metrics.Options) (datasets.Points, error) {
	z, err := t.normalizer(how)
	if err != nil {
		return datasets.Points{}, err
	}
	y := t.transform().Apply(points)
	values, err := t.model.Energies(y.Values)
	if err != nil {
		return datasets.Points{}, err
	}
	return datasets.Points{N: points.N, Dim: 1, Values: inference.LogDensities(t.transform(), y, values, z.LogZ)}, nil
}

// normalizer is log Z of the model, in its coordinates. What makes it doubtful is logged.
func (t *trained) normalizer(how metrics.Options) (*metrics.Normalizer, error) {
	set, err := t.data()
	if err != nil {
		return nil, err
	}
	z, err := metrics.Normalize(t.model, set, how)
	if err != nil {
		return nil, fmt.Errorf("log Z cannot be had, and so no log density: %w", err)
	}
	for _, warning := range z.Warnings {
		slog.Warn(warning, "run", t.dir.Dir())
	}
	if z.StandardError > 0 {
		slog.Info(fmt.Sprintf("log Z is %.4f ± %.4f nats by %s", z.LogZ, z.StandardError, z.Way), "run", t.dir.Dir())
	}
	return z, nil
}
