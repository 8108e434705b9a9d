package suites

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"joule/internal/strictyaml"
)

//go:embed *.yaml
var files embed.FS

const (
	builtin = "builtin:suites/" // begins the path of an embedded suite in messages
	ending  = ".yaml"
)

// Entry is an embedded suite.
type Entry struct{ Name, Description string }

// List returns the embedded suites in alphabetical order.
func List() []Entry {
	var entries []Entry
	for _, name := range names() {
		text, _ := files.ReadFile(name + ending) // cannot fail: the name comes from the listing
		first, _, _ := strings.Cut(string(text), "\n")
		entries = append(entries, Entry{name, strings.TrimSpace(strings.TrimPrefix(first, "#"))})
	}
	return entries
}

// Source returns the text of an embedded suite as it was written.
func Source(name string) ([]byte, error) {
	_, text, err := openEmbedded("", name)
	if err == nil {
		return text, nil
	}
	return nil, fmt.Errorf("there is no suite %q; %s", name, strictyaml.Suggest(name, names(), "there are "+strings.Join(names(), ", ")))
}

func names() (names []string) {
	paths, _ := fs.Glob(files, "*"+ending) // cannot fail: the pattern is well-formed
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(p, ending))
	}
	return names
}

// Load reads a suite, given the path of a file or the name of an embedded one (see List), and applies assignments such as
// seeds=2 over it. An error lists what is wrong, with file, line, column and key. Whether its configs are right, Cells tells.
func Load(nameOrPath string, sets []string) (*Suite, error) {
	document, err := strictyaml.Load(open, nameOrPath)
	if err != nil {
		return nil, err
	}
	for _, assignment := range sets {
		document.Set(assignment)
	}
	s := defaults()
	if !slices.Contains(names(), nameOrPath) {
		s.Dir = filepath.Dir(nameOrPath)
	}
	if err := document.Decode(s, strictyaml.NewRegistry()); err != nil {
		return nil, err
	}
	s.Text = document.Text()
	return s, nil
}

// open finds a suite: the one that the user named, or one that another extends. Those are looked for beside the file that
// extends them, and then among the embedded ones.
func open(from, name string) (string, []byte, error) {
	if from == "" && slices.Contains(names(), name) || strings.HasPrefix(from, builtin) {
		return openEmbedded(from, name)
	}
	file, text, err := strictyaml.OpenFile(from, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, text, err
	}
	if file, text, err := openEmbedded("", name); from != "" && err == nil {
		return file, text, nil
	}
	hint := strictyaml.Suggest(strings.TrimSuffix(name, ending), names(), "joule bench list shows those of the program")
	return file, nil, fmt.Errorf("%s: there is no such file, nor a suite of that name; %s", file, hint)
}

// openEmbedded is a strictyaml.Open for the embedded files. A name needs no ending.
func openEmbedded(_, name string) (string, []byte, error) {
	file := path.Clean(strings.TrimSuffix(name, ending) + ending)
	text, err := files.ReadFile(file)
	return builtin + file, text, err
}
