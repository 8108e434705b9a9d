// Package cli is what the commands of joule have in common: exit codes, flags, outputs, signals, and how errors and texts are said.
package cli

import (
	"context"
	"errors"

	"joule/launch"
	"joule/trainers"
)

// The exit codes of joule.
const (
	ExitOK          = 0
	ExitFailed      = 1   // the command failed, verify found a wrong value, or configs diff a difference
	ExitUsage       = 2   // wrong arguments, flags or config
	ExitBackend     = 3   // the backend cannot be had
	ExitDiverged    = 4   // training diverged; the state from before is saved
	ExitUnsaved     = 5   // what was trained could not be saved
	ExitRequeue     = 75  // stopped by SIGUSR1 or SIGUSR2; what was done is saved, and the same command with --resume=auto goes on
	ExitInterrupted = 130 // stopped by SIGINT, SIGTERM or SIGHUP; what was done is saved
)

// codedError is an error with an exit code of its own.
type codedError struct {
	code int
	error
}

func (e codedError) Unwrap() error { return e.error }

// Coded gives an error an exit code; nil stays nil.
func Coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return codedError{code, err}
}

// ExitCode is the exit code of an error, of those without one of their own by what went wrong.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := errors.AsType[codedError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[*trainers.DivergedError](err); ok {
		return ExitDiverged
	}
	if _, ok := errors.AsType[*trainers.SpecError](err); ok {
		return ExitUsage
	}
	if _, ok := errors.AsType[*launch.ProfileError](err); ok {
		return ExitUsage
	}
	if errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	return ExitFailed
}
