package configs

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"joule/internal/strictyaml"
)

//go:embed */*.yaml
var files embed.FS

const (
	builtin = "builtin:" // begins the path of an embedded file in messages
	ending  = ".yaml"
)

// Entry is an embedded config.
type Entry struct {
	Name        string // what Load takes, such as two-gaussians/dsm
	Description string // the first comment of the file
}

// List returns the embedded configs in alphabetical order.
func List() []Entry {
	var entries []Entry
	for _, name := range names() {
		text, _ := files.ReadFile(name + ending) // cannot fail: the name comes from the listing
		first, _, _ := strings.Cut(string(text), "\n")
		entries = append(entries, Entry{name, strings.TrimSpace(strings.TrimPrefix(first, "#"))})
	}
	return entries
}

// Source returns the text of an embedded config, or of one that others extend, as it was written, comments and all.
func Source(name string) ([]byte, error) {
	_, text, err := openEmbedded("", name)
	if err == nil {
		return text, nil
	}
	return nil, fmt.Errorf("there is no config %q; %s", name, strictyaml.Suggest(name, names(), "there are "+strings.Join(names(), ", ")))
}

// names lists the embedded configs that stand for themselves. The list is not to be changed.
var names = sync.OnceValue(func() (names []string) {
	paths, _ := fs.Glob(files, "*/[^_]*"+ending) // cannot fail: the pattern is well-formed
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(p, ending))
	}
	return names
})

// openEmbedded is a strictyaml.Open for the embedded files. A name needs no ending.
func openEmbedded(from, name string) (string, []byte, error) {
	file := strings.TrimSuffix(name, ending) + ending
	if from != "" {
		file = path.Join(path.Dir(strings.TrimPrefix(from, builtin)), file)
	}
	text, err := files.ReadFile(file)
	return builtin + file, text, err
}
