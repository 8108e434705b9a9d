package cli

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/spf13/cobra"

	"joule/watch"
	"joule/watch/expose"
)

// MetricsAddress is the flag of the commands that tell Prometheus how they are getting on.
type MetricsAddress string

// Flag adds it to a command.
func (a *MetricsAddress) Flag(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(a), "metrics-addr", "", "serve Prometheus metrics at HOST:PORT, or at a PORT of this machine alone; port 0 takes a free one")
}

// Listen starts to tell what a watcher finds, where that is asked for; stop ends it. The error is one of usage where the address is
// wrong.
func (a MetricsAddress) Listen(look func() *watch.Snapshot, runningOnly bool) (stop func(), err error) {
	if a == "" {
		return func() {}, nil
	}
	address, err := expose.Address(string(a))
	if err != nil {
		return nil, Coded(ExitUsage, fmt.Errorf("--metrics-addr: %w", err))
	}
	server, err := expose.Listen(address, expose.Source{Look: look, RunningOnly: runningOnly, Version: Version})
	if err != nil {
		return nil, fmt.Errorf("--metrics-addr: %w", err)
	}
	slog.Info("metrics", "url", server.URL())
	return server.Close, nil
}

// ListenForRuns is Listen for runs whose directories are not known yet: begun tells of them.
func (a MetricsAddress) ListenForRuns() (stop func(), begun func(dirs []string), err error) {
	var runs atomic.Pointer[watch.Watcher]
	look := func() *watch.Snapshot {
		if w := runs.Load(); w != nil {
			return w.Look()
		}
		return &watch.Snapshot{}
	}
	stop, err = a.Listen(look, false)
	return stop, func(dirs []string) { runs.Store(watch.New(dirs...)) }, err
}
