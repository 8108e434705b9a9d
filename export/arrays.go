package export

import (
	"encoding/json"
	"fmt"

	"joule/datasets"
	"joule/internal/safetensors"
)

// The names of what is in a file of parameters beside them: the map to the coordinates of the model, as tensors of float64, and in
// an .npz file the texts of About, a JSON object as bytes.
const (
	MeanName     = "standardizer.mean"
	StdName      = "standardizer.std"
	LogitName    = "standardizer.logit"
	MetadataName = "metadata"
)

// Tensors are the parameters of a model, of float32 or float64, and after them the map to its coordinates, if there is one.
func Tensors(parameters []safetensors.Tensor, transform *datasets.Standardizer) []safetensors.Tensor {
	all := append([]safetensors.Tensor(nil), parameters...)
	if transform == nil {
		return all
	}
	dim := []int{len(transform.Mean)}
	all = append(all, safetensors.New(MeanName, dim, transform.Mean), safetensors.New(StdName, dim, transform.Std))
	if transform.Logit > 0 {
		all = append(all, safetensors.New(LogitName, nil, []float64{transform.Logit}))
	}
	return all
}

// WriteNPZ writes tensors and texts as an .npz file.
func WriteNPZ(path string, tensors []safetensors.Tensor, about map[string]string) error {
	var arrays []datasets.Array
	for _, t := range tensors {
		values, err := safetensors.Floats(t)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		dtype := datasets.Float64
		if t.DType == safetensors.F32 {
			dtype = datasets.Float32
		}
		arrays = append(arrays, datasets.Array{Name: t.Name, Type: dtype, Shape: t.Shape, Values: values})
	}
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	metadata := datasets.Array{Name: MetadataName, Type: datasets.Bytes, Shape: []int{len(text)}}
	for _, b := range text {
		metadata.Values = append(metadata.Values, float64(b))
	}
	return datasets.WriteArrays(path, append(arrays, metadata))
}
