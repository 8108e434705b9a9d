package configs

import (
	"embed"

	"joule/internal/strictyaml"
)

//go:embed */*.yaml
var files embed.FS

// builtin begins the path of what is embedded, in messages and in configs.
const builtin = "builtin:"

var embedded = &strictyaml.Embedded{Files: files, Listed: "*/[^_]*.yaml", Prefix: builtin, Noun: "config", List: "joule configs list"}

// Entry is an embedded config: the name that Load takes, such as two-gaussians/dsm, and the first comment of the file.
type Entry = strictyaml.Described

// List returns the embedded configs in alphabetical order.
func List() []Entry { return embedded.Describe() }

// IsEmbedded says whether a config of this name comes with the program.
func IsEmbedded(name string) bool { return embedded.Has(name) }

// Source returns the text of an embedded config, or of one that others extend, as it was written, comments and all.
func Source(name string) ([]byte, error) { return embedded.Source(name) }
