package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/suites"
)

func newBenchList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the suites that come with joule",
		Example: "  joule bench list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, e := range suites.List() {
				fmt.Fprintf(table, "%s\t%s\n", e.Name, e.Description)
			}
			return table.Flush()
		},
	}
}

func newBenchShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a suite that comes with joule",
		Example: "  joule bench show quick > my.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := suites.Source(args[0])
			if err != nil {
				return coded(exitUsage, err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
