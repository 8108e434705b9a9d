package bench

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/suites"
)

func newList() *cobra.Command {
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

func newShow() *cobra.Command {
	return &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a suite that comes with joule",
		Example: "  joule bench show quick > my.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := suites.Source(args[0])
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}

func newValidate() *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:     "validate SUITE",
		Short:   "Check a suite and the configs of all its cells, and report everything that is wrong",
		Example: "  joule bench validate my.yaml --set seeds=2",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			suite, err := suites.Load(args[0], sets)
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			cells, err := suite.Cells()
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			refused := 0
			for _, c := range cells {
				if c.Refused != "" {
					refused++
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: valid (%s: %d cells, %d of them refused, %d runs)\n", args[0], suite.Name, len(cells), refused, len(cells)*suite.Seeds)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of the suite first, such as seeds=2; repeatable")
	return cmd
}
