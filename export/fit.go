package export

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"joule/models"
)

// Layout is how the tensors of a file lie.
type Layout string

const (
	// JouleLayout has them as docs/run-directory.md lists them.
	JouleLayout Layout = "joule"
	// TorchLayout has the matrices of layers transposed, [out, in], and kernels of convolutions as [out, in, height, width], as PyTorch
	// keeps them.
	TorchLayout Layout = "torch"
)

// methodPrefix begins the names of what a method has learned beside the model.
const methodPrefix = "method."

// Fit matches the tensors of the file with the parameters of a model, by their names or as renamed says: names of tensors by those of
// parameters. In TorchLayout the layers of an nn.Sequential, "0.weight", "0.bias", "2.weight" and so on, are those of an mlp in order.
// A tensor that is missing, left over, of another shape or not finite is an error that names it. What a method has learned is kept
// under its name where the names are those of joule.
func (f *File) Fit(parameters []models.Parameter, layout Layout, renamed map[string]string) ([]models.Value, error) {
	names, err := f.names(parameters, layout, renamed)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	var values []models.Value
	for _, p := range parameters {
		name := names[p.Name]
		at := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("%s: there is no tensor %q, for parameter %s of shape %v; it has %s", f.Path, name, p.Name, p.Shape, f.list())
		}
		if used[name] {
			return nil, fmt.Errorf("%s: tensor %q is to be two parameters, %s the second", f.Path, name, p.Name)
		}
		used[name] = true
		t := f.Tensors[at]
		if layout == TorchLayout && strings.HasSuffix(p.Name, weightSuffix) {
			t = t.fromTorch()
		}
		if !slices.Equal(t.Shape, p.Shape) {
			want := fmt.Sprint(p.Shape)
			if t.Shape = f.Tensors[at].Shape; layout == TorchLayout {
				want = fmt.Sprintf("%v, which is %v in joule", torchShape(p), p.Shape)
			}
			return nil, fmt.Errorf("%s: tensor %q has the shape %v; parameter %s needs %s", f.Path, name, t.Shape, p.Name, want)
		}
		values = append(values, models.Value{Name: p.Name, Shape: p.Shape, Numbers: t.Values})
	}
	for _, t := range f.Tensors {
		switch {
		case used[t.Name]:
		case layout == JouleLayout && strings.HasPrefix(t.Name, methodPrefix):
			values = append(values, models.Value{Name: t.Name, Shape: t.Shape, Numbers: t.Values})
		default:
			return nil, fmt.Errorf("%s: tensor %.80q of shape %v is no parameter of the model; they are %s", f.Path, t.Name, t.Shape, listOf(names))
		}
	}
	for _, v := range values {
		for i, x := range v.Numbers {
			if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > math.MaxFloat32 {
				return nil, fmt.Errorf("%s: number %d of parameter %s is %v, want finite numbers of float32", f.Path, i, v.Name, x)
			}
		}
	}
	return values, nil
}

const (
	weightSuffix = ".weight"
	biasSuffix   = ".bias"
)

// names are those of the tensors by those of the parameters.
func (f *File) names(parameters []models.Parameter, layout Layout, renamed map[string]string) (map[string]string, error) {
	names := map[string]string{}
	for _, p := range parameters {
		names[p.Name] = p.Name
	}
	for _, name := range slices.Sorted(maps.Keys(renamed)) {
		if _, ok := names[name]; !ok {
			return nil, fmt.Errorf("the model has no parameter %q; they are %s", name, listOf(names))
		}
	}
	isSequential := layout == TorchLayout && len(renamed) == 0 && len(f.Tensors) > 0
	layers := map[int]string{} // the number within the layers of the model, and the prefix of the tensors
	for _, p := range parameters {
		var layer int
		var kind string
		if n, err := fmt.Sscanf(p.Name, "layers.%d.%s", &layer, &kind); n != 2 || err != nil || kind != "weight" && kind != "bias" {
			isSequential = false
		}
		layers[layer] = ""
	}
	prefixes, numbers := f.modules()
	if isSequential = isSequential && len(numbers) == len(layers) && len(prefixes) == 1; isSequential {
		for i, at := range numbers {
			module := fmt.Sprint(prefixes[0], at)
			names[fmt.Sprint("layers.", i, weightSuffix)] = module + weightSuffix
			names[fmt.Sprint("layers.", i, biasSuffix)] = module + biasSuffix
		}
	}
	maps.Copy(names, renamed)
	return names, nil
}

// modules are the numbers of the modules that tensors are called by, PREFIX7.weight, in order, and the different prefixes. They are none
// where a tensor is called otherwise.
func (f *File) modules() (prefixes []string, numbers []int) {
	for _, t := range f.Tensors {
		module, isBias := strings.CutSuffix(t.Name, biasSuffix)
		module, isWeight := strings.CutSuffix(module, weightSuffix)
		at := strings.LastIndexByte(module, '.') + 1
		number, err := strconv.Atoi(module[at:])
		if err != nil || isBias == isWeight {
			return nil, nil
		}
		if !slices.Contains(prefixes, module[:at]) {
			prefixes = append(prefixes, module[:at])
		}
		if !slices.Contains(numbers, number) {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return prefixes, numbers
}

// fromTorch is a weight of PyTorch as joule has it: a matrix [out, in] becomes [in, out], and a kernel [out, in, height, width]
// becomes [height, width, in, out].
func (t Tensor) fromTorch() Tensor {
	var order []int
	switch len(t.Shape) {
	case 2:
		order = []int{1, 0}
	case 4:
		order = []int{2, 3, 1, 0}
	default:
		return t
	}
	strides, stride := make([]int, len(t.Shape)), 1
	for axis, n := range slices.Backward(t.Shape) {
		strides[axis] = stride
		stride *= n
	}
	out := Tensor{Name: t.Name, Values: make([]float64, 0, len(t.Values))}
	for _, axis := range order {
		out.Shape = append(out.Shape, t.Shape[axis])
	}
	index := make([]int, len(order))
	for range t.Values {
		from := 0
		for k, axis := range order {
			from += index[k] * strides[axis]
		}
		out.Values = append(out.Values, t.Values[from])
		for k := len(index) - 1; k >= 0; k-- {
			if index[k]++; index[k] < out.Shape[k] {
				break
			}
			index[k] = 0
		}
	}
	return out
}

// torchShape is the shape that a parameter has in PyTorch.
func torchShape(p models.Parameter) []int {
	s := p.Shape
	switch {
	case !strings.HasSuffix(p.Name, weightSuffix):
	case len(s) == 2:
		return []int{s[1], s[0]}
	case len(s) == 4:
		return []int{s[3], s[2], s[0], s[1]}
	}
	return s
}

// list names the tensors.
func (f *File) list() string {
	names := map[string]string{}
	for _, t := range f.Tensors {
		names[t.Name] = t.Name
	}
	return listOf(names)
}

// listOf names the values of a map, of many the first.
func listOf(names map[string]string) string {
	all := slices.Sorted(maps.Values(names))
	if len(all) == 0 {
		return "none"
	}
	const most = 8
	if len(all) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}
