package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"joule/datasets"
	"joule/internal/strictyaml"
)

// Load reads a config, given the path of a file or the name of an embedded one (see List), and applies assignments such
// as method.sigma=0.1 over it. An error lists everything that is wrong, with file, line, column and key.
func Load(nameOrPath string, sets []string) (*Config, error) {
	base, err := Open(nameOrPath)
	if err != nil {
		return nil, err
	}
	return base.Config(nil, sets)
}

// Base is a config as it was read, from which others are made.
type Base struct {
	document *strictyaml.Document
	dir      string
}

// Open reads a config as Load does, and leaves it to Config to check it.
func Open(nameOrPath string) (*Base, error) {
	document, err := strictyaml.Load(embedded.Open, nameOrPath)
	if err != nil {
		return nil, err
	}
	return &Base{document, dirOf(nameOrPath)}, nil
}

// dirOf is the folder that a config is in; empty for an embedded one.
func dirOf(nameOrPath string) string {
	if embedded.Has(nameOrPath) {
		return ""
	}
	return filepath.Dir(nameOrPath)
}

// Config is the config with parts of another document put in the place of its keys, dotted paths, and with assignments over
// these. Errors are as those of Load, what is wrong with a part at the place of the part.
func (b *Base) Config(parts []strictyaml.Entry, sets []string) (*Config, error) {
	document := b.document.Clone()
	for _, p := range parts {
		document.Put(p.Key, p.Value)
	}
	return decode(document, b.dir, sets, func(section any, report func(key, problem string)) {
		if err := dataReadable(section, b.dir); err != nil {
			report("path", err.Error())
		}
		if files, ok := section.(finder); ok {
			files.Find(b.dir, report)
		}
	})
}

// Resolve reads a config as Load does, and does not ask whether its data are there.
func Resolve(nameOrPath string, sets []string) (*Config, error) {
	base, err := Open(nameOrPath)
	if err != nil {
		return nil, err
	}
	return decode(base.document.Clone(), base.dir, sets)
}

// LoadRun reads the config of a run, a file that Encode wrote, which stands alone and in the run's own directory. Relative
// paths in its data refer to dir; the data itself may be gone.
func LoadRun(path, dir string, sets []string) (*Config, error) {
	document, err := strictyaml.Load(strictyaml.OpenAlone, path)
	if err != nil {
		return nil, err
	}
	return decode(document, dir, sets)
}

// Parse reads a config from text that Encode wrote. Relative paths in its data refer to dir; name stands for it in errors.
func Parse(text []byte, name, dir string) (*Config, error) {
	document, err := strictyaml.Load(func(from, _ string) (string, []byte, error) {
		if from != "" {
			return name, nil, fmt.Errorf("%s stands alone, and cannot start from another file", name)
		}
		return name, text, nil
	}, name)
	if err != nil {
		return nil, err
	}
	return decode(document, dir, nil)
}

func decode(document *strictyaml.Document, dir string, sets []string, checks ...strictyaml.Check) (*Config, error) {
	for _, assignment := range sets {
		document.Set(assignment)
	}
	c := defaults()
	c.Dir = dir
	if err := document.Decode(c, kinds(), checks...); err != nil {
		return nil, err
	}
	return c, nil
}

// finder is a data section that can tell whether its files are there.
type finder interface {
	Find(dir string, report func(key, problem string))
}

// dataReadable says why a file that a data section reads cannot be read, if it reads any.
func dataReadable(section any, dir string) error {
	switch data := section.(type) {
	case *datasets.CSV:
		return allReadable(data.Path, dir, data.Stream)
	case *datasets.NPY:
		return allReadable(data.Path, dir, data.Stream)
	case *datasets.Parquet:
		return readable(data.Path, dir)
	}
	return nil
}

// allReadable is readable for the path of a set, which stands for several files where it streams.
func allReadable(path, dir string, stream *datasets.Streaming) error {
	if stream == nil {
		return readable(path, dir)
	}
	files, err := datasets.Files(path, dir)
	for _, file := range files {
		if err == nil {
			err = readable(file, "")
		}
	}
	return err
}

// readable says why the file of a data section cannot be read.
func readable(path, dir string) error {
	if strings.HasPrefix(path, builtin) {
		rows, err := datasets.OpenCSV(path, "", datasets.CSVFormat{})
		if err == nil {
			err = rows.Close()
		}
		return err
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	info, err := os.Stat(path)
	var problem *fs.PathError
	switch {
	case errors.As(err, &problem):
		return fmt.Errorf("%s: %w", path, problem.Err)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s: is a folder, not a file", path)
	}
	return nil
}
