package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/spf13/cobra"

	"joule/datasets"
	"joule/metrics"
)

// The headers of columns of energies and of log densities.
const (
	energyColumn     = "energy"
	logDensityColumn = "log_density"
)

func newEnergy() *cobra.Command {
	var input, output, backend, checkpoint string
	var score, logDensity bool
	var sigma float64
	var grid int
	ais := metrics.NewAIS()
	cmd := &cobra.Command{
		Use:   "energy RUN --in FILE",
		Short: "Evaluate a trained model's energy, score or log density at points",
		Long: `energy evaluates E(x), or with --score the score ∇ log p(x) = −∇E(x), or with --log-density log p(x) = −E(x) − log Z, at the
points of a CSV or NPY file. Points, scores and densities are in the units of the data: where the run standardised its data,
that is undone. Of a CSV file the columns that the run was trained on are taken, by name.

log Z is 0 for a normalising flow, comes from a grid in one and two dimensions, and in more from annealed importance sampling,
whose standard error goes to standard error: it is the same for all points, and so does not change their order.

Energies and log densities come out as a vector [n], scores as a table [n, dim].`,
		Example: `  joule energy runs/dsm --in points.npy -o energies.npy
  joule energy runs/dsm --in points.csv --score
  joule energy runs/dsm --in points.csv --log-density`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch own := changed(cmd, append([]string{"grid"}, aisFlags...)...); {
			case input == "":
				return coded(exitUsage, fmt.Errorf("--in is missing: want a .npy or .csv file of points; usage: %s", cmd.UseLine()))
			case score && logDensity:
				return coded(exitUsage, errors.New("--score and --log-density exclude each other"))
			case own != "" && !logDensity:
				return coded(exitUsage, fmt.Errorf("--%s: is about log Z, which only --log-density needs", own))
			}
			if err := cmp.Or(checkPointsOutput(output), checkGrid(grid), checkAIS(ais)); err != nil {
				return err
			}
			t, err := readRun(args[0], checkpoint, nil)
			if err != nil {
				return err
			}
			if err := cmp.Or(t.at(sigma), t.checkGrid(grid)); err != nil {
				return err
			}
			points, err := t.read(input)
			if err != nil {
				return err
			}
			if err := t.open(backend); err != nil {
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
			return writePoints(output, cmd.OutOrStdout(), values, columns)
		},
	}
	cmd.Flags().StringVar(&input, "in", "", "points, .npy or .csv")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .npy or .csv (default: CSV on standard output)")
	cmd.Flags().BoolVar(&score, "score", false, "write scores instead of energies")
	cmd.Flags().BoolVar(&logDensity, "log-density", false, "write log densities instead of energies")
	aisFlag(cmd, &ais)
	gridFlag(cmd, &grid)
	sigmaFlag(cmd, &sigma)
	checkpointFlag(cmd, &checkpoint)
	backendFlag(cmd, &backend, "that of the run's config")
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
	set, err := t.data()
	if err != nil {
		return datasets.Points{}, err
	}
	z, err := metrics.Normalize(t.model, set, how)
	if err != nil {
		return datasets.Points{}, fmt.Errorf("log Z cannot be had, and so no log density: %w", err)
	}
	for _, warning := range z.Warnings {
		slog.Warn(warning, "run", t.dir.Dir())
	}
	if z.StandardError > 0 {
		slog.Info(fmt.Sprintf("log Z is %.4f ± %.4f nats by %s", z.LogZ, z.StandardError, z.Way), "run", t.dir.Dir())
	}
	y := t.transform().Apply(points)
	values, err := t.model.Energies(y.Values)
	if err != nil {
		return datasets.Points{}, err
	}
	for i, jacobian := range t.transform().LogDetJacobians(y) { // log p(x) = log p(y) + log |dy/dx|
		values[i] = jacobian - values[i] - z.LogZ
	}
	return datasets.Points{N: points.N, Dim: 1, Values: values}, nil
}

// read reads points with the columns of the run.
func (t *trained) read(file string) (datasets.Points, error) {
	points, _, err := datasets.ReadPoints(file, t.wanted()...)
	if err != nil {
		return datasets.Points{}, err
	}
	return points, t.checkDim(file, points)
}

// wanted are the columns that a CSV file is asked for; none where those of the run have no names of their own.
func (t *trained) wanted() []string {
	if !t.isNamed() {
		return nil
	}
	return t.dataset.Columns
}

// checkDim reports points that have not as many coordinates as those that the run was trained on.
func (t *trained) checkDim(file string, points datasets.Points) error {
	if dim := len(t.dataset.Columns); points.Dim != dim {
		return fmt.Errorf("%s: points of %d coordinates, and the model was trained on %d (%v)", file, points.Dim, dim, t.dataset.Columns)
	}
	return nil
}

// isNamed reports whether the run's columns have names of their own, and not x0, x1, ….
func (t *trained) isNamed() bool {
	unnamed := make([]string, len(t.dataset.Columns))
	for k := range unnamed {
		unnamed[k] = fmt.Sprintf("x%d", k)
	}
	return !slices.Equal(unnamed, t.dataset.Columns)
}
