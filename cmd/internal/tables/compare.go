package tables

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/results"
	"joule/results/analysis"
)

// NewCompare is the command bench compare.
func NewCompare() *cobra.Command {
	var flags resultFlags
	var between string
	var failOn []string
	cmd := &cobra.Command{
		Use:   "compare A B | compare RESULTS... --between KEY=A,B",
		Short: "Compare two sets of results, or two methods, beyond noise",
		Long: `compare says what is better or worse in B than in A. Two sets of results are directories of a suite, or .csv or .parquet
files; their runs are paired by the axes of the suite and the seed. With --between, two values of a key are compared within
results, such as two methods: their runs are paired by the other axes and the seed.

For each cell, of runs that differ in their seeds alone, and over all cells it shows the mean difference ± half of its 95 %
interval, and a verdict by a paired t test, corrected for the number of tests: better, worse, or no difference seen, and how
large one the interval excludes. It lists runs that ended in another way, or are in one of the two alone, and ratios of costs.

With --fail-on it exits with 1 if something is worse: a verdict, or a cell in which fewer runs have the figure; failed: any run
that was completed and no longer is; missing: any run of A that is not in B.`,
		Example: `  joule bench compare bench/before bench/after --fail-on worse
  joule bench compare bench/toy2d --between method=mle,dsm --metric kl --metric fisher`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			format, err := flags.check()
			if err == nil {
				err = usage(analysis.CheckConditions(failOn))
			}
			if err != nil {
				return err
			}
			var c *analysis.Comparison
			if between != "" {
				c, err = compareWithin(&flags, paths, between)
			} else {
				c, err = compareBeside(&flags, paths)
			}
			if err != nil {
				return usage(err)
			}
			if err := c.Write(cmd.OutOrStdout(), format); err != nil {
				return err
			}
			what, err := c.Fails(failOn)
			if err == nil && len(what) > 0 {
				err = fmt.Errorf("%s beside %s: %s", c.B.Name, c.A.Name, strings.Join(what, "; "))
			}
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&between, "between", "", "compare two values of a key within the results: KEY=A,B")
	cmd.Flags().StringSliceVar(&failOn, "fail-on", nil, "exit with 1 on any of "+strings.Join(analysis.Conditions, ", "))
	return cmd
}

// compareBeside compares two sets of results.
func compareBeside(flags *resultFlags, paths []string) (*analysis.Comparison, error) {
	if len(paths) != 2 {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("want two sets of results to compare, or --between KEY=A,B for two values of a key; there are %d", len(paths)))
	}
	var sides [2][]*results.Row
	for i, path := range paths {
		var err error
		if sides[i], err = flags.read([]string{path}); err != nil {
			return nil, err
		}
	}
	figures, err := analysis.Figures(flags.metrics, sides[0])
	if err != nil {
		return nil, err
	}
	return analysis.Beside(paths[0], sides[0], paths[1], sides[1], figures)
}

// compareWithin compares two values of a key.
func compareWithin(flags *resultFlags, paths []string, between string) (*analysis.Comparison, error) {
	conditions, err := analysis.ParseWhere([]string{between})
	if err != nil || len(conditions[0].Values) != 2 {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--between %s: want KEY=A,B", between))
	}
	rows, err := flags.read(paths)
	if err != nil {
		return nil, err
	}
	figures, err := analysis.Figures(flags.metrics, rows)
	if err != nil {
		return nil, err
	}
	return analysis.Between(rows, conditions[0].Key, conditions[0].Values[0], conditions[0].Values[1], figures)
}
