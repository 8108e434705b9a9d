package main

import (
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"joule/backends"
)

// openBackend opens a backend and says in one line which it is.
func openBackend(spec string, options backends.Options) (*backends.Backend, error) {
	b, err := backends.Open(spec, options)
	if err != nil {
		return nil, coded(exitBackend, err)
	}
	slog.Info(b.Describe())
	return b, nil
}

const backendFlagName = "backend"

// backendFlag adds --backend, empty unless given.
func backendFlag(cmd *cobra.Command, spec *string, otherwise string) {
	cmd.Flags().Var((*backendSpec)(spec), backendFlagName, "auto, go, xla:cpu, xla:cuda or xla:PATH (default: "+otherwise+")")
}

// backendSpec is a flag's value that has the form of a backend.
type backendSpec string

var _ pflag.Value = (*backendSpec)(nil)

func (s *backendSpec) Set(text string) error {
	if err := backends.CheckSpec(text); err != nil {
		return err
	}
	*s = backendSpec(text)
	return nil
}

func (s *backendSpec) String() string { return string(*s) }
func (s *backendSpec) Type() string   { return "backend" }
