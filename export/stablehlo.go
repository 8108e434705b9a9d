package export

import (
	"fmt"

	"joule/export/stablehlo"
)

// StableHLO is the model as a module of StableHLO, in the text of MLIR, for a number of points. Its function main gives the results
// of the others, which are those of the model, at the same points; the parameters are constants in it.
func (m Model) StableHLO(batch int) ([]byte, error) {
	parameters, values, err := m.parameters()
	if err != nil {
		return nil, err
	}
	module := stablehlo.Module{Name: "joule", Values: values}
	for _, f := range m.functions() {
		t, err := m.record(f, batch, parameters)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		module.Functions = append(module.Functions, stablehlo.Function{Name: f.name, Trace: t})
	}
	return module.Encode()
}
