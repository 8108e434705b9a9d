package export

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"joule/datasets"
	"joule/internal/safetensors"
)

// Tensor is an array of numbers with a name.
type Tensor struct {
	Name   string
	Shape  []int
	Values []float64 // row-major
}

// File is what a file of parameters holds.
type File struct {
	Path    string // as errors call it
	Tensors []Tensor
	// Transform is the map to the coordinates of the model; nil where the file says nothing of it.
	Transform *datasets.Standardizer
	// About are the texts that joule export writes; nil where the file has none.
	About map[string]string
}

// Read reads parameters from a .safetensors or an .npz file.
func Read(path string) (*File, error) {
	f := &File{Path: path}
	var err error
	switch ending := strings.ToLower(filepath.Ext(path)); ending {
	case ".safetensors":
		err = f.readSafetensors(path)
	case ".npz":
		err = f.readNPZ(path)
	default:
		return nil, fmt.Errorf("%s: the name ends in %q, want .safetensors or .npz; torch.save's files become one by safetensors.torch.save_file(model.state_dict(), path)", path, ending)
	}
	if err != nil {
		return nil, err
	}
	return f, f.takeTransform()
}

func (f *File) readSafetensors(path string) error {
	tensors, about, err := safetensors.Read(path)
	if err != nil {
		return err
	}
	f.About = about
	for _, t := range tensors {
		values, err := safetensors.Floats(t)
		if err != nil {
			return fmt.Errorf("%s: %w: parameters are F32 or F64", path, err)
		}
		f.Tensors = append(f.Tensors, Tensor{t.Name, t.Shape, values})
	}
	return nil
}

func (f *File) readNPZ(path string) error {
	arrays, err := datasets.ReadArrays(path)
	if err != nil {
		return err
	}
	for _, a := range arrays {
		switch {
		case a.Name == MetadataName && a.Type == datasets.Bytes && len(a.Shape) == 1:
			text := make([]byte, len(a.Values))
			for i, v := range a.Values {
				text[i] = byte(v)
			}
			if err := json.Unmarshal(text, &f.About); err != nil {
				return fmt.Errorf("%s: array %q: want a JSON object of strings: %w", path, MetadataName, err)
			}
		case !strings.HasSuffix(string(a.Type), "f4") && !strings.HasSuffix(string(a.Type), "f8"):
			return fmt.Errorf("%s: array %.60q holds numbers of type %s: parameters are f4 or f8", path, a.Name, a.Type)
		default:
			f.Tensors = append(f.Tensors, Tensor{a.Name, a.Shape, a.Values})
		}
	}
	return nil
}

// takeTransform takes the map to the coordinates of the model from the tensors.
func (f *File) takeTransform() error {
	take := func(name string) *Tensor {
		at := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == name })
		if at < 0 {
			return nil
		}
		t := f.Tensors[at]
		f.Tensors = slices.Delete(f.Tensors, at, at+1)
		return &t
	}
	mean, std, logit := take(MeanName), take(StdName), take(LogitName)
	if mean == nil && std == nil && logit == nil {
		return nil
	}
	if mean == nil || std == nil {
		return fmt.Errorf("%s: has one of %s and %s, want both or neither", f.Path, MeanName, StdName)
	}
	f.Transform = &datasets.Standardizer{Mean: mean.Values, Std: std.Values}
	if logit != nil {
		if len(logit.Values) != 1 {
			return fmt.Errorf("%s: %s has %d numbers, want one", f.Path, LogitName, len(logit.Values))
		}
		f.Transform.Logit = logit.Values[0]
	}
	if err := f.Transform.Validate(len(mean.Values)); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}
