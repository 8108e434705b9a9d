package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"joule/backends"
)

// version is set by the linker in a release.
var version = "dev"

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of joule and of what it is built on",
		Example: "  joule version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := backends.ThisSystem()
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "joule %s\n%s %s/%s\n", version, s.Go, s.OS, s.Arch)
			for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
				fmt.Fprintf(out, "%s %s\n", name, s.Modules[name])
			}
			return nil
		},
	}
}
