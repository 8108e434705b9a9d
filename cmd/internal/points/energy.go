package points

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/inference"
	"joule/metrics"
)

// The headers of columns of energies and of log densities.
const (
	energyColumn     = "energy"
	logDensityColumn = "log_density"
)

// NewEnergy is the command energy.
func NewEnergy() *cobra.Command {
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
			if own := cli.Changed(cmd, append([]string{"grid"}, trained.AISFlags...)...); own != "" && !logDensity {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: is about log Z, which only --log-density needs", own))
			}
			if score && logDensity {
				return cli.Coded(cli.ExitUsage, errors.New("--score and --log-density exclude each other"))
			}
			if err := cmp.Or(trained.CheckGrid(grid), trained.CheckAIS(ais)); err != nil {
				return err
			}
			t, err := flags.run(args[0], nil)
			if err != nil {
				return err
			}
			if err := cmp.Or(t.At(sigma), t.CheckGrid(grid)); err != nil {
				return err
			}
			points, err := t.Read(flags.input)
			if err != nil {
				return err
			}
			if err := t.Open(flags.backend); err != nil {
				return err
			}
			defer t.Close()
			var values datasets.Points
			columns := []string{energyColumn}
			switch {
			case score:
				values, columns, err = scores(t, points)
			case logDensity:
				values, err = logDensities(t, points, metrics.Options{Grid: grid, AIS: &ais})
				columns = []string{logDensityColumn}
			default:
				values, err = energies(t, points)
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
	trained.AISFlag(cmd, &ais)
	trained.GridFlag(cmd, &grid)
	trained.SigmaFlag(cmd, &sigma)
	return cmd
}

// energies are E at points in the units of the data, [n, 1].
func energies(t *trained.Run, points datasets.Points) (datasets.Points, error) {
	energies, err := t.Model.Energies(t.Transform().Apply(points).Values)
	return datasets.Points{N: points.N, Dim: 1, Values: energies}, err
}

// scores are ∇ log p at points, both in the units of the data, and what its columns are called.
func scores(t *trained.Run, points datasets.Points) (datasets.Points, []string, error) {
	y := t.Transform().Apply(points)
	scores, err := t.Model.Scores(y.Values)
	if err != nil {
		return datasets.Points{}, nil, err
	}
	t.Transform().UndoScores(y, scores)
	columns := make([]string, points.Dim)
	for k, name := range t.Dataset.Columns {
		columns[k] = "score_" + name
	}
	return datasets.Points{N: points.N, Dim: points.Dim, Values: scores}, columns, nil
}

// logDensities are log p at points, in nats and in the units of the data, [n, 1]. What makes them doubtful is logged.
func logDensities(t *trained.Run, points datasets.Points, how metrics.Options) (datasets.Points, error) {
	z, err := t.Normalizer(how)
	if err != nil {
		return datasets.Points{}, err
	}
	y := t.Transform().Apply(points)
	values, err := t.Model.Energies(y.Values)
	if err != nil {
		return datasets.Points{}, err
	}
	return datasets.Points{N: points.N, Dim: 1, Values: inference.LogDensities(t.Transform(), y, values, z.LogZ)}, nil
}
