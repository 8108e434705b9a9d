package datasets

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"joule/internal/regularfile"
)

//go:embed files/*.csv
var embedded embed.FS

// builtin marks a path that names an embedded file.
const builtin = "builtin:"

// openFile opens a file and tells its size and the name that errors call it by. A relative path refers to dir.
func openFile(path, dir string) (file file, size int64, name string, err error) {
	if inside, ok := strings.CutPrefix(path, builtin); ok {
		content, err := embedded.ReadFile("files/" + inside)
		if err != nil {
			return nil, 0, path, fmt.Errorf("%s: no such file in the program%s", path, alternatives(path, builtinNames()))
		}
		return inMemory{bytes.NewReader(content)}, int64(len(content)), path, nil
	}
	if path == "" {
		return nil, 0, "", errors.New("path: it is empty, want the path of a file")
	}
	if path, err = resolve(path, dir); err != nil {
		return nil, 0, path, err
	}
	opened, size, err := regularfile.Open(path)
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = fmt.Errorf("%s: %w", path, pathError.Err)
	}
	return opened, size, path, err
}

// file is an open file of data.
type file interface {
	io.ReadCloser
	io.ReaderAt
}

// inMemory is a file in the program.
type inMemory struct{ *bytes.Reader }

// Close implements [io.Closer].
func (inMemory) Close() error { return nil }

// readFile returns the content of a file and the name that errors call it by. A relative path refers to dir.
func readFile(path, dir string) (content []byte, name string, err error) {
	file, size, name, err := openFile(path, dir)
	if err != nil {
		return nil, name, err
	}
	defer file.Close()
	content = make([]byte, size)
	n, err := io.ReadFull(file, content)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { // else it has shrunk
		return nil, name, fmt.Errorf("%s: %w", name, err)
	}
	return content[:n], name, nil
}

func builtinNames() (names []string) {
	files, _ := embedded.ReadDir("files") // cannot fail: the folder is part of the program
	for _, file := range files {
		names = append(names, builtin+file.Name())
	}
	return names
}

// FileData holds the settings that all kinds of file share.
type FileData struct {
	Path    string      `yaml:"path" check:"required"` // relative to the config; builtin:NAME is a file in the program
	Density *DensityFit `yaml:"density"`               // fitted where a method needs a known density; nil is no fit
}

// Locate makes a relative path absolute, so that the settings mean the same wherever they are read again.
func (f *FileData) Locate(dir string) error {
	return locate(dir, &f.Path)
}

// HasDensity says whether one is to be fitted.
func (f *FileData) HasDensity() bool { return f.Density != nil }

// DensityFit holds the settings of the density that is fitted to the training part, once it is standardised.
type DensityFit struct {
	Kind       string `yaml:"kind" check:"in gaussian_mixture"` // full covariances, see FitMixture
	Components int    `yaml:"components" check:"> 0, <= 1000"`
}

// fit fits the density to the training part of a set, where that is asked for.
func (f FileData) fit(set *Set, seed int64) error {
	if f.Density == nil {
		return nil
	}
	fitted, err := FitMixture(set.Train, f.Density.Components, seed)
	if err != nil {
		return fmt.Errorf("density: %w", err)
	}
	set.Density = fitted
	return nil
}
