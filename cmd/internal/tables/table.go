// Package tables is joule bench table, rank and compare, which say what the results of suites come to.
package tables

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/results"
	"joule/results/analysis"
)

// formatNames are the formats of tables of results, for the help.
var formatNames = func() string {
	var names []string
	for _, f := range analysis.Formats {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}()

// resultFlags are the flags of the commands that read results.
type resultFlags struct {
	metrics, where []string
	format         string
}

func (r *resultFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&r.metrics, "metric", nil, "figures such as kl, several with commas (default: the first there is that says how good a run is)")
	cmd.Flags().StringArrayVar(&r.where, "where", nil, "take only the runs with KEY=VALUE, or KEY=VALUE,VALUE for any of them (repeatable)")
	cmd.Flags().StringVar(&r.format, "format", string(analysis.Text), formatNames)
}

// check reports flags that are wrong whatever the results are.
func (r *resultFlags) check() (analysis.Format, error) {
	if _, err := analysis.ParseWhere(r.where); err != nil {
		return "", usage(err)
	}
	f, err := analysis.FormatOf(r.format)
	return f, usage(err)
}

// read reads results and puts them together, as far as the conditions hold.
func (r *resultFlags) read(paths []string) ([]*results.Row, error) {
	where, err := analysis.ParseWhere(r.where)
	if err != nil {
		return nil, usage(err)
	}
	var all []*results.Row
	for _, path := range paths {
		rows, err := results.Read(path)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there are no runs in it yet", strings.Join(paths, ", "))
	}
	if all, err = analysis.Prepare(all); err != nil {
		return nil, err
	}
	all, err = analysis.Select(all, where)
	return all, usage(err)
}

// usage gives an error about an option the exit code of wrong usage, and the name of the flag its dashes.
func usage(err error) error {
	if _, ok := errors.AsType[*analysis.OptionError](err); ok {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%w", err))
	}
	return err
}

// NewTable is the command bench table.
func NewTable() *cobra.Command {
	var flags resultFlags
	var rows, columns []string
	cmd := &cobra.Command{
		Use:   "table RESULTS...",
		Short: "Show results as a table of means and intervals",
		Long: `table shows a figure of the runs of suites, by method and data: the mean over seeds ± half of its 95 % interval, and in
parentheses how many runs it is of where some have failed, and why. RESULTS are directories of suites, or .csv or .parquet
files of their results; several are put together.

A key is an axis of the suite, or method, data, model, suite, backend, dim or seed. Rows are by default what is most like a
method, and all else that varies; columns are the data, or with --columns metric the figures. Runs in one cell differ in
their seeds alone. The best of a column is marked, with those that are not told apart from it.`,
		Example: `  joule bench table bench/toy2d
  joule bench table bench/toy2d --metric kl,seconds --where data.kind=rings,pinwheel --format markdown
  joule bench table bench/toy2d bench/more --rows config,model.hidden --columns metric --metric kl --metric fisher`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			format, err := flags.check()
			if err != nil {
				return err
			}
			all, err := flags.read(paths)
			if err != nil {
				return err
			}
			figures, err := analysis.Figures(flags.metrics, all)
			if err != nil {
				return usage(err)
			}
			tables, err := analysis.Tables(all, analysis.TableOptions{Rows: rows, Columns: columns, Figures: figures})
			if err != nil {
				return usage(err)
			}
			return analysis.WriteTables(cmd.OutOrStdout(), tables, format)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringSliceVar(&rows, "rows", nil, "keys of the rows, several with commas")
	cmd.Flags().StringSliceVar(&columns, "columns", nil, "key of the columns, or metric for the figures")
	return cmd
}
