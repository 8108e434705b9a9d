// Package backendtest runs a test on every backend that this machine has.
package backendtest

import (
	"os"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

var open = sync.OnceValues(func() (compute.Backend, error) {
	return xla.NewWithOptions(os.Getenv("JOULE_XLA_CPU_PLUGIN"), pjrt.NamedValuesMap{"cpu_device_count": int64(1)})
})

// Each runs test once on the Go backend and once on XLA.
func Each(t *testing.T, test func(t *testing.T, backend compute.Backend)) {
	t.Helper()
	t.Run("go", func(t *testing.T) { test(t, gobackend.GetBackend()) })
	t.Run("xla", func(t *testing.T) {
		b, err := open()
		if err != nil {
			t.Skip(err)
		}
		test(t, b)
	})
}
