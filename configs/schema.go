package configs

import (
	"fmt"
	"reflect"

	"joule/datasets"
	"joule/docs"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// sections are the names of those that come in kinds.
var sections = map[reflect.Type]string{
	reflect.TypeFor[datasets.Source]():  "data",
	reflect.TypeFor[models.Energy]():    "model",
	reflect.TypeFor[trainers.Method]():  "method",
	reflect.TypeFor[trainers.Noise]():   "method.noise",
	reflect.TypeFor[samplers.Sampler](): "sampler",
}

// Schema is the JSON Schema of configs. What keys mean it has from docs/configs.md.
func Schema() *strictyaml.Schema {
	s := strictyaml.SchemaOf(defaults(), kinds, describer)
	s.Title = "a config of joule"
	return s
}

var describer = strictyaml.Describer{Sections: sections, What: What, Refine: refine}

// Keys lists the keys of a config that an assignment can name, dotted paths, with their schemas, which refer to definitions of
// Schema; nil: those of any config, of all kinds that its sections can be of.
func Keys(c *Config) strictyaml.Properties {
	if c == nil {
		return strictyaml.KeysOf(defaults(), kinds, describer, true)
	}
	return strictyaml.KeysOf(c, kinds, describer, false)
}

// What says what a key of a section means, or a section of a kind where key is empty, as docs/configs.md does; empty: it says
// nothing. A section is named as there, such as data.augment; kind is empty where it has none.
func What(section, kind, key string) string {
	page := docs.Read("configs.md")
	heading := fmt.Sprintf("`%s` of kind `%s`", section, kind)
	switch {
	case section == "" && key == "extends":
		return "what to start from: a file, relative to this one, or a config that comes with joule, by its name"
	case section == "":
		heading = "Top level"
	case kind == "":
		heading = "`" + section + "`"
	}
	if key == "" {
		return page.Intros[heading]
	}
	return page.What(heading, "", key)
}

// refine says what Check says of a single key.
func refine(section, _, key string, s *strictyaml.Schema) {
	if section == "" && key == "backend" {
		s.AnyOf = []*strictyaml.Schema{{Enum: backends}, {Pattern: "^xla:/"}}
	}
}
