package suites

import (
	"reflect"
	"slices"
	"strings"

	"joule/configs"
	"joule/docs"
	"joule/internal/strictyaml"
)

// Schema is the JSON Schema of suites. What keys mean it has from docs/suites.md, and the keys of configs that a suite can set from
// package configs. Those of an energy within an energy, and the like, it allows without knowing them.
func Schema() *strictyaml.Schema {
	s := strictyaml.SchemaOf(defaults(), strictyaml.NewRegistry(), strictyaml.Describer{What: what, Refine: refine})
	s.Title = "a suite of joule"
	s.Defs = append(configs.Schema().Defs, strictyaml.Property{Name: settingsMap, Schema: settable()}, strictyaml.Property{Name: gridMap, Schema: gridded()})
	return s
}

// Keys lists the keys of a suite that an assignment can name, dotted paths, with their schemas, which refer to definitions of Schema.
func Keys() (keys strictyaml.Properties) {
	for _, p := range strictyaml.KeysOf(defaults(), strictyaml.NewRegistry(), strictyaml.Describer{What: what, Refine: refine}, false) {
		keys = append(keys, p)
		within := map[string]*strictyaml.Schema{"set": settable(), "grid": gridded()}[p.Name]
		if within == nil {
			continue
		}
		for _, q := range within.Properties {
			keys = append(keys, strictyaml.Property{Name: p.Name + "." + q.Name, Schema: q.Schema})
		}
	}
	return keys
}

// The definitions of maps whose keys are those of configs, as dotted paths or as maps within maps.
const (
	settingsMap = "settings"
	gridMap     = "grid"
)

// what is what docs/suites.md says of a key.
func what(section, _, key string) string {
	page := docs.Read("suites.md")
	switch {
	case key == "": // the key that has the section says it
		return ""
	case section == "":
		return page.What("Keys", "key", key)
	}
	return page.What("Keys", "key of `"+section+"`", key)
}

// orNothing is the type of a map that can be left empty.
var orNothing = []string{"object", "null"}

// refine says what else is checked of keys, and of the maps of a suite.
func refine(section, _, key string, s *strictyaml.Schema) {
	switch strings.TrimPrefix(section+"."+key, ".") {
	case "metrics":
		s.Items.Enum = needs
	case "set", "overrides.set":
		s.Ref = "#/$defs/" + settingsMap
	case "grid":
		s.Ref = "#/$defs/" + gridMap
	case "include":
		s.Items = &strictyaml.Schema{Ref: "#/$defs/" + settingsMap}
	case "exclude":
		s.Items = &strictyaml.Schema{Type: "object"}
	case "overrides.where":
		s.Type = orNothing
	}
}

// keyed is a map whose keys are such as keyProblem lets pass.
func keyed(keys strictyaml.Properties) *strictyaml.Schema {
	names := &strictyaml.Schema{Pattern: keyForm.String(), Not: &strictyaml.Schema{Const: "seed"}}
	return &strictyaml.Schema{Type: orNothing, Properties: keys, PropertyNames: names}
}

// settable are the keys of configs but for the seed, which suites count themselves.
func settable() *strictyaml.Schema {
	return keyed(slices.DeleteFunc(configs.Keys(nil), func(p strictyaml.Property) bool { return p.Name == "seed" }))
}

// gridded has a list of values for each of them, for configs and for budgets; sections can have lists within, too.
func gridded() *strictyaml.Schema {
	list := func(of *strictyaml.Schema) *strictyaml.Schema {
		return &strictyaml.Schema{Type: "array", MinItems: new(1), Items: of}
	}
	config := list(&strictyaml.Schema{Type: "string"})
	config.Description = what("", "", "config")
	axes := strictyaml.Properties{{Name: configAxis, Schema: config}}
	for _, p := range settable().Properties {
		axis := list(&strictyaml.Schema{Ref: "#/$defs/" + settingsMap + "/properties/" + p.Name})
		if p.Schema.Ref != "" || p.Schema.Type == "object" {
			axis = &strictyaml.Schema{AnyOf: []*strictyaml.Schema{axis, {Type: "object"}}}
		}
		axis.Description = p.Schema.Description
		axes = append(axes, strictyaml.Property{Name: p.Name, Schema: axis})
	}
	for f := range reflect.TypeFor[Budget]().Fields() {
		key := f.Tag.Get("yaml")
		axis := list(&strictyaml.Schema{Ref: "#/properties/budget/properties/" + key})
		axis.Description = what("budget", "", key)
		axes = append(axes, strictyaml.Property{Name: budgetAxes + key, Schema: axis})
	}
	return keyed(axes)
}
