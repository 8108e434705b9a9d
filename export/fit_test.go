package export

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/hostile"
	"joule/internal/safetensors"
	"joule/models"
)

// counted is a tensor of the numbers 0, 1, 2, ….
func counted(name string, shape ...int) Tensor {
	t := Tensor{Name: name, Shape: shape, Values: []float64{}}
	n := 1
	for _, d := range shape {
		n *= d
	}
	for i := range n {
		t.Values = append(t.Values, float64(i))
	}
	return t
}

func parametersOf(t *testing.T, model models.Energy, dim int) []models.Parameter {
	t.Helper()
	parameters, err := model.Parameters(dim)
	if err != nil {
		t.Fatal(err)
	}
	return parameters
}

// Weights of PyTorch are transposed, those of convolutions too, and the layers of a Sequential are matched in order, not by the order
// of their names.
func TestFitTorch(t *testing.T) {
	mlp := parametersOf(t, &models.MLP{Hidden: []int{3, 2}, Activation: "silu"}, 2)
	file := &File{Tensors: []Tensor{
		counted("net.10.weight", 1, 2), counted("net.10.bias", 1), counted("net.2.bias", 2), counted("net.2.weight", 2, 3),
		counted("net.0.weight", 3, 2), counted("net.0.bias", 3)}}
	values, err := file.Fit(mlp, TorchLayout, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := values[0]; v.Name != "layers.0.weight" || !slices.Equal(v.Numbers, []float64{0, 2, 4, 1, 3, 5}) {
		t.Errorf("%+v", v)
	}
	conv := parametersOf(t, &models.Conv{Convolutions: models.Convolutions{Shape: []int{1, 3, 2}, Channels: []int{2}, Kernels: []int{1}, Strides: []int{1}, Paddings: []int{0}},
		Activation: "tanh"}, 6)
	file = &File{Tensors: []Tensor{
		counted("convolutions.0.weight", 2, 2, 1, 1), counted("convolutions.0.bias", 2), counted("head", 1, 6), counted("layers.0.bias", 1)}}
	if values, err = file.Fit(conv, TorchLayout, map[string]string{"layers.0.weight": "head"}); err != nil {
		t.Fatal(err)
	}
	if v := values[0]; !slices.Equal(v.Shape, []int{1, 1, 2, 2}) || !slices.Equal(v.Numbers, []float64{0, 2, 1, 3}) {
		t.Errorf("%+v", v)
	}
}

// What a tensor of PyTorch becomes is [height, width, in, out], number by number.
func TestFromTorch(t *testing.T) {
	kernel := counted("k", 2, 3, 4, 5)
	got := kernel.fromTorch()
	at := 0
	for h := range 4 {
		for w := range 5 {
			for i := range 3 {
				for o := range 2 {
					if want := float64(((o*3+i)*4+h)*5 + w); got.Values[at] != want {
						t.Fatalf("number %d is %v, want %v", at, got.Values[at], want)
					}
					at++
				}
			}
		}
	}
}

func TestFitRefuses(t *testing.T) {
	mlp := parametersOf(t, &models.MLP{Hidden: []int{3}, Activation: "silu"}, 2)
	whole := func() *File {
		return &File{Path: "f.npz", Tensors: []Tensor{
			counted("layers.0.weight", 2, 3), counted("layers.0.bias", 3), counted("layers.1.weight", 3, 1), counted("layers.1.bias", 1)}}
	}
	if values, err := whole().Fit(mlp, JouleLayout, nil); err != nil || len(values) != 4 {
		t.Fatalf("%v, %v", values, err)
	}
	for want, c := range map[string]struct {
		change  func(f *File)
		layout  Layout
		renamed map[string]string
	}{
		`f.npz: there is no tensor "layers.0.bias", for parameter layers.0.bias of shape [3]; it has layers.0.weight, layers.1.bias, layers.1.weight`: {
			change: func(f *File) { f.Tensors = slices.Delete(f.Tensors, 1, 2) }},
		`f.npz: tensor "layers.2.bias" of shape [1] is no parameter of the model; they are layers.0.bias, layers.0.weight, layers.1.bias, layers.1.weight`: {
			change: func(f *File) { f.Tensors = append(f.Tensors, counted("layers.2.bias", 1)) }},
		`f.npz: tensor "layers.0.weight" has the shape [3 2]; parameter layers.0.weight needs [2 3]`: {
			change: func(f *File) { f.Tensors[0] = counted("layers.0.weight", 3, 2) }},
		`f.npz: tensor "layers.0.weight" has the shape [2 3]; parameter layers.0.weight needs [3 2], which is [2 3] in joule`: {
			layout: TorchLayout},
		"f.npz: number 1 of parameter layers.1.weight is NaN, want finite numbers of float32": {
			change: func(f *File) { f.Tensors[2].Values[1] = math.NaN() }},
		"f.npz: number 0 of parameter layers.1.bias is 1e+39, want finite numbers of float32": {
			change: func(f *File) { f.Tensors[3].Values[0] = 1e39 }},
		`the model has no parameter "layer"; they are layers.0.bias, layers.0.weight, layers.1.bias, layers.1.weight`: {
			renamed: map[string]string{"layer": "x"}},
	} {
		f := whole()
		if c.change != nil {
			c.change(f)
		}
		if c.layout == "" {
			c.layout = JouleLayout
		}
		if _, err := f.Fit(mlp, c.layout, c.renamed); err == nil || err.Error() != want {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	f := &File{Path: "f.npz", Tensors: []Tensor{counted("layers.0.weight", 2, 1), counted("layers.1.weight", 1, 1), counted("layers.1.bias", 1)}}
	_, err := f.Fit(parametersOf(t, &models.MLP{Hidden: []int{1}, Activation: "silu"}, 2), JouleLayout, map[string]string{"layers.0.bias": "layers.1.bias"})
	if want := `f.npz: tensor "layers.1.bias" is to be two parameters, layers.1.bias the second`; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// files are a whole file of either kind, and their names.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	transform := &datasets.Standardizer{Mean: []float64{1, 2}, Std: []float64{0.5, 3}, Logit: 0.01}
	tensors := Tensors([]safetensors.Tensor{safetensors.New("w", []int{2, 2}, []float32{1, 2, 3, 4}), safetensors.New("method.log_z", nil, []float64{0.5})}, transform)
	about := map[string]string{"step": "7", "config": "name: x\n"}
	if err := safetensors.Write(filepath.Join(dir, "m.safetensors"), tensors, about); err != nil {
		t.Fatal(err)
	}
	if err := WriteNPZ(filepath.Join(dir, "m.npz"), tensors, about); err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range []string{"m.safetensors", "m.npz"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = text
	}
	return all
}

// What is written is read again, from both kinds of files.
func TestReadWhatWasWritten(t *testing.T) {
	for name, text := range files(t) {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.About["step"] != "7" || f.About["config"] != "name: x\n" || f.Transform == nil || f.Transform.Logit != 0.01 || f.Transform.Std[1] != 3 {
			t.Errorf("%s: %+v", name, f)
		}
		if len(f.Tensors) != 2 {
			t.Fatalf("%s: %+v", name, f.Tensors)
		}
		for _, tensor := range f.Tensors {
			if tensor.Name == "w" && !slices.Equal(tensor.Values, []float64{1, 2, 3, 4}) || tensor.Name != "w" && (len(tensor.Shape) != 0 || tensor.Values[0] != 0.5) {
				t.Errorf("%s: %+v", name, tensor)
			}
		}
	}
}

// bounds are how many times its size a file may take in memory while it is read; an .npz file may be compressed.
var bounds = map[string]int{"m.safetensors": 64, "m.npz": 1 << 13}

// readContent reads a file of a content, at a path.
func readContent(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	_, err := Read(path)
	return err
}

// Damaged files are errors that name them.
func TestHostileFiles(t *testing.T) {
	for name, text := range files(t) {
		path := filepath.Join(t.TempDir(), name)
		hostile.Check(t, path+": ", bounds[name], func(content []byte) error { return readContent(path, content) }, text)
	}
}

func FuzzNPZ(f *testing.F) {
	f.Add(files(f)["m.npz"])
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "m.npz")
		hostile.Bounded(t, content, bounds["m.npz"], func() {
			if err := readContent(path, content); err != nil {
				hostile.CheckError(t, content, path+": ", err)
			}
		})
	})
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, arrays ...datasets.Array) string {
		path := filepath.Join(dir, name)
		if err := datasets.WriteArrays(path, arrays); err != nil {
			t.Fatal(err)
		}
		return path
	}
	vector := func(name string, values ...float64) datasets.Array {
		return datasets.Array{Name: name, Type: datasets.Float64, Shape: []int{len(values)}, Values: values}
	}
	for want, path := range map[string]string{
		`the name ends in ".pt", want .safetensors or .npz`: filepath.Join(dir, "x.pt"),
		"no such file": filepath.Join(dir, "none.npz"),
		"has one of standardizer.mean and standardizer.std, want both": write("a.npz", vector(MeanName, 1)),
		"standardizer: std[0] is -1, want a positive number":           write("b.npz", vector(MeanName, 1), vector(StdName, -1)),
		`array "w" holds numbers of type |u1: parameters are f4 or f8`: write("c.npz", datasets.Array{Name: "w", Type: datasets.Bytes, Shape: []int{1}, Values: []float64{1}}),
		`array "metadata": want a JSON object of strings`:              write("d.npz", datasets.Array{Name: MetadataName, Type: datasets.Bytes, Shape: []int{1}, Values: []float64{'['}}),
	} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
