package datasets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Images reads the PNG and JPEG files of a folder, in the order of their names. Where there are none in it, those of each
// folder in it are a class of that name. Transparent parts become black.
type Images struct {
	Path     string `yaml:"path" check:"required"` // of the folder
	TestPath string `yaml:"test_path"`             // of a folder of test images; may be left out

	// Channels is 1 for gray and 3 for color; 0: gray if all files are.
	Channels int `yaml:"channels" check:">= 0, <= 3"`
	// Resize is the height and the width that images are brought to; they may be of any size then. Empty: they stay as they
	// are, and have to be of one size.
	Resize    []int `yaml:"resize" check:"len <= 2, each > 0, each <= 4096"`
	ImageData `yaml:",inline"`
}

// NewImages returns the default settings.
func NewImages() *Images { return &Images{ImageData: defaultImageData()} }

// Check refuses settings that exclude each other.
func (s *Images) Check(report func(key, problem string)) {
	if s.Channels == 2 {
		report("channels", "2 is not 1 for gray, 3 for color, or 0 for what the files are")
	}
	if len(s.Resize) == 1 {
		report("resize", fmt.Sprintf("%v has one number, want height and width", s.Resize))
	}
	s.ImageData.Check(report)
}

// Locate makes relative paths absolute.
func (s *Images) Locate(dir string) error { return locate(dir, &s.Path, &s.TestPath) }

// Find reports paths at which there is no folder.
func (s *Images) Find(dir string, report func(key, problem string)) {
	for _, f := range []struct{ key, path string }{{"path", s.Path}, {"test_path", s.TestPath}} {
		if f.path == "" {
			continue
		}
		err := exists(f.path, dir)
		if err == nil {
			place, _ := resolve(f.path, dir)
			if info, problem := os.Stat(place); problem == nil && !info.IsDir() {
				err = fmt.Errorf("%s: is a file, want a folder of images", place)
			}
		}
		if err != nil {
			report(f.key, err.Error())
		}
	}
}

// Load reads the files.
func (s *Images) Load(env Env) (*Set, error) {
	files, err := findPictures(s.Path, env.Dir)
	if err != nil {
		return nil, err
	}
	folders := []*pictures{files}
	if s.TestPath != "" {
		if files, err = findPictures(s.TestPath, env.Dir); err != nil {
			return nil, err
		}
		folders = append(folders, files)
	}
	image, err := s.measure(folders)
	if err != nil {
		return nil, err
	}
	all := make([]*pixels, 2)
	for i, folder := range folders {
		if all[i], err = folder.read(image, len(s.Resize) > 0); err != nil {
			return nil, err
		}
	}
	return s.load(all[0], all[1], env.Seed)
}

// pictures are the files of a folder.
type pictures struct {
	folder string
	paths  []string
	labels []string // the class of each; nil: there are none
}

// findPictures lists the files of a folder, or of those in it.
func findPictures(path, dir string) (*pictures, error) {
	folder, err := resolve(path, dir)
	if err != nil {
		return nil, err
	}
	entries, err := readFolder(folder)
	if err != nil {
		return nil, missing(path, err)
	}
	p := &pictures{folder: folder}
	var folders []string
	for _, entry := range entries {
		switch name := entry.Name(); {
		case strings.HasPrefix(name, "."):
		case isFolder(folder, entry):
			folders = append(folders, name)
		case isPicture(name):
			p.paths = append(p.paths, filepath.Join(folder, name))
		}
	}
	if len(p.paths) > 0 {
		return p, nil
	}
	for _, class := range folders {
		entries, err := readFolder(filepath.Join(folder, class))
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			if name := entry.Name(); isPicture(name) && !strings.HasPrefix(name, ".") {
				p.paths, p.labels = append(p.paths, filepath.Join(folder, class, name)), append(p.labels, class)
			}
		}
	}
	if len(p.paths) == 0 {
		return nil, fmt.Errorf("%s: there is no .png, .jpg or .jpeg file in the folder, nor in a folder in it", folder)
	}
	return p, nil
}

func readFolder(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("%s: %w", path, e.Err)
	}
	return entries, err
}

// isFolder says whether an entry is a folder, or a link to one.
func isFolder(folder string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir()
	}
	info, err := os.Stat(filepath.Join(folder, entry.Name()))
	return err == nil && info.IsDir()
}

// isPicture says whether a file is one, by its ending.
func isPicture(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg":
		return true
	}
	return false
}
