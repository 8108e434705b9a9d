package models

import (
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// part is a model within a model. Its parameters have its name in front: base.layers.0.weight.
type part struct {
	name  string
	key   string // in the config
	model Energy
}

// partParameters lists the parameters of all parts, one part after the other.
func partParameters(dim int, parts ...part) ([]Parameter, error) {
	var all []Parameter
	for _, p := range parts {
		parameters, err := p.model.Parameters(dim)
		if err != nil {
			return nil, within(p.key, err)
		}
		for _, parameter := range parameters {
			parameter.Name = p.name + "." + parameter.Name
			all = append(all, parameter)
		}
	}
	return all, nil
}

// partMultiplications are those of all parts.
func partMultiplications(dim int, parts ...part) (int, error) {
	sum := 0
	for _, p := range parts {
		n, err := Multiplications(p.model, dim)
		if err != nil {
			return 0, within(p.key, err)
		}
		sum += n
	}
	return sum, nil
}

// within says of an error of a part where in the config it is.
func within(key string, err error) error {
	if rest, ok := strings.CutPrefix(err.Error(), "model."); ok {
		return fmt.Errorf("model.%s.%s", key, rest)
	}
	return fmt.Errorf("model.%s: %w", key, err)
}

// nets are the parts with their parameters, for points x. The list of parameters has no error here: what is trained or
// evaluated has given it before.
func nets(theta []*graph.Node, x *graph.Node, parts ...part) []Net {
	all := make([]Net, len(parts))
	for i, p := range parts {
		parameters, err := p.model.Parameters(x.Shape().Dimensions[x.Rank()-1])
		if err != nil {
			panic(within(p.key, err))
		}
		n := len(parameters)
		all[i], theta = Net{p.model, theta[:n:n]}, theta[n:]
	}
	return all
}
