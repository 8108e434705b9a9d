package cli

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"joule/backends"
)

// OpenBackend opens a backend and says in one line which it is.
func OpenBackend(spec string, options backends.Options) (*backends.Backend, error) {
	b, err := backends.Open(spec, options)
	if err != nil {
		return nil, Coded(ExitBackend, err)
	}
	slog.Info(b.Describe())
	return b, nil
}

// BackendFlagName is the name of the flag that [BackendFlag] adds.
const BackendFlagName = "backend"

// BackendFlag adds --backend, empty unless given.
func BackendFlag(cmd *cobra.Command, spec *string, otherwise string) {
	cmd.Flags().Var((*backendSpec)(spec), BackendFlagName, "auto, go, xla:cpu, xla:cuda or xla:PATH (default: "+otherwise+")")
}

// backendSpec is a flag's value that has the form of a backend.
type backendSpec string

var _ pflag.Value = (*backendSpec)(nil)

// Set implements pflag.Value.
func (s *backendSpec) Set(text string) error {
	if err := backends.CheckSpec(text); err != nil {
		return err
	}
	*s = backendSpec(text)
	return nil
}

func (s *backendSpec) String() string { return string(*s) }

// Type implements pflag.Value.
func (s *backendSpec) Type() string { return "backend" }

// IsTrusted reports whether a backend may be opened because a run directory names it, which may be a stranger's: a plugin is
// a program. One that joule has installed is no stranger's.
func IsTrusted(spec string) bool {
	plugin, isPath := strings.CutPrefix(spec, "xla:/")
	if !isPath {
		return true
	}
	dir, err := backends.PluginDir()
	return err == nil && filepath.Dir("/"+plugin) == dir
}

// Untrusted is the error of a backend that is not to be opened because a file of a run names it.
func Untrusted(file, spec string) error {
	return Coded(ExitUsage, fmt.Errorf("%s: the backend is %.200q, a plugin that joule did not install, and a plugin is a program: give it with --backend if you trust it", file, spec))
}
