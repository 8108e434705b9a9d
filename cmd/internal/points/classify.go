package points

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/metrics"
	"joule/models"
)

// NewClassify is the command classify.
func NewClassify() *cobra.Command {
	var flags *evaluation
	cmd := &cobra.Command{
		Use:   "classify RUN --in FILE",
		Short: "Tell the classes of points by a trained model",
		Long: `classify gives the most probable class of each point of a file, by its number from 0, and the probabilities
p(y|x) of all classes, of a model that has classes. Points are in the units of the data, as those of energy.

What comes out is a table [n, 1 + classes]: class, p0, p1, ….`,
		Example: `  joule classify runs/jem --in points.csv
  joule classify runs/jem --in points.npy -o classes.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := flags.run(args[0], nil)
			if err != nil {
				return err
			}
			classes := models.ClassesOf(t.Config.Model)
			if classes == 0 {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("the model of %s tells no classes apart", args[0]))
			}
			points, err := t.Read(flags.input)
			if err != nil {
				return err
			}
			if err := t.Open(flags.backend); err != nil {
				return err
			}
			defer t.Close()
			logits, err := t.Model.Logits(t.Transform().Apply(points).Values)
			if err != nil {
				return err
			}
			table, columns := datasets.NewPoints(points.N, 1+classes), []string{"class"}
			for k := range classes {
				columns = append(columns, fmt.Sprintf("p%d", k))
			}
			for i := range points.N {
				row, p := table.Row(i), metrics.Softmax(logits[i*classes:(i+1)*classes])
				row[0] = float64(slices.Index(p, slices.Max(p)))
				copy(row[1:], p)
			}
			return writePoints(flags.output, cmd.OutOrStdout(), table, columns)
		},
	}
	flags = evaluationFlags(cmd)
	return cmd
}
