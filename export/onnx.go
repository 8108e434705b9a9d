package export

import (
	"fmt"

	"joule/export/onnx"
)

// ONNX is the model in the format of ONNX: its functions for any number of points, or for a number of them where batch is
// above 0. The parameters are initializers by their names.
func (m Model) ONNX(batch int) ([]byte, error) {
	parameters, values, err := m.parameters()
	if err != nil {
		return nil, err
	}
	model := onnx.Model{Values: values, Version: m.Version, Metadata: m.About,
		Doc: "An energy-based model, p(x) = exp(−E(x))/Z, trained by joule."}
	for _, f := range m.functions() {
		t, err := m.record(f, batch, parameters)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		model.Functions = append(model.Functions, onnx.Function{Name: f.name, Doc: f.doc, Trace: t})
	}
	return model.Encode()
}
