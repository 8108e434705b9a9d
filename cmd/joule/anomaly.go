package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/datasets"
	"joule/metrics"
)

func newAnomaly() *cobra.Command {
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
				return coded(exitUsage, fmt.Errorf("--fpr %v: want a false positive rate above 0 and below 1", rate))
			}
			if err := checkScore(score); err != nil {
				return err
			}
			e, err := readEnsemble(args[0], flags.checkpoint, sigma)
			if err != nil {
				return err
			}
			points, err := e[0].read(flags.input)
			if err != nil {
				return err
			}
			b, err := e.open(flags.backend)
			if err != nil {
				return err
			}
			defer b.Close()
			found, err := e.judge(score, rate, points)
			if err != nil {
				return err
			}
			if !isQuiet(cmd) {
				found.print(cmd.ErrOrStderr(), flags.input)
			}
			return writePoints(flags.output, cmd.OutOrStdout(), found.table, []string{"score", "percentile", "anomaly"})
		},
	}
	flags = evaluationFlags(cmd)
	cmd.Flags().Float64Var(&rate, "fpr", 0.05, "false positive rate: the share of further points of the data above the threshold")
	scoreFlag(cmd, &score)
	sigmaFlag(cmd, &sigma)
	return cmd
}

// scoreFlag adds --score.
func scoreFlag(cmd *cobra.Command, score *string) {
	cmd.Flags().StringVar(score, "score", metrics.ByEnergy, "what to score by: "+strings.Join(metrics.AnomalyScores, ", "))
}

// checkScore reports a --score that there is not.
func checkScore(score string) error {
	if slices.Contains(metrics.AnomalyScores, score) {
		return nil
	}
	return coded(exitUsage, fmt.Errorf("--score %.60q: want %s", score, strings.Join(metrics.AnomalyScores, ", ")))
}

// judgement is what is said of some points.
type judgement struct {
	table     datasets.Points // score, percentile, and 1 above the threshold
	threshold float64
	rate      float64
	held      int    // points that the threshold is from
	part      string // of the data that they are
}

// judge scores points that are in the units of the data.
func (e ensemble) judge(score string, rate float64, points datasets.Points) (*judgement, error) {
	a, j, err := e.judgement(score, rate)
	if err != nil {
		return nil, err
	}
	scores, err := a.Scores(e[0].transform().Apply(points))
	if err != nil {
		return nil, err
	}
	j.table = datasets.NewPoints(points.N, 3)
	for i, s := range scores {
		row := j.table.Row(i)
		row[0], row[1] = s, a.Percentile(s)
		if s > j.threshold {
			row[2] = 1
		}
	}
	return j, nil
}

// judgement makes a score ready, and finds its threshold; there are no points yet.
func (e ensemble) judgement(score string, rate float64) (*metrics.Anomaly, *judgement, error) {
	set, err := e[0].data()
	if err != nil {
		return nil, nil, err
	}
	held, part, err := e.heldOut(set)
	if err != nil {
		return nil, nil, err
	}
	a, err := e.anomaly(score, set)
	if err != nil {
		return nil, nil, err
	}
	normal, err := a.Scores(held)
	if err != nil {
		return nil, nil, fmt.Errorf("the %s part: %w", part, err)
	}
	j := &judgement{rate: rate, held: held.N, part: part}
	if j.threshold, err = metrics.ThresholdAt(normal, rate); err != nil {
		return nil, nil, coded(exitUsage, fmt.Errorf("--fpr: %w", err))
	}
	return a, j, nil
}

// print says in a line what the threshold is, and how many points are above it.
func (j *judgement) print(w io.Writer, file string) {
	flagged := 0.0
	for i := range j.table.N {
		flagged += j.table.Row(i)[2]
	}
	fmt.Fprintf(w, "threshold %.6g: exceeded by at most %.4g %% of further points of the data, going by the %d of the %s part; %.0f of the %d points of %s are above it\n",
		j.threshold, 100*j.rate, j.held, j.part, flagged, j.table.N, file)
}
