// Package backendtest runs a test on every backend that this machine has.
package backendtest

import (
	"os"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"joule/backends"
)

var open = map[string]func() (*backends.Backend, error){
	"go":      sync.OnceValues(func() (*backends.Backend, error) { return backends.Open("go", backends.Options{}) }),
	"xla:cpu": sync.OnceValues(func() (*backends.Backend, error) { return backends.Open("xla:cpu", backends.Options{}) }),
}

// Each runs test once on the Go backend and once on XLA.
func Each(t *testing.T, test func(t *testing.T, backend compute.Backend)) {
	t.Helper()
	for _, spec := range []string{"go", "xla:cpu"} {
		t.Run(spec, func(t *testing.T) { test(t, Open(t, spec)) })
	}
}

// Open opens the backend, or skips the test where it is not to be had. With JOULE_REQUIRE_XLA set, as in CI, the test
// fails instead: nothing is skipped unseen.
func Open(t testing.TB, spec string) compute.Backend {
	t.Helper()
	b, err := open[spec]()
	if err != nil {
		if os.Getenv("JOULE_REQUIRE_XLA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return b.Backend
}

// OnXLA says whether a backend is XLA, where compiling takes its time.
func OnXLA(backend compute.Backend) bool { return backend.Name() == "xla" }
