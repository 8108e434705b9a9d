package launch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"joule/internal/schematest"
	"joule/internal/strictyaml"
)

// The profiles of the documentation are valid, and what the schema refuses the program refuses, too.
func TestSchema(t *testing.T) {
	validate := schematest.Validator(t, Schema())
	page, err := os.ReadFile("../docs/scaling.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```text\n(# (cluster|pods).yaml\n.*?)```").FindAllSubmatch(page, -1)
	if len(examples) != 2 {
		t.Fatalf("%d profiles are documented", len(examples))
	}
	for _, m := range append(examples, [][]byte{nil, []byte("environment:\nmemory: ''\n")}) {
		if err := validate(m[1]); err != nil {
			t.Errorf("%v in\n%s", err, m[1])
		}
	}
	path := filepath.Join(t.TempDir(), "profile.yaml")
	for name, text := range map[string]string{
		"an unknown key":            "cpu: 4",
		"an unknown key of Slurm":   "slurm: {queue: short}",
		"a time that is no text":    "time: 90",
		"an amount without a unit":  "memory: '16'",
		"too many processors":       "cpus: 1000000",
		"a list in the environment": "environment: {A: [1]}",
		"a name of no variable":     "environment: {1A: x}",
		"a volume without a path":   "kubernetes: {volumes: [{claim: x}]}",
		"a word with a space":       "slurm: {partition: a b}",
		"an option without a dash":  "slurm: {options: [exclusive]}",
		"a pod that is no map":      "kubernetes: {pod: [1]}",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, ours := LoadProfile(path)
		if theirs := validate([]byte(text)); ours == nil || theirs == nil {
			t.Errorf("%s: the program says %v, and the schema %v", name, ours, theirs)
		}
	}
}

// All keys have a description, since they are in the tables of docs/scaling.md.
func TestSchemaDescribesKeys(t *testing.T) {
	schema := Schema()
	kubernetes := schema.Properties.Get("kubernetes")
	for _, s := range []*strictyaml.Schema{schema, schema.Properties.Get("slurm"), kubernetes, kubernetes.Properties.Get("volumes").Items.AllOf[0]} {
		for _, p := range s.Properties {
			if p.Schema.Description == "" {
				t.Errorf("%s has no description", p.Name)
			}
		}
	}
}
