package strictyaml

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Embedded are files of one kind that come with the program. Their names are their paths without the ending.
type Embedded struct {
	Files  embed.FS
	Listed string // the pattern of those that stand for themselves, such as *.yaml; others are there to be extended
	Prefix string // begins their paths in messages, such as builtin:
	Noun   string // what one is, such as config
	List   string // the command that shows them
}

// Described is the name of an embedded file, and the first comment in it.
type Described struct{ Name, Description string }

const ending = ".yaml"

// Names lists the files that stand for themselves, in alphabetical order.
func (e *Embedded) Names() (names []string) {
	paths, _ := fs.Glob(e.Files, e.Listed) // cannot fail: the pattern is well-formed
	for _, p := range paths {
		names = append(names, strings.TrimSuffix(p, ending))
	}
	return names
}

// Has says whether a file that stands for itself has this name.
func (e *Embedded) Has(name string) bool { return slices.Contains(e.Names(), name) }

// Describe lists the files that stand for themselves with their first comments.
func (e *Embedded) Describe() (all []Described) {
	for _, name := range e.Names() {
		text, _ := e.Files.ReadFile(name + ending) // cannot fail: the name comes from the listing
		first, _, _ := strings.Cut(string(text), "\n")
		all = append(all, Described{name, strings.TrimSpace(strings.TrimPrefix(first, "#"))})
	}
	return all
}

// Source is the text of a file as it was written, comments and all.
func (e *Embedded) Source(name string) ([]byte, error) {
	_, text, err := e.open("", name)
	if err == nil {
		return text, nil
	}
	names := e.Names()
	return nil, fmt.Errorf("there is no %s %q; %s", e.Noun, name, Suggest(name, names, "there are "+strings.Join(names, ", ")))
}

// Open is an [Open] for the file that the user named, or one that another extends. Those are looked for beside the file that extends
// them, and then among the embedded ones.
func (e *Embedded) Open(from, name string) (string, []byte, error) {
	if from == "" && e.Has(name) || strings.HasPrefix(from, e.Prefix) {
		return e.open(from, name)
	}
	file, text, err := OpenFile(from, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, text, err
	}
	if file, text, err := e.open("", name); from != "" && err == nil {
		return file, text, nil
	}
	hint := Suggest(strings.TrimSuffix(name, ending), e.Names(), e.List+" shows those of the program")
	return file, nil, fmt.Errorf("%s: there is no such file, nor a %s of that name; %s", file, e.Noun, hint)
}

// open is an [Open] for the embedded files alone. A name needs no ending.
func (e *Embedded) open(from, name string) (string, []byte, error) {
	file := strings.TrimSuffix(name, ending) + ending
	if from != "" {
		file = path.Join(path.Dir(strings.TrimPrefix(from, e.Prefix)), file)
	}
	text, err := e.Files.ReadFile(file)
	return e.Prefix + file, text, err
}
