package conformance

import (
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
)

// Every embedded case agrees with its reference values in both precisions, on every backend.
func TestEmbedded(t *testing.T) {
	cases, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range cases {
			for _, precision := range Precisions {
				results, err := c.Run(backend, precision)
				if err != nil {
					t.Error(err)
				}
				for _, r := range results {
					t.Logf("%-14s %-16s %s %.2e", r.Case, r.Field, r.Precision, r.Error)
					if !r.Pass {
						t.Errorf("%s %s in %s: error %.3g, tolerance %g", r.Case, r.Field, r.Precision, r.Error, r.Tolerance)
					}
				}
			}
		}
	})
}
