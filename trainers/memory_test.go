package trainers

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
)

// resident is the memory of the process in bytes, after what is free has been given back.
func resident(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("this system does not tell how much memory a process holds")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// A hundred thousand steps need no more memory than the first of them: blocks leave nothing behind, neither in Go nor on
// the device.
func TestMemoryDoesNotGrow(t *testing.T) {
	spec := Spec{
		Model: &models.MLP{Hidden: []int{8}, Activation: "silu"}, Method: NewDSM(), Optimizer: NewOptimizer(),
		Data: normalData(64, []float64{0, 0}, 1), Loop: Loop{Steps: 100_000, BatchSize: 8, LogEvery: 100, EMA: 0.9},
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		run(t, trainer, 10_000)
		var first int
		for block := range 900 {
			if block == 100 { // by then pools and caches are full
				first = resident(t)
			}
			run(t, trainer, 100)
		}
		last := resident(t)
		t.Logf("after %d steps %.1f MiB, after 20000 %.1f MiB", trainer.Step(), float64(last)/(1<<20), float64(first)/(1<<20))
		// A tensor of a block that stays is 800 times kept: a number of 4 bytes with its bookkeeping is more than this.
		if grown := last - first; grown > 2<<20 {
			t.Errorf("the process grew by %d bytes over the last 80000 steps", grown)
		}
	})
}
