package export

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"joule/datasets"
	"joule/internal/python"
)

// JAX compiles what is made of every kind of model, and computes the energies, scores and logits of joule with it.
func TestJAX(t *testing.T) {
	python.Need(t)
	const n = 7
	dir := t.TempDir()
	all := examples(t)
	for i, e := range all {
		text, err := e.StableHLO(n)
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name+".mlir", text, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := datasets.WriteNPY(name+".npy", e.points(n), datasets.Float32); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("jax %s", python.Run(t, "stablehlo_outputs.py", dir, EnergyName, ScoreName, LogitsName))
	for i, e := range all {
		for function, want := range e.compute(t, e.points(n)) {
			agree(t, fmt.Sprintf("%s, %s", function, e.name), readArray(t, fmt.Sprintf("%s/%d.%s", dir, i, function)), want)
		}
	}
}
