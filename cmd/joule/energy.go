package main

import (
	"github.com/spf13/cobra"

	"joule/datasets"
)

// energyColumn is the header of a column of energies.
const energyColumn = "energy"

func newEnergy() *cobra.Command {
	var flags *evaluation
	var score bool
	cmd := &cobra.Command{
		Use:   "energy RUN --in FILE",
		Short: "Evaluate a trained model's energy or score at points",
		Long: `energy evaluates E(x), or with --score the score ∇ log p(x) = −∇E(x), at the points of a CSV, NPY or Parquet file. Points
and scores are in the units of the data: where the run standardised its data, that is undone. The columns that the run was
trained on are taken, by name, and become coordinates as they did in training; of an array they are taken in order. A score has
a column for each coordinate, which is one for each category of a column of categories.

Energies come out as a vector [n], scores as a table [n, dim].`,
		Example: `  joule energy runs/dsm --in points.npy -o energies.npy
  joule energy runs/dsm --in points.csv --score`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := flags.run(args[0])
			if err != nil {
				return err
			}
			points, err := t.encoding().Read(flags.input)
			if err != nil {
				return err
			}
			if err := t.open(flags.backend); err != nil {
				return err
			}
			defer t.close()
			x := t.transform().Apply(points)
			if !score {
				energies, err := t.model.Energies(x.Values)
				if err != nil {
					return err
				}
				return writePoints(flags.output, cmd.OutOrStdout(), datasets.Points{N: points.N, Dim: 1, Values: energies}, []string{energyColumn})
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
			return writePoints(flags.output, cmd.OutOrStdout(), datasets.Points{N: points.N, Dim: points.Dim, Values: scores}, columns)
		},
	}
	flags = evaluationFlags(cmd)
	cmd.Flags().BoolVar(&score, "score", false, "write scores instead of energies")
	return cmd
}
