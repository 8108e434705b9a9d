// Package data is joule data.
package data

import (
	"fmt"
	"log/slog"
	"os/signal"
	"path/filepath"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/datasets"
	"joule/fetch"
)

// New is the command data.
func New() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "Fetch data sets and look at data",
		Example: "  joule data fetch mnist\n  joule data show old-faithful/dsm",
	}
	cmd.AddCommand(newList(), newFetch(), newShow())
	return cmd
}

func newList() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the data sets that can be fetched",
		Example: "  joule data list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			base, err := datasets.FetchedDir()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tFOLDER\tWHAT IT IS")
			for _, c := range fetch.Collections {
				folder := "not fetched"
				if place := filepath.Join(base, c.Name); c.Complete(place) {
					folder = place
				}
				fmt.Fprintf(table, "%s\t%s\t%s\n", c.Name, folder, c.Description)
			}
			return table.Flush()
		},
	}
}

func newFetch() *cobra.Command {
	var to, from string
	cmd := &cobra.Command{
		Use:   "fetch NAME",
		Short: "Fetch a data set, and check that it is whole",
		Long: `fetch gets the files of a data set, checks them to the bit, and prints the folder that it puts them in. In a config the data
of the kind idx then has the path fetched:NAME, or that folder.

The files of mnist are part of a Go module. They are taken from the module cache of this machine, or else from the module
proxy that GOPROXY names, as the go tool does; that tool is not needed. With --from they are those of a folder, compressed
or not.`,
		Example: `  joule data fetch mnist
  joule data fetch mnist --to data/mnist
  joule data fetch mnist --from ~/Downloads`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := fetch.Named(args[0])
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			folder, config := to, to
			if to == "" {
				base, err := datasets.FetchedDir()
				if err != nil {
					return err
				}
				folder, config = filepath.Join(base, c.Name), "fetched:"+c.Name
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			source, err := c.Get(ctx, folder, from)
			if err != nil {
				return err
			}
			if source == "" {
				source = "all there already"
			}
			slog.Info("fetched", "data", c.Name, "from", source, "config", fmt.Sprintf("data: {kind: idx, path: %q}", config))
			_, err = fmt.Fprintln(cmd.OutOrStdout(), folder)
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "folder to put the files in (default: where fetched:NAME finds them)")
	cmd.Flags().StringVar(&from, "from", "", "folder that has the files, to take them from")
	return cmd
}
