package rundir

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"

	"joule/internal/regularfile"
	"joule/internal/safetensors"
	"joule/models"
)

// The keys of the metadata that this package writes.
const (
	formatKey = "format"
	stepKey   = "step"
)

// Parameters are the parameters of a model after a number of steps.
type Parameters struct {
	Step int64
	// Metadata is further text to keep with them. The keys format and step are taken.
	Metadata map[string]string
	// Tensors are F32 or F64.
	Tensors []safetensors.Tensor
}

// Values are the numbers of the parameters, as [models.Compile] takes them.
func (p Parameters) Values() ([]models.Value, error) {
	values := make([]models.Value, len(p.Tensors))
	for i, t := range p.Tensors {
		numbers, err := safetensors.Floats(t)
		if err != nil {
			return nil, err
		}
		values[i] = models.Value{Name: t.Name, Shape: t.Shape, Numbers: numbers}
	}
	return values, nil
}

// WriteParameters replaces the parameters of the run.
func (r *Run) WriteParameters(p Parameters) error {
	metadata := map[string]string{formatKey: strconv.Itoa(format), stepKey: strconv.FormatInt(p.Step, 10)}
	for key, value := range p.Metadata {
		if metadata[key] != "" {
			return fmt.Errorf("%s: metadata %s: the key is taken", r.path(parametersFile), key)
		}
		metadata[key] = value
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("%s: %w", r.path(parametersFile), err)
	}
	return r.replace(parametersFile, func(w io.Writer) error { return safetensors.Encode(w, p.Tensors, metadata) })
}

// Parameters reads the parameters of the run. The error is [io/fs.ErrNotExist] where none were written yet.
func (r *Run) Parameters() (Parameters, error) {
	var tensors []safetensors.Tensor
	var metadata map[string]string
	err := r.inside(func(root *os.Root) error {
		file, size, err := regularfile.OpenIn(root, parametersFile, r.path(parametersFile))
		if err != nil {
			return err
		}
		defer file.Close()
		if tensors, metadata, err = safetensors.Decode(file, size); err != nil {
			return fmt.Errorf("%s: %w", r.path(parametersFile), err)
		}
		return nil
	})
	if err != nil {
		return Parameters{}, r.readError(parametersFile, err)
	}
	found, err := strconv.Atoi(metadata[formatKey])
	if err != nil {
		err = fmt.Errorf("metadata format: %.40q is not a number", metadata[formatKey])
	} else {
		err = formatError(found, format)
	}
	if err != nil {
		return Parameters{}, fmt.Errorf("%s: %w", r.path(parametersFile), err)
	}
	step, err := strconv.ParseInt(metadata[stepKey], 10, 64)
	if err != nil {
		return Parameters{}, fmt.Errorf("%s: metadata step: %.40q is not a number", r.path(parametersFile), metadata[stepKey])
	}
	rest := maps.Clone(metadata)
	delete(rest, formatKey)
	delete(rest, stepKey)
	p := Parameters{step, rest, tensors}
	if err := p.check(); err != nil {
		return Parameters{}, fmt.Errorf("%s: %w", r.path(parametersFile), err)
	}
	return p, nil
}

func (p Parameters) check() error {
	if p.Step < 0 {
		return fmt.Errorf("step: %d is negative", p.Step)
	}
	if len(p.Tensors) == 0 {
		return errors.New("has no tensors")
	}
	for _, t := range p.Tensors {
		if t.DType != safetensors.F32 && t.DType != safetensors.F64 {
			return fmt.Errorf("tensor %s: %s; parameters are F32 or F64", shown(t.Name), t.DType)
		}
	}
	return nil
}
