package points

import (
	"fmt"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
)

// NewAnomaly is the command anomaly.
func NewAnomaly() *cobra.Command {
	var flags *evaluation
	var score string
	var rate, sigma float64
	cmd := &cobra.Command{
		Use:   "anomaly RUN --in FILE",
		Short: "Tell points that are unlike the data of a run",
		Long: `anomaly scores the points of a file, read as energy does, in the units of the data: a line a point with its score, higher for what is
more anomalous, the percentage of the training points that have a lower one, and 1 where it is above the threshold, 0
elsewhere. NPY holds a table [n, 3] of the same.

The threshold is one that further points of the data exceed with a probability of at most --fpr. It comes from points that
the run was not trained on: its test part, or the validation part where there is no test part; standard error says how many
they are. The scores are

  energy      E(x), which is −log p(x) but for a constant
  score_norm  ‖∇ log p(x)‖, how steep the density is
  typicality  |E(x) − mean energy of the training points|

Several runs that were trained at once on the same points (train.replicas with data_seed), named by the directory that holds
them, are scored by the mean of their energies.`,
		Example: `  joule anomaly runs/dsm --in new.csv -o scores.csv
  joule anomaly runs/dsm --in new.npy --fpr 0.01 --score typicality`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			if !(rate > 0 && rate < 1) {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--fpr %v: want a false positive rate above 0 and below 1", rate))
			}
			if err := trained.CheckScore(score); err != nil {
				return err
			}
			e, err := trained.ReadEnsemble(args[0], flags.checkpoint, sigma)
			if err != nil {
				return err
			}
			points, err := e[0].Read(flags.input)
			if err != nil {
				return err
			}
			b, err := e.Open(flags.backend)
			if err != nil {
				return err
			}
			defer b.Close()
			found, err := e.Judge(score, rate, points)
			if err != nil {
				return err
			}
			if !cli.IsQuiet(cmd) {
				found.Print(cmd.ErrOrStderr(), flags.input)
			}
			return writePoints(flags.output, cmd.OutOrStdout(), found.Table, []string{"score", "percentile", "anomaly"})
		},
	}
	flags = evaluationFlags(cmd)
	cmd.Flags().Float64Var(&rate, "fpr", 0.05, "false positive rate: the share of further points of the data above the threshold")
	trained.ScoreFlag(cmd, &score)
	trained.SigmaFlag(cmd, &sigma)
	return cmd
}
