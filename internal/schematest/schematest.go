// Package schematest holds files to JSON Schemas with a validator that is not the project's, for tests.
package schematest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"joule/internal/strictyaml"
)

// Validator compiles a schema, which has to be one by the schema of its dialect, and returns what says whether YAML is valid by it: the
// error has the path and the problem of all that is wrong. YAML is read as editors read it, not as strictyaml does.
func Validator(t testing.TB, schema *strictyaml.Schema) func(text []byte) error {
	t.Helper()
	text, err := schema.Text()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	const name = "schema.json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return func(text []byte) error {
		asJSON, err := yaml.YAMLToJSON(text)
		if err != nil {
			return err
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			return err
		}
		err = compiled.Validate(instance)
		if problem, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
			var list []string
			for _, unit := range problem.BasicOutput().Errors {
				if unit.Error != nil {
					list = append(list, fmt.Sprintf("%s: %v", unit.InstanceLocation, unit.Error))
				}
			}
			return errors.New(strings.Join(list, "\n"))
		}
		return err
	}
}
