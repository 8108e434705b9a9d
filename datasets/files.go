package datasets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"joule/internal/regularfile"
)

//go:embed files/*.csv
var embedded embed.FS

// builtin marks a path that names an embedded file.
const builtin = "builtin:"

// readFile returns the content of a file and the name that errors call it by. A relative path refers to dir.
func readFile(path, dir string) (content []byte, name string, err error) {
	if file, ok := strings.CutPrefix(path, builtin); ok {
		content, err = embedded.ReadFile("files/" + file)
		if err != nil {
			return nil, path, fmt.Errorf("%s: no such file in the program%s", path, alternatives(path, builtinNames()))
		}
		return content, path, nil
	}
	if path == "" {
		return nil, "", errors.New("path: it is empty, want the path of a file")
	}
	if path, err = resolve(path, dir); err != nil {
		return nil, path, err
	}
	content, err = regularfile.Read(path)
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, path, fmt.Errorf("%s: %w", path, pathError.Err)
	}
	return content, path, err
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

// load prepares the points of a file and fits the density to them; name is what errors call the file.
func (f FileData) load(name string, points Points, columns []string, preparation Preparation, seed int64) (*Set, error) {
	if points.N < 2 {
		return nil, fmt.Errorf("%s: %d row of numbers, want at least 2", name, points.N)
	}
	set, err := preparation.prepare(points, columns, nil, seed)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f.Density != nil {
		fitted, err := FitMixture(set.Train, f.Density.Components, seed)
		if err != nil {
			return nil, fmt.Errorf("%s: density: %w", name, err)
		}
		set.Density = fitted
	}
	return set, nil
}

// ReadPoints reads the points of a file, .npy or .csv by its ending, and the names of its columns. Of a CSV file it
// takes the given columns in that order, or all numeric ones when none is given; see [CSV] for how they are named.
func ReadPoints(path string, columns ...string) (Points, []string, error) {
	ending := strings.ToLower(filepath.Ext(path))
	if ending != ".npy" && ending != ".csv" {
		return Points{}, nil, fmt.Errorf("%s: the name ends in %q, want .csv or .npy", path, ending)
	}
	content, name, err := readFile(path, "")
	if err != nil {
		return Points{}, nil, err
	}
	if ending == ".csv" {
		return parseCSV(name, content, columns, nil)
	}
	points, err := parseNPY(name, content)
	if err != nil {
		return Points{}, nil, err
	}
	return points, unnamed(points.Dim), nil
}
