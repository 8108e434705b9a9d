package launch

import (
	"strings"

	"joule/docs"
	"joule/internal/strictyaml"
)

// Schema is the JSON Schema of launch profiles. What keys mean it has from docs/scaling.md. What fields pods and containers of
// Kubernetes have it does not say.
func Schema() *strictyaml.Schema {
	s := strictyaml.SchemaOf(NewProfile(), strictyaml.NewRegistry(), strictyaml.Describer{What: what, Refine: refine})
	s.Title = "a launch profile of joule"
	return s
}

// what is what docs/scaling.md says of a key.
func what(section, _, key string) string {
	page := docs.Read("scaling.md")
	switch {
	case key == "": // the key that has the section says it
		return ""
	case section == "":
		return page.What("Slurm", "key", key)
	case section == "slurm":
		return page.What("Slurm", "key of `slurm`", key)
	case section == "kubernetes":
		return page.What("Kubernetes", "key of `kubernetes`", key)
	}
	return page.What("Kubernetes", "key of a volume", key)
}

// orNothing is the type of a map that can be left empty.
var orNothing = []string{"object", "null"}

// refine says what the methods Check say of single keys.
func refine(section, _, key string, s *strictyaml.Schema) {
	line := &strictyaml.Schema{AnyOf: []*strictyaml.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
	switch strings.TrimPrefix(section+"."+key, ".") {
	case "memory":
		s.AnyOf = []*strictyaml.Schema{{Pattern: memoryForm.String()}, {Const: ""}}
	case "environment":
		s.Type, s.PropertyNames, s.AdditionalProperties = orNothing, &strictyaml.Schema{Pattern: variableForm.String()}, line
	case "kubernetes.labels", "kubernetes.annotations":
		s.Type, s.AdditionalProperties = orNothing, line
	case "kubernetes.pod", "kubernetes.container":
		s.Type = orNothing
	case "slurm.partition", "slurm.account", "slurm.qos", "slurm.gres", "slurm.constraint":
		s.Pattern = `^[^\s"'\\]*$`
	case "slurm.options":
		s.Items.Pattern = "^-"
	}
}
