package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/python"
)

// sameNumbers compares two files of numbers, to 1e-5 of the largest.
func sameNumbers(t *testing.T, dir, got, want string) {
	t.Helper()
	read := func(name string) []float64 {
		points, _, err := datasets.ReadPoints(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return points.Values
	}
	a, b := read(got), read(want)
	scale := 1.0
	for _, v := range b {
		scale = max(scale, math.Abs(v))
	}
	if len(a) != len(b) {
		t.Fatalf("%s has %d numbers, %s %d", got, len(a), want, len(b))
	}
	for i := range b {
		if !(math.Abs(a[i]-b[i]) <= 1e-5*scale) {
			t.Errorf("number %d of %s is %v, that of %s %v", i, got, a[i], want, b[i])
			return
		}
	}
}

// What joule export writes gives the energies and scores of joule energy in ONNX Runtime, in JAX, and in NumPy from the parameters: of a
// run that standardised its data, and of one with noise levels, at a level.
func TestExportElsewhere(t *testing.T) {
	python.Need(t)
	for name, c := range map[string]struct {
		run    string
		flags  []string
		plain  bool // an MLP with silu and nothing else
		points string
	}{
		"standardised": {run: faithfulRun(t), plain: true},
		"at a level":   {run: levelsRun(t), flags: []string{"--sigma", "0.5"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			with := func(args ...string) []string { return append(args, c.flags...) }
			succeed(t, dir, "sample", c.run, "-n", "9", "-o", "points.npy")
			succeed(t, dir, with("energy", c.run, "--in", "points.npy", "-o", "energy.npy")...)
			succeed(t, dir, with("energy", c.run, "--in", "points.npy", "--score", "-o", "score.npy")...)

			succeed(t, dir, with("export", c.run, "--to", "onnx", "-o", "points.onnx")...)
			put(t, dir, "points.1.npy", read(t, dir, "points.npy"))
			python.Run(t, "onnx_outputs.py", dir)
			for _, function := range []string{"energy", "score"} {
				put(t, dir, "onnx."+function+".npy", read(t, dir, "points.1."+function))
				sameNumbers(t, dir, "onnx."+function+".npy", function+".npy")
			}

			succeed(t, dir, with("export", c.run, "--to", "stablehlo", "--batch", "9", "-o", "points.mlir")...)
			python.Run(t, "stablehlo_outputs.py", dir, "energy", "score")
			for _, function := range []string{"energy", "score"} {
				put(t, dir, "hlo."+function+".npy", read(t, dir, "points."+function))
				sameNumbers(t, dir, "hlo."+function+".npy", function+".npy")
			}

			if !c.plain {
				return
			}
			succeed(t, dir, "export", c.run, "--to", "safetensors", "-o", "model.safetensors")
			succeed(t, dir, "export", c.run, "--to", "npz", "-o", "model.npz")
			if out := python.Run(t, "parameters_outputs.py", dir); strings.TrimSpace(out) != "['eruptions', 'waiting'] 60" {
				t.Errorf("Python reads %q", out)
			}
			sameNumbers(t, dir, "safetensors.npy", "energy.npy")
			sameNumbers(t, dir, "npz.npy", "energy.npy")
		})
	}
}

// An MLP of PyTorch has the same energies as the run that joule import makes of its parameters.
func TestImportTorch(t *testing.T) {
	python.Need(t)
	dir := t.TempDir()
	if err := datasets.WriteNPY(filepath.Join(dir, "points.npy"), datasets.Points{N: 4, Dim: 2, Values: []float64{0, 0, 1, -2, 3.5, 0.25, -4, 2}}, datasets.Float32); err != nil {
		t.Fatal(err)
	}
	t.Logf("torch %s", python.Run(t, "torch_mlp.py", dir))
	model := []string{"--config", "two-gaussians/dsm", "--set", "model={kind: mlp, hidden: [16, 8], activation: silu}", "--layout", "torch"}
	for name, more := range map[string][]string{
		"weights.safetensors": nil, "weights.npz": nil,
		"named.safetensors": {"--map", "layers.0.weight=0.weight", "--map", "layers.0.bias=0.bias", "--map", "layers.1.weight=2.weight",
			"--map", "layers.1.bias=2.bias", "--map", "layers.2.weight=head.weight", "--map", "layers.2.bias=head.bias"},
	} {
		out := "run-" + name
		if got := succeed(t, dir, append(append([]string{"import", name, "--out", out}, model...), more...)...); got != out+"\n" {
			t.Errorf("import prints %q, want %s", got, out)
		}
		succeed(t, dir, "energy", out, "--in", "points.npy", "-o", "got.npy", "--backend", "go")
		sameNumbers(t, dir, "got.npy", "energies.npy")
	}
	succeed(t, dir, "sample", "run-weights.npz", "-n", "3", "--backend", "go", "-o", "samples.csv")
	succeed(t, dir, "eval", "run-weights.npz", "--backend", "go")
	refuse(t, dir, exitFailed, `named.safetensors: there is no tensor "layers.0.weight", for parameter layers.0.weight of shape [2 16]; it has 0.bias, 0.weight, 2.bias, 2.weight, head.bias, head.weight`,
		append([]string{"import", "named.safetensors", "--out", "no"}, model...)...)
}
