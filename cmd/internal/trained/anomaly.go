package trained

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/metrics"
)

// ScoreFlag adds --score.
func ScoreFlag(cmd *cobra.Command, score *string) {
	cmd.Flags().StringVar(score, "score", metrics.ByEnergy, "what to score by: "+strings.Join(metrics.AnomalyScores, ", "))
}

// CheckScore reports a --score that there is not.
func CheckScore(score string) error {
	if slices.Contains(metrics.AnomalyScores, score) {
		return nil
	}
	return cli.Coded(cli.ExitUsage, fmt.Errorf("--score %.60q: want %s", score, strings.Join(metrics.AnomalyScores, ", ")))
}

// Judgement is what is said of some points.
type Judgement struct {
	Table     datasets.Points // score, percentile, and 1 above the threshold
	Threshold float64
	rate      float64
	held      int    // points that the threshold is from
	part      string // of the data that they are
}

// Judge scores points that are in the units of the data.
func (e Ensemble) Judge(score string, rate float64, points datasets.Points) (*Judgement, error) {
	a, j, err := e.Judgement(score, rate)
	if err != nil {
		return nil, err
	}
	scores, err := a.Scores(e[0].Transform().Apply(points))
	if err != nil {
		return nil, err
	}
	j.Table = datasets.NewPoints(points.N, 3)
	for i, s := range scores {
		row := j.Table.Row(i)
		row[0], row[1] = s, a.Percentile(s)
		if s > j.Threshold {
			row[2] = 1
		}
	}
	return j, nil
}

// Judgement makes a score ready, and finds its threshold; there are no points yet.
func (e Ensemble) Judgement(score string, rate float64) (*metrics.Anomaly, *Judgement, error) {
	set, err := e[0].Data()
	if err != nil {
		return nil, nil, err
	}
	held, part, err := e.HeldOut(set)
	if err != nil {
		return nil, nil, err
	}
	a, err := e.Anomaly(score, set)
	if err != nil {
		return nil, nil, err
	}
	normal, err := a.Scores(held)
	if err != nil {
		return nil, nil, fmt.Errorf("the %s part: %w", part, err)
	}
	j := &Judgement{rate: rate, held: held.N, part: part}
	if j.Threshold, err = metrics.ThresholdAt(normal, rate); err != nil {
		return nil, nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--fpr: %w", err))
	}
	return a, j, nil
}

// Print says in a line what the threshold is, and how many points are above it.
func (j *Judgement) Print(w io.Writer, file string) {
	flagged := 0.0
	for i := range j.Table.N {
		flagged += j.Table.Row(i)[2]
	}
	fmt.Fprintf(w, "threshold %.6g: exceeded by at most %.4g %% of further points of the data, going by the %d of the %s part; %.0f of the %d points of %s are above it\n",
		j.Threshold, 100*j.rate, j.held, j.part, flagged, j.Table.N, file)
}
