package cmd

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/backends"
	"joule/cmd/internal/cli"
)

// version is set by the linker in a release: -ldflags "-X joule/cmd.version=1.2.3".
var version string

// ownVersion is the version of Joule: that of the linker, or else that of the module that the program was built from, which Go knows of
// a release and of a checkout.
func ownVersion() string {
	var program debug.Module
	if info, ok := debug.ReadBuildInfo(); ok {
		program = info.Main
	}
	return versionOf(version, program)
}

// versionOf is ownVersion, given what the linker and what Go have set. Another program's version says nothing of Joule.
func versionOf(linked string, program debug.Module) string {
	switch {
	case linked != "":
		return linked
	case program.Path != "joule" || program.Version == "" || program.Version == "(devel)":
		return "dev"
	}
	return strings.TrimPrefix(program.Version, "v")
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of joule and of what it is built on",
		Example: "  joule version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := backends.ThisSystem()
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "joule %s\n%s %s/%s\n", cli.Version, s.Go, s.OS, s.Arch)
			for _, name := range slices.Sorted(maps.Keys(s.Modules)) {
				fmt.Fprintf(out, "%s %s\n", name, s.Modules[name])
			}
			return nil
		},
	}
}
