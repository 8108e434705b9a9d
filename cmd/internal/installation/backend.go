package installation

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
	"joule/conformance"
)

// NewBackend is the command backend.
func NewBackend() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backend",
		Short:   "List and install what graphs run on",
		Example: "  joule backend list\n  joule backend install cpu",
	}
	cmd.AddCommand(newBackendList(), newBackendInstall(), newBackendProbe())
	return cmd
}

func newBackendList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the backends of this machine, best first",
		Example: "  joule backend list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := backends.List(cmd.Context())
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(found)
			}
			return printBackends(cmd.OutOrStdout(), found)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list instead of a table")
	return cmd
}

func printBackends(w io.Writer, found []backends.Candidate) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tUSABLE\tDEVICES\tAPI\tPLUGIN OR REASON")
	for _, c := range found {
		usable, note := "yes", c.Path
		if !c.Usable {
			usable, note = "no", c.Reason
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%s\n", c.Spec, usable, c.Devices, c.APIVersion, note)
	}
	return table.Flush()
}

func newBackendInstall() *cobra.Command {
	return &cobra.Command{
		Use:   "install cpu|cuda",
		Short: "Install an XLA plugin and check it",
		Long: `install puts an XLA plugin where joule finds it, and then runs joule's self-test on it.

cpu asks go-xla's installer first, and where its download is refused takes the plugin out of a Python package by pip.
cuda asks go-xla's installer, which takes some gigabytes; it has not been tested with a GPU.`,
		Example:   "  joule backend install cpu",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"cpu", "cuda"},
		RunE: func(cmd *cobra.Command, args []string) error {
			install := backends.InstallCPU
			if args[0] == "cuda" {
				install = backends.InstallCUDA
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			path, err := install(ctx, os.Stderr, backends.InstallOptions{})
			if err != nil {
				return err
			}
			if err := selfTest("xla:" + path); err != nil {
				return fmt.Errorf("installed %s, but it does not work: %w", path, err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
			return err
		},
	}
}

// selfTest runs the embedded reference cases on a backend.
func selfTest(spec string) error {
	b, err := cli.OpenBackend(spec, backends.Options{})
	if err != nil {
		return err
	}
	defer b.Close()
	cases, err := conformance.Embedded()
	if err != nil {
		return err
	}
	results, err := runCases(b.Backend, cases)
	if err != nil {
		return err
	}
	if failed := countFailed(results); failed > 0 {
		return fmt.Errorf("%d of %d reference values are off; joule verify --backend %s shows them", failed, len(results), spec)
	}
	return nil
}

// newBackendProbe is what backends.List calls in a process of its own.
func newBackendProbe() *cobra.Command {
	return &cobra.Command{
		Use:    "probe SPEC",
		Short:  "Open a backend and print what it is as JSON",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(backends.Probe(args[0]))
		},
	}
}
