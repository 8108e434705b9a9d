package main

import "joule/cmd/internal/cli"

// The exit codes of joule.
const (
	exitOK          = cli.ExitOK
	exitFailed      = cli.ExitFailed
	exitUsage       = cli.ExitUsage
	exitBackend     = cli.ExitBackend
	exitDiverged    = cli.ExitDiverged
	exitUnsaved     = cli.ExitUnsaved
	exitRequeue     = cli.ExitRequeue
	exitInterrupted = cli.ExitInterrupted
)
