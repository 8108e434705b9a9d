package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/internal/safetensors"
	"joule/rundir"
)

// A run that is exported and imported again is the same model: its energies, config and description of the data.
func TestExportAndImport(t *testing.T) {
	run := faithfulRun(t)
	dir := t.TempDir()
	copied := filepath.Join(dir, "copy")
	put(t, dir, "points.csv", "eruptions,waiting\n2,55\n4.4,80\n")
	want := succeed(t, dir, "energy", run, "--in", "points.csv")
	for format, file := range map[string]string{"safetensors": "m.safetensors", "npz": "m.npz"} {
		if out := succeed(t, dir, "export", run, "--to", format, "-o", file); out != file+"\n" {
			t.Errorf("export prints %q", out)
		}
		for name, args := range map[string][]string{"alone-": nil, "config-": {"--config", "old-faithful/dsm", "--set", "model.hidden=[8]"}} {
			out := copied + name + format
			if got := succeed(t, dir, append([]string{"import", file, "--out", out}, args...)...); got != out+"\n" {
				t.Errorf("import prints %q", got)
			}
			if got := succeed(t, dir, "energy", out, "--in", "points.csv", "--backend", "go"); got != want {
				t.Errorf("%s: energies are %q, want %q", out, got, want)
			}
			if read(t, out, "dataset.json") != read(t, run, "dataset.json") {
				t.Errorf("%s: the data are described otherwise", out)
			}
			if strings.HasPrefix(name, "alone") && read(t, out, "config.yaml") != read(t, run, "config.yaml") {
				t.Errorf("%s: the config is another", out)
			}
			r, err := rundir.Open(out)
			if err != nil {
				t.Fatal(err)
			}
			if result, err := r.Result(); err != nil || result.Status != rundir.Completed || result.Step != 60 {
				t.Errorf("%s: result %+v, %v", out, result, err)
			}
			succeed(t, dir, "eval", out, "--backend", "go")
		}
	}
}

// Without -o a model goes into the folder of the run, and is replaced there; a classifier and a model with noise levels can be
// exported to everything.
func TestExportFormats(t *testing.T) {
	for _, run := range []string{jemRun(t), levelsRun(t)} {
		for range 2 {
			want := ""
			for _, name := range []string{"model.onnx", "model.mlir", "model.safetensors", "model.npz"} {
				want += filepath.Join(run, "export", name) + "\n"
			}
			if out := succeed(t, "", "export", run, "--to", "onnx,stablehlo,safetensors,npz", "--batch", "3"); out != want {
				t.Errorf("export prints %q, want %q", out, want)
			}
		}
		if text := read(t, run, "export/model.mlir"); !strings.Contains(text, "func.func @main(%x: tensor<3x2xf32>)") {
			t.Errorf("a program for 3 points begins %.300s", text)
		}
		if text := read(t, run, "export/model.onnx"); strings.Contains(text, "logits") != (run == jemRun(t)) {
			t.Error("a classifier has logits, and others have none")
		}
	}
}

func TestExportRefuses(t *testing.T) {
	run := faithfulRun(t)
	for want, args := range map[string][]string{
		"--to is missing: want one or more of onnx, stablehlo, safetensors, npz": nil,
		"--to pickle: want one or more of onnx, stablehlo, safetensors, npz":     {"--to", "onnx,pickle"},
		"--to npz: is named twice":                                   {"--to", "npz,npz"},
		"--batch -1: want a number of points, 1 or more":             {"--to", "onnx", "--batch", "-1"},
		"--batch 4: is for onnx and stablehlo, which compute":        {"--to", "npz", "--batch", "4"},
		"--output x.onnx: is one file, and --to names 2 formats":     {"--to", "npz,onnx", "-o", "x.onnx"},
		`--output x.onnx: the name ends in ".onnx"; want .npz`:       {"--to", "npz", "-o", "x.onnx"},
		"--output no/x.npz: there is no folder no":                   {"--to", "npz", "-o", "no/x.npz"},
		"--sigma 0.3: the energy of " + run + " has no noise levels": {"--to", "onnx", "--sigma", "0.3"},
		"--checkpoint 7: there is none; want one of 60":              {"--to", "npz", "--checkpoint", "7"},
	} {
		refuse(t, t.TempDir(), exitUsage, want, append([]string{"export", run}, args...)...)
	}
	refuse(t, t.TempDir(), exitFailed, "none: there is no such run directory: …", "export", "none", "--to", "onnx")
}

func TestImportRefuses(t *testing.T) {
	dir := t.TempDir()
	succeed(t, dir, "export", faithfulRun(t), "--to", "safetensors", "-o", "m.safetensors")
	tensors, about, err := safetensors.Read(filepath.Join(dir, "m.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	save := func(name string, tensors []safetensors.Tensor, about map[string]string) {
		if err := safetensors.Write(filepath.Join(dir, name), tensors, about); err != nil {
			t.Fatal(err)
		}
	}
	changed := func(key, value string) map[string]string {
		all := map[string]string{}
		for k, v := range about {
			all[k] = v
		}
		all[key] = value
		return all
	}
	save("bare.safetensors", tensors, nil)
	save("config.safetensors", tensors, changed("config", about["config"]+"extra: 1\n"))
	save("dataset.safetensors", tensors, changed("dataset", `{"columns": []}`))
	save("json.safetensors", tensors, changed("dataset", `{`))
	save("step.safetensors", tensors, changed("step", "many"))
	save("twisted.safetensors", tensors, changed("dataset", strings.Replace(about["dataset"], `"mean":[3`, `"mean":[4`, 1)))
	put(t, dir, "damaged.safetensors", read(t, dir, "m.safetensors")[:500])
	put(t, dir, "taken", "")
	faithful := []string{"--config", "old-faithful/dsm", "--set", "model.hidden=[8]"}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--layout keras: want joule or torch", []string{"m.safetensors", "--layout", "keras"}},
		{exitUsage, "--map a: want PARAMETER=TENSOR, once for each parameter", []string{"m.safetensors", "--map", "a"}},
		{exitUsage, "--map a=c: want PARAMETER=TENSOR, once for each parameter", []string{"m.safetensors", "--map", "a=b", "--map", "a=c"}},
		{exitUsage, "--set seed=1: changes the config of --config, which is missing", []string{"m.safetensors", "--set", "seed=1"}},
		{exitUsage, "bare.safetensors: does not say which model it is of, as the files of joule export do: --config names its config", []string{"bare.safetensors"}},
		{exitUsage, "no.yaml: …", []string{"m.safetensors", "--config", "no.yaml"}},
		{exitFailed, "config.safetensors: config:…", []string{"config.safetensors"}},
		{exitFailed, "dataset.safetensors: dataset: columns: there are none", []string{"dataset.safetensors"}},
		{exitFailed, "json.safetensors: dataset: unexpected end of JSON input", []string{"json.safetensors"}},
		{exitFailed, `step.safetensors: step: "many" is no number of steps`, []string{"step.safetensors"}},
		{exitFailed, "twisted.safetensors: its tensors standardizer.mean and standardizer.std are not what its dataset says", []string{"twisted.safetensors"}},
		{exitFailed, "damaged.safetensors: …", []string{"damaged.safetensors"}},
		{exitFailed, "none.npz: …", []string{"none.npz"}},
		{exitFailed, "taken: is a file; name another directory with --out", []string{"m.safetensors", "--out", "taken"}},
		{exitFailed, `bare.safetensors: tensor "layers.0.weight" has the shape [2 8]; parameter layers.0.weight needs [2 32]`, append([]string{"bare.safetensors"}, faithful[:2]...)},
		{exitFailed, "bare.safetensors: the parameters are for points that were standardised otherwise than the data of old-faithful/dsm are: …",
			append([]string{"bare.safetensors", "--set", "data.standardize=false"}, faithful...)},
	} {
		args := append([]string{"import"}, c.args...)
		if c.args[len(c.args)-1] != "taken" {
			args = append(args, "--out", "made")
		}
		refuse(t, dir, c.code, c.want, args...)
		if _, err := os.Stat(filepath.Join(dir, "made")); err == nil {
			t.Fatalf("joule %s leaves a directory", strings.Join(args, " "))
		}
	}
}
