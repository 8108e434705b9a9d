package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"joule/backends"
)

const backendUsage = "auto, go, xla:cpu, xla:cuda or xla:PATH"

// openBackend opens a backend and says in one line which it is.
func openBackend(spec string) (*backends.Backend, error) {
	if err := backends.CheckSpec(spec); err != nil {
		return nil, coded(exitUsage, err)
	}
	b, err := backends.Open(spec, backends.Options{})
	if err != nil {
		return nil, coded(exitBackend, err)
	}
	slog.Info(b.Describe())
	return b, nil
}

// backendFlag adds --backend, empty unless given.
func backendFlag(cmd *cobra.Command, spec *string, otherwise string) {
	cmd.Flags().StringVar(spec, "backend", "", backendUsage+" (default: "+otherwise+")")
}
