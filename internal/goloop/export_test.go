package goloop

import "github.com/gomlx/compute"

// Disable gives loops back to the Go backend.
func Disable() (restore func()) {
	closureExecutors[compute.OpTypeWhile] = upstreamWhile
	return func() { closureExecutors[compute.OpTypeWhile] = execute }
}

// Runs is how many loops have run as plans.
func Runs() int64 { return runs.Load() }

// Supported says what differs in the Go backend; "" is nothing.
func Supported() string { return supported() }
