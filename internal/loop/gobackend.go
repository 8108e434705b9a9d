package loop

import (
	_ "unsafe" // for go:linkname

	_ "github.com/gomlx/compute/gobackend"

	_ "joule/internal/goloop" // which runs the loops
)

// goPasses is the list of graph passes of the Go backend (compute v0.1.3).
//
// The backend compiles a closure when it is returned and runs its passes later. Its only pass, which saves
// broadcasts, then rewrites nodes of the closure that are compiled already, and the closure fails at its first
// execution ("input 0 for node Mul not computed yet"). Without the pass closures work; what it saves is small.
//
//go:linkname goPasses github.com/gomlx/compute/internal/gobackend.graphTransformations
var goPasses []struct {
	priority  int
	transform interface{ Name() string }
}

func init() { goPasses = nil }
