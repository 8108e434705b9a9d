package main

import (
	"context"
	"errors"

	"joule/launch"
	"joule/trainers"
)

// The exit codes of joule.
const (
	exitOK          = 0
	exitFailed      = 1   // the command failed, verify found a wrong value, or configs diff a difference
	exitUsage       = 2   // wrong arguments, flags or config
	exitBackend     = 3   // the backend cannot be had
	exitDiverged    = 4   // training diverged; the state from before is saved
	exitUnsaved     = 5   // what was trained could not be saved
	exitRequeue     = 75  // stopped by SIGUSR1 or SIGUSR2; what was done is saved, and the same command with --resume=auto goes on
	exitInterrupted = 130 // stopped by SIGINT, SIGTERM or SIGHUP; what was done is saved
)

// codedError is an error with an exit code of its own.
type codedError struct {
	code int
	error
}

func (e codedError) Unwrap() error { return e.error }

// coded gives an error an exit code; nil stays nil.
func coded(code int, err error) error {
	if err == nil {
		return nil
	}
	return codedError{code, err}
}

func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[codedError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[*trainers.DivergedError](err); ok {
		return exitDiverged
	}
	if _, ok := errors.AsType[*trainers.SpecError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*launch.ProfileError](err); ok {
		return exitUsage
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitFailed
}
