// Package strictyaml reads settings from YAML files and refuses whatever it is not told to expect.
//
// A [Document] is a file merged with the files that it extends and with assignments from the command line. Decoding it
// into a struct reports every unknown key, wrong type and bad value of the whole document at once, each with file,
// line, column, key and what would be right. [Encode] is the inverse.
//
// # Files
//
// The subset of YAML is maps, lists and scalars. Anchors, aliases, tags, merge keys and several documents in a file are
// refused; so are files above 256 KiB, 64 levels or 1,000 keys. A root key "extends" names a file to start from: maps are merged, and
// scalars and lists replaced. Where the kind of a section changes, its other keys are dropped.
//
// # Structs
//
// Fields with a yaml tag are keys; a tag ",inline" on an embedded struct puts its keys in the parent's map. What a file
// leaves out keeps the value that the struct had before. Fields of an interface type are sections of one of several
// kinds, told apart by the key "kind": see [Register]. A tag check holds rules, separated by commas:
//
//	required      the key must be given, and a string must not be empty
//	> 0, <= 1     bounds of a number (also >= and <)
//	len >= 1      bounds of the length of a list or string
//	in a|b|c      the strings allowed
//	each RULE     a rule for every element of a list
//	word all -1   a word that stands for a whole number, which is not to be given as a number
//
// A struct with a method Check(report func(key, problem string)) can refuse combinations of its keys. It is called on
// every section whose own keys are right by themselves, whatever is wrong in the sections below it.
package strictyaml

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"joule/internal/regularfile"
)

const (
	maxBytes   = 1 << 18
	maxDepth   = 64
	maxKeys    = 1000
	maxKey     = 100  // bytes of a key
	maxName    = 4096 // bytes of the name of a file to extend
	maxExtends = 16

	assignmentPrefix = "--set "
)

// Open finds a file by the name that the file from refers to it by, and returns its path and text. from is the path of
// the extending file, or empty for the first.
type Open func(from, name string) (path string, text []byte, err error)

// OpenFile is an [Open] for the file system: name is relative to the folder of from.
func OpenFile(from, name string) (string, []byte, error) {
	path := name
	if from != "" && !filepath.IsAbs(name) {
		path = filepath.Join(filepath.Dir(from), name)
	}
	text, err := regularfile.ReadAtMost(path, maxBytes+1) // one byte too many is how the parser sees that it is too long
	return path, text, err
}

// OpenAlone is an [Open] for a file that stands alone: it may extend no other, nor be a symbolic link out of its folder.
func OpenAlone(from, name string) (string, []byte, error) {
	if from != "" {
		return name, nil, fmt.Errorf("%s stands alone, and cannot start from another file", filepath.Base(from))
	}
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return name, nil, err
	}
	defer root.Close()
	text, err := regularfile.ReadIn(root, filepath.Base(name), name, maxBytes+1)
	return name, text, err
}

// Document is a merged tree of YAML.
type Document struct {
	root  *node
	files []string // in the order in which their errors are listed
	errs  Errors   // found so far that do not stop the rest from being checked
}

// Load reads a file and those that it extends. The error is that of open, or of type [Errors] where the file is not
// well-formed.
func Load(open Open, name string) (*Document, error) {
	d := &Document{}
	path, text, err := open("", name)
	if err != nil {
		return nil, err
	}
	if d.root = d.read(open, path, text, nil); d.root == nil {
		return nil, d.sorted()
	}
	return d, nil
}

// read parses a file and merges it over those that it extends. It returns nil where there is nothing to go on with.
func (d *Document) read(open Open, path string, text []byte, chain []string) *node {
	d.files = append(d.files, path)
	root, errs := parse(path, text)
	d.errs = append(d.errs, errs...)
	if root == nil {
		return nil
	}
	if root.kind != mapNode {
		found := root.describe()
		if root.kind == scalarNode && !root.isNull() {
			found = "text" // which is not shown: extends can name a file that is no config and nobody's business
		}
		d.errs = append(d.errs, root.at.error("", "found %s; a map of keys and values is needed", found))
		return nil
	}
	root.at = place{path, 1, 1}
	base, ok := root.remove("extends")
	if !ok {
		return root
	}
	refuse := func(format string, args ...any) *node {
		d.errs = append(d.errs, base.at.error("extends", format, args...))
		return nil
	}
	if base.kind != scalarNode || base.text == "" {
		return refuse("found %s; the name of a file is needed", base.describe())
	}
	if len(base.text) > maxName {
		return refuse("the name of a file is longer than %d bytes", maxName)
	}
	basePath, baseText, err := open(path, base.text)
	chain = append(chain, path)
	switch {
	case err != nil:
		return refuse("%v", err)
	case slices.Contains(chain, basePath):
		return refuse("goes round in a circle: %s", strings.Join(append(chain, basePath), " extends "))
	case len(chain) == maxExtends:
		return refuse("is one of more than %d files that extend each other", maxExtends)
	}
	below := d.read(open, basePath, baseText, chain)
	if below == nil {
		return nil
	}
	merged := merge(below, root)
	merged.at = root.at
	return merged
}

// Set applies an assignment KEY=VALUE, where KEY is a dotted path and VALUE is YAML, over what is there. Its errors are
// reported by Decode.
func (d *Document) Set(assignment string) {
	file := assignmentPrefix + assignment
	d.files = append(d.files, file)
	refuse := func(problem string) { d.errs = append(d.errs, Error{File: file, Problem: problem}) }
	key, text, ok := strings.Cut(assignment, "=")
	if !ok {
		refuse("has no value; write KEY=VALUE")
		return
	}
	keys := strings.Split(key, ".")
	tooLong := func(key string) bool { return len(key) > maxKey }
	if slices.Contains(keys, "") || len(keys) > maxDepth || slices.ContainsFunc(keys, tooLong) {
		refuse(fmt.Sprintf("%q is not a key; write it as in method.sigma", abbreviate(key)))
		return
	}
	value, errs := parse(file, []byte(text))
	for _, e := range errs {
		d.errs = append(d.errs, Error{File: file, Key: e.Key, Problem: e.Problem})
	}
	if value == nil {
		return
	}
	value.move(place{file: file})
	d.put(keys, value)
}

// sorted returns the errors found so far, as an error, or nil.
func (d *Document) sorted() error {
	if len(d.errs) == 0 {
		return nil
	}
	errs := slices.Clone(d.errs)
	errs.sortBy(d.files)
	return errs
}
