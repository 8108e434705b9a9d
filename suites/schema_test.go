package suites

import (
	"os"
	"regexp"
	"testing"

	"joule/internal/schematest"
	"joule/internal/strictyaml"
)

// Every suite that comes with the program is valid, and so is the one in the documentation.
func TestSchemaTakesSuites(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	page, err := os.ReadFile("../docs/suites.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{"docs/suites.md": regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)[1]}
	for _, name := range embedded.Names() {
		if texts[name], err = Source(name); err != nil {
			t.Fatal(err)
		}
	}
	texts["whole"] = []byte(`
name: whole
grid: {budget.steps: [10, 20], model: {kind: [mlp, rbm]}, method: [{kind: dsm, sigma: 0.1}, {kind: nce}], train.devices: [all, 2], config: [seed/dsm]}
set: {train: {batch_size: 8}, model.energy.energy.kind: mlp}
include: [{method.kind: ssm, config: seed/ssm}]
exclude: [{model.kind: [mlp, rbm], budget.steps: 10}]
overrides: [{where: {model.kind: rbm}, set: {train.steps: 5}}, {config: seed/nce}]
`)
	texts["short"] = []byte("extends: quick\ngrid:\nset:\n")
	for name, text := range texts {
		if err := validate(text); err != nil {
			t.Errorf("%s: %v in\n%s", name, err, text)
		}
	}
}

// What the schema refuses the program refuses, too.
func TestSchemaRefuses(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	for name, text := range map[string]string{
		"an unknown key":                "name: x\ngird: {}",
		"no name":                       "config: seed/dsm",
		"a metric that there is not":    "extends: quick\nmetrics: [kll]",
		"no metrics":                    "extends: quick\nmetrics: []",
		"a value that is no list":       "extends: quick\ngrid: {method.sigma: 0.1}",
		"a list of nothing":             "extends: quick\ngrid: {method.sigma: []}",
		"a value out of its range":      "extends: quick\ngrid: {train.batch_size: [0]}",
		"an unknown kind":               "extends: quick\ngrid: {model.kind: [mpl]}",
		"a wrong type":                  "extends: quick\nset: {train.batch_size: many}",
		"an unknown key of a section":   "extends: quick\nset: {train: {batchsize: 3}}",
		"the seed":                      "extends: quick\nset: {seed: 3}",
		"a key that is none":            "extends: quick\nset: {train steps: 3}",
		"an unknown key of an override": "extends: quick\noverrides: [{when: {}}]",
		"too many seeds":                "extends: quick\nseeds: 1000000",
		"a budget below zero":           "extends: quick\nbudget: {steps: -1}",
	} {
		theirs := validate([]byte(text))
		if ours := accepts(t, text); ours == nil || theirs == nil {
			t.Errorf("%s: the program says %v, and the schema %v", name, ours, theirs)
		}
	}
}

// accepts says what the program says of a suite.
func accepts(t *testing.T, text string) error {
	path := t.TempDir() + "/x.yaml"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := Load(path, nil)
	if err == nil {
		_, err = s.Cells()
	}
	return err
}

// All keys have a description, since they are in the tables of docs/suites.md.
func TestSchemaDescribesKeys(t *testing.T) {
	schema := Schema()
	overrides := schema.Properties.Get("overrides").Items
	for _, s := range []*strictyaml.Schema{schema, schema.Properties.Get("budget"), schema.Properties.Get("measure"), overrides} {
		if s.AdditionalProperties != false || len(s.Properties) == 0 {
			t.Errorf("%v takes unknown keys", s.Properties)
		}
		for _, p := range s.Properties {
			if p.Schema.Description == "" {
				t.Errorf("%s has no description", p.Name)
			}
		}
	}
}
