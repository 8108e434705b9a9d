package suites

import (
	"embed"

	"joule/internal/strictyaml"
)

//go:embed *.yaml
var files embed.FS

var embedded = &strictyaml.Embedded{Files: files, Listed: "*.yaml", Prefix: "builtin:suites/", Noun: "suite", List: "joule bench list"}

// Entry is an embedded suite: the name that Load takes, and the first comment of the file.
type Entry = strictyaml.Described

// List returns the embedded suites in alphabetical order.
func List() []Entry { return embedded.Describe() }

// Source returns the text of an embedded suite as it was written.
func Source(name string) ([]byte, error) { return embedded.Source(name) }
