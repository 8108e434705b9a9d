package tables

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/plots"
	"joule/results/analysis"
)

// NewRank is the command bench rank.
func NewRank() *cobra.Command {
	var flags resultFlags
	var methods, over []string
	var diagram string
	cmd := &cobra.Command{
		Use:   "rank RESULTS...",
		Short: "Rank methods over data sets",
		Long: `rank gives each method its place on each data set, by the mean over its completed runs, and orders the methods by the mean of
their places. A method all of whose runs have failed on a data set is last there. Friedman's test says whether the places could
be chance, and Nemenyi's critical difference which methods are not told apart: they have a letter in common.

RESULTS are directories of suites, or .csv or .parquet files of their results; several are put together. Methods and data sets
are by default the rows and columns of joule bench table.`,
		Example: `  joule bench rank bench/toy2d
  joule bench rank bench/toy2d bench/tables --metric test_nll --diagram ranks.svg`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			format, err := flags.check()
			if err == nil && diagram != "" {
				err = checkDiagram(diagram)
			}
			if err != nil {
				return err
			}
			rows, err := flags.read(paths)
			if err != nil {
				return err
			}
			figures, err := analysis.Figures(flags.metrics, rows)
			if err != nil {
				return usage(err)
			}
			if diagram != "" && len(figures) > 1 {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--diagram %s: is of one figure; there are %d", diagram, len(figures)))
			}
			var rankings []*analysis.Ranking
			for _, f := range figures {
				r, err := analysis.Rank(rows, analysis.RankOptions{Methods: methods, Over: over, Figure: f})
				if err != nil {
					return usage(err)
				}
				rankings = append(rankings, r)
			}
			if diagram != "" {
				if err := diagramOf(rankings[0], figures[0].Title).Save(diagram); err != nil {
					return err
				}
			}
			return analysis.WriteRankings(cmd.OutOrStdout(), rankings, format)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringSliceVar(&methods, "methods", nil, "keys of what is ranked, several with commas")
	cmd.Flags().StringSliceVar(&over, "over", nil, "keys of the data sets, several with commas")
	cmd.Flags().StringVar(&diagram, "diagram", "", "draw the ranks and the critical difference to this .svg or .png file")
	return cmd
}

// checkDiagram reports a path that a diagram cannot be written to.
func checkDiagram(path string) error {
	if ending := strings.ToLower(filepath.Ext(path)); ending != ".svg" && ending != ".png" {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--diagram %s: the name ends in %q; want .svg or .png", path, ending))
	}
	return cli.CheckFolder("diagram", path)
}

// diagramOf draws a ranking.
func diagramOf(r *analysis.Ranking, figure string) plots.CriticalDifference {
	d := plots.CriticalDifference{
		Title: fmt.Sprintf("%s: mean ranks over %d data sets", figure, len(r.Over)), Groups: r.Groups, Note: r.Words()[0] + ".",
	}
	for _, m := range r.Methods {
		d.Methods = append(d.Methods, plots.RankedMethod{Name: m.Name, Rank: m.MeanRank})
	}
	if r.Critical != nil {
		d.Difference = *r.Critical
	}
	return d
}
