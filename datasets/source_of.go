package datasets

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"joule/internal/regularfile"
)

// placed is a source whose path can be set.
type placed interface{ place(path string) }

func (f *FileData) place(path string) { f.Path = path }
func (s *IDX) place(path string)      { s.Path = path }
func (s *NPZ) place(path string)      { s.Path = path }
func (s *Images) place(path string)   { s.Path = path }

// SourceOf returns the source that reads a file or a folder, with its defaults, and the name of its kind: by the ending of its
// name, by its first bytes, or by what is in the folder.
func SourceOf(path string) (Source, string, error) {
	kind, err := kindOf(path)
	if err != nil {
		return nil, "", err
	}
	s := Kinds[kind]()
	s.(placed).place(path)
	return s, kind, nil
}

func kindOf(path string) (string, error) {
	place, err := resolve(path, "")
	if err != nil {
		return "", err
	}
	ending := strings.ToLower(filepath.Ext(path))
	if _, known := Kinds[strings.TrimPrefix(ending, ".")]; known && ending != "" && ending != ".npy" {
		return ending[1:], nil
	}
	info, err := os.Stat(place)
	if err != nil {
		return "", missing(path, err)
	}
	if info.IsDir() {
		if mnistFile(place, mnistFiles[0]) != "" {
			return "idx", nil
		}
		return "images", nil
	}
	start, err := regularfile.ReadAtMost(place, 1<<16)
	if err != nil {
		return "", err
	}
	switch {
	case isPicture(path):
		return "", fmt.Errorf("%s: is one image, want a folder of them", path)
	case ending == ".npy" || bytes.HasPrefix(start, []byte(npyMagic)):
		header, _, err := splitNPY(start)
		if err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		if a, err := parseArrayHeader(header, false); err == nil && len(a.sizes) > 2 {
			return "npz", nil
		}
		return "npy", nil
	case bytes.HasPrefix(start, []byte("PK")):
		return "npz", nil
	case bytes.HasPrefix(start, []byte("\x1f\x8b")), bytes.HasPrefix(start, []byte{0, 0}):
		return "idx", nil
	}
	return "", fmt.Errorf("%s: its name ends in %q, and it begins as no file of data; want the path of a .csv, .npy, .npz or IDX file, or of a folder of images", path, ending)
}
