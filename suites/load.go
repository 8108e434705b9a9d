package suites

import (
	"path/filepath"

	"joule/internal/strictyaml"
)

// Load reads a suite, given the path of a file or the name of an embedded one (see List), and applies assignments such as
// seeds=2 over it. An error lists what is wrong, with file, line, column and key. Whether its configs are right, Cells tells.
func Load(nameOrPath string, sets []string) (*Suite, error) {
	document, err := strictyaml.Load(embedded.Open, nameOrPath)
	if err != nil {
		return nil, err
	}
	for _, assignment := range sets {
		document.Set(assignment)
	}
	s := defaults()
	if !embedded.Has(nameOrPath) {
		s.Dir = filepath.Dir(nameOrPath)
	}
	if err := document.Decode(s, strictyaml.NewRegistry()); err != nil {
		return nil, err
	}
	s.Text = document.Text()
	return s, nil
}
