package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"joule/datasets"
)

// energyColumn is the header of a column of energies.
const energyColumn = "energy"

func newEnergy() *cobra.Command {
	var input, output, backend, checkpoint string
	var score bool
	cmd := &cobra.Command{
		Use:   "energy RUN --in FILE",
		Short: "Evaluate a trained model's energy or score at points",
		Long: `energy evaluates E(x), or with --score the score ∇ log p(x) = −∇E(x), at the points of a CSV or NPY file. Points and
scores are in the units of the data: where the run standardised its data, that is undone. Of a CSV file the columns that
the run was trained on are taken, by name.

Energies come out as a vector [n], scores as a table [n, dim].`,
		Example: `  joule energy runs/dsm --in points.npy -o energies.npy
  joule energy runs/dsm --in points.csv --score`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" {
				return coded(exitUsage, fmt.Errorf("--in is missing: want a .npy or .csv file of points; usage: %s", cmd.UseLine()))
			}
			if err := checkPointsOutput(output); err != nil {
				return err
			}
			t, err := readRun(args[0], checkpoint, nil)
			if err != nil {
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
			x := t.transform().Apply(points)
			if !score {
				energies, err := t.model.Energies(x.Values)
				if err != nil {
					return err
				}
				return writePoints(output, cmd.OutOrStdout(), datasets.Points{N: points.N, Dim: 1, Values: energies}, []string{energyColumn})
			}
			scores, err := t.model.Scores(x.Values)
			if err != nil {
				return err
			}
			t.transform().UndoScores(x, scores)
			columns := make([]string, points.Dim)
			for k, name := range t.dataset.Columns {
				columns[k] = "score_" + name
			}
			return writePoints(output, cmd.OutOrStdout(), datasets.Points{N: points.N, Dim: points.Dim, Values: scores}, columns)
		},
	}
	cmd.Flags().StringVar(&input, "in", "", "points, .npy or .csv")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .npy or .csv (default: CSV on standard output)")
	cmd.Flags().BoolVar(&score, "score", false, "write scores instead of energies")
	checkpointFlag(cmd, &checkpoint)
	backendFlag(cmd, &backend, "that of the run's config")
	return cmd
}

// read reads points with the columns of the run.
func (t *trained) read(file string) (datasets.Points, error) {
	var wanted []string
	if t.isNamed() {
		wanted = t.dataset.Columns
	}
	points, _, err := datasets.ReadPoints(file, wanted...)
	if err != nil {
		return datasets.Points{}, err
	}
	if dim := len(t.dataset.Columns); points.Dim != dim {
		return datasets.Points{}, fmt.Errorf("%s: points of %d coordinates, and the model was trained on %d (%v)", file, points.Dim, dim, t.dataset.Columns)
	}
	return points, nil
}

// isNamed reports whether the run's columns have names of their own, and not x0, x1, ….
func (t *trained) isNamed() bool {
	unnamed := make([]string, len(t.dataset.Columns))
	for k := range unnamed {
		unnamed[k] = fmt.Sprintf("x%d", k)
	}
	return !slices.Equal(unnamed, t.dataset.Columns)
}
