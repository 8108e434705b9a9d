package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"joule/internal/cutjson"
	"joule/internal/regularfile"
	"joule/models"
)

// Case is one file of reference values.
type Case struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	Model  struct {
		Kind       string `json:"kind"`
		Hidden     []int  `json:"hidden"`
		Activation string `json:"activation"`
		Input      int    `json:"input"`
	} `json:"model"`
	Params   []layer                    `json:"params"`
	Inputs   map[string]array           `json:"inputs"`
	Settings json.RawMessage            `json:"settings"`
	Expect   map[string]json.RawMessage `json:"expect"`

	file string
}

// layer is the parameters of one layer, or their gradients.
type layer struct {
	W array `json:"w"` // [in, out]
	B array `json:"b"` // [out]
}

// array is a rectangular array of numbers, or a single one.
type array struct {
	shape  []int
	values []float64
}

// maxRank is the largest number of dimensions of an array.
const maxRank = 64

// UnmarshalJSON refuses ragged arrays and anything that is not a number.
func (a *array) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	a.shape, a.values = nil, nil
	return a.append(value, 0)
}

func (a *array) append(value any, depth int) error {
	switch value := value.(type) {
	case json.Number:
		if depth != len(a.shape) {
			return fmt.Errorf("a number stands where a list of %d should", a.shape[depth])
		}
		number, err := value.Float64()
		if err != nil {
			return fmt.Errorf("%s is too large for a number", value)
		}
		a.values = append(a.values, number)
		return nil
	case []any:
		if depth == maxRank {
			return fmt.Errorf("an array has more than %d dimensions", maxRank)
		}
		if depth == len(a.shape) {
			if len(a.values) > 0 {
				return fmt.Errorf("a list stands where a number should")
			}
			a.shape = append(a.shape, len(value))
		}
		if len(value) == 0 {
			return fmt.Errorf("a list is empty")
		}
		if len(value) != a.shape[depth] {
			return fmt.Errorf("a list has %d entries where others have %d", len(value), a.shape[depth])
		}
		for _, v := range value {
			if err := a.append(v, depth+1); err != nil {
				return err
			}
		}
		return nil
	case nil:
		return fmt.Errorf("null is not a number")
	default:
		return fmt.Errorf("%.40q is not a number", fmt.Sprint(value))
	}
}

// Read reads a case from a file.
func Read(file string) (*Case, error) {
	text, err := regularfile.Read(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, text)
}

// Parse reads a case from a file's text. Errors name the file, and what is wrong in it.
func Parse(file string, text []byte) (*Case, error) {
	c := &Case{file: file}
	if err := strict(text, c); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: case %.80q: %w", file, c.Name, err)
	}
	return c, nil
}

// strict decodes JSON and refuses keys that the target does not have, and anything after the value.
func strict(text []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err == io.EOF {
		return fmt.Errorf("it is empty")
	} else if err != nil {
		return fmt.Errorf("%.200s", plain(err)) // which may quote all of the file
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("there is more after the end of the JSON value")
	}
	return nil
}

// plain says in the words of JSON, not of Go, why it could not be decoded.
func plain(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		want := map[reflect.Kind]string{reflect.String: "a string", reflect.Bool: "true or false", reflect.Int: "a whole number",
			reflect.Float64: "a number that fits", reflect.Slice: "a list"}[wrong.Type.Kind()]
		if want == "" {
			want = "an object"
		}
		found := fmt.Sprintf("found %s; want %s", strings.Replace(wrong.Value, "array", "list", 1), want)
		if wrong.Field != "" {
			return wrong.Field + ": " + found
		}
		return found
	}
	if cutjson.Is(err) {
		return "it ends within the JSON value"
	}
	return strings.Replace(strings.TrimPrefix(err.Error(), "json: "), "unknown field", "unknown key", 1)
}

func (c *Case) check() error {
	if c.Name == "" {
		return fmt.Errorf("it has no name")
	}
	if c.Model.Kind != "mlp" {
		return fmt.Errorf("model.kind %.40q is not known; known: mlp", c.Model.Kind)
	}
	if _, known := calculations[c.Method]; !known {
		return fmt.Errorf("method %.40q is not known; known: %s", c.Method, strings.Join(knownMethods(), ", "))
	}
	if layers := len(c.Model.Hidden) + 1; len(c.Params) != layers {
		return fmt.Errorf("params has %d layers, and a model with %d hidden layers has %d", len(c.Params), len(c.Model.Hidden), layers)
	}
	parameters, err := c.model().Parameters(c.Model.Input)
	if err != nil {
		return fmt.Errorf("model: %w", err)
	}
	for i, p := range parameters {
		if got := c.parameter(i); !slices.Equal(got.shape, p.Shape) {
			return fmt.Errorf("params: %s has the shape %v, and the model needs %v", p.Name, got.shape, p.Shape)
		}
	}
	x, given := c.Inputs["x"]
	if !given || len(x.shape) != 2 || x.shape[1] != c.Model.Input {
		return fmt.Errorf("inputs.x has the shape %v, and should be [points, %d]", x.shape, c.Model.Input)
	}
	if len(c.Expect) == 0 {
		return fmt.Errorf("expect is empty: nothing would be checked")
	}
	return nil
}

func (c *Case) model() *models.MLP {
	return &models.MLP{Hidden: c.Model.Hidden, Activation: c.Model.Activation}
}

// parameter is the i-th parameter in the order of models.MLP: weight and bias of each layer.
func (c *Case) parameter(i int) array {
	if i%2 == 0 {
		return c.Params[i/2].W
	}
	return c.Params[i/2].B
}

// expected returns a field's values in one row, a list of layers as weight and bias of each.
func (c *Case) expected(field string) ([]float64, error) {
	text := c.Expect[field]
	if field == "grads" || field == "params" {
		var layers []layer
		if err := strict(text, &layers); err != nil {
			return nil, fmt.Errorf("expect.%s: %w", field, err)
		}
		var values []float64
		for _, l := range layers {
			values = append(append(values, l.W.values...), l.B.values...)
		}
		return values, nil
	}
	var a array
	if err := strict(text, &a); err != nil {
		return nil, fmt.Errorf("expect.%s: %w", field, err)
	}
	return a.values, nil
}
