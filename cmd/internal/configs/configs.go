// Package configs is joule configs.
package configs

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/configs"
)

// New is the command configs.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "configs",
		Short:   "List, show, write, check and compare configs",
		Example: "  joule configs list\n  joule configs show two-gaussians/dsm > my.yaml\n  joule configs validate my.yaml",
	}
	cmd.AddCommand(newList(), newShow(), newValidate(), newDiff(), newSchema(), newInit())
	return cmd
}

func newList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the configs that come with joule",
		Example: "  joule configs list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, e := range configs.List() {
				fmt.Fprintf(table, "%s\t%s\n", e.Name, e.Description)
			}
			return table.Flush()
		},
	}
}

func newShow() *cobra.Command {
	var resolved bool
	cmd := &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a config that comes with joule",
		Example: "  joule configs show two-gaussians/dsm\n  joule configs show seed/mle --resolved",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := configs.Source(args[0])
			if err == nil && resolved {
				var config *configs.Config
				if config, err = configs.Load(args[0], nil); err == nil {
					text, err = config.Encode()
				}
			}
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&resolved, "resolved", false, "with all keys: what it extends and the defaults filled in")
	return cmd
}

func newValidate() *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:     "validate FILE",
		Short:   "Check a config and report everything that is wrong with it",
		Example: "  joule configs validate my.yaml --set method.sigma=0.1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := configs.Load(args[0], sets)
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: valid (%s)\n", args[0], config.Name)
			return err
		},
	}
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key first, such as method.sigma=0.1; repeatable")
	return cmd
}
