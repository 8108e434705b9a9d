package export

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/python"
	"joule/models"
)

// compiled are energies, scores and logits (nil without classes) as the commands of joule compute them.
func (e example) compute(t *testing.T, points datasets.Points) map[string][]float64 {
	t.Helper()
	c, err := models.Compile(backendtest.Open(t, "go"), e.Energy, e.Dim, e.Values)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	y := e.Transform.Apply(points)
	energies, err := c.Energies(y.Values)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := c.Scores(y.Values)
	if err != nil {
		t.Fatal(err)
	}
	e.Transform.UndoScores(y, scores)
	out := map[string][]float64{EnergyName: energies, ScoreName: scores}
	if models.ClassesOf(e.Energy) > 0 {
		if out[LogitsName], err = c.Logits(y.Values); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// agree compares the numbers of a function with those of joule: to 1e-5 of the largest of them.
func agree(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	scale := 1.0
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if !(math.Abs(got[i]-v) <= 1e-5*scale) {
			t.Errorf("%s: number %d is %v, want %v", what, i, got[i], v)
			return
		}
	}
}

// ONNX's checker accepts what is made of every kind of model, and ONNX Runtime computes the energies, scores and logits of joule with
// it, for any number of points; of a model for one number of them, too.
func TestONNXRuntime(t *testing.T) {
	python.Need(t)
	dir := t.TempDir()
	all := examples(t)
	sizes := []int{1, 7}
	forBatch := func(i int) int { // the last example is for seven points
		if i == len(all)-1 {
			return sizes[1]
		}
		return 0
	}
	all = append(all, all[slices.IndexFunc(all, func(e example) bool { return e.name == "conditional_resnet" })])
	for i, e := range all {
		text, err := e.ONNX(forBatch(i))
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name+".onnx", text, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, n := range sizes {
			if b := forBatch(i); b > 0 && n != b {
				continue
			}
			if err := datasets.WriteNPY(fmt.Sprintf("%s.%d.npy", name, n), e.points(n), datasets.Float32); err != nil {
				t.Fatal(err)
			}
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("onnx and onnxruntime %s", python.Run(t, "onnx_outputs.py", dir))
	for i, e := range all {
		for _, n := range sizes {
			if b := forBatch(i); b > 0 && n != b {
				continue
			}
			for function, want := range e.compute(t, e.points(n)) {
				agree(t, fmt.Sprintf("%s of %d points, %s", function, n, e.name), readArray(t, fmt.Sprintf("%s/%d.%d.%s", dir, i, n, function)), want)
			}
		}
	}
}

// readArray reads the numbers of an NPY file of float32.
func readArray(t *testing.T, path string) []float64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const before = 10
	header := int(text[8]) + int(text[9])<<8
	if !bytes.Contains(text[:before+header], []byte("'<f4'")) || strings.Contains(string(text[:before+header]), "True") {
		t.Fatalf("%s is no array of float32 in C order: %q", path, text[:before+header])
	}
	var values []float64
	for data := text[before+header:]; len(data) >= 4; data = data[4:] {
		bits := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		values = append(values, float64(math.Float32frombits(bits)))
	}
	return values
}
