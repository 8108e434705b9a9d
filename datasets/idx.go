package datasets

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// IDX reads images and labels from files of the IDX format, in which MNIST and its like come, compressed by gzip or not.
type IDX struct {
	// Path is the file of the images, or a folder that holds the four files of MNIST under their names.
	Path       string `yaml:"path" check:"required"`
	Labels     string `yaml:"labels"`      // their classes; may be left out
	TestPath   string `yaml:"test_path"`   // of test images; may be left out
	TestLabels string `yaml:"test_labels"` // their classes
	ImageData  `yaml:",inline"`
}

// NewIDX returns the default settings.
func NewIDX() *IDX { return &IDX{ImageData: defaultImageData()} }

// Check refuses settings that exclude each other.
func (s *IDX) Check(report func(key, problem string)) {
	if s.TestLabels != "" && s.TestPath == "" {
		report("test_labels", "there is no test_path that they belong to")
	}
	s.ImageData.Check(report)
}

// Locate makes relative paths absolute.
func (s *IDX) Locate(dir string) error {
	return locate(dir, &s.Path, &s.Labels, &s.TestPath, &s.TestLabels)
}

// Find reports paths at which there is nothing.
func (s *IDX) Find(dir string, report func(key, problem string)) {
	find(dir, report, pathSetting{"path", s.Path}, pathSetting{"labels", s.Labels}, pathSetting{"test_path", s.TestPath}, pathSetting{"test_labels", s.TestLabels})
}

// Load reads the files.
func (s *IDX) Load(env Env) (*Set, error) {
	files, err := s.files(env.Dir)
	if err != nil {
		return nil, err
	}
	all, err := readIDXImages(files.Path, files.Labels)
	if err != nil {
		return nil, err
	}
	var test *pixels
	if files.TestPath != "" {
		if test, err = readIDXImages(files.TestPath, files.TestLabels); err != nil {
			return nil, err
		}
	}
	return s.load(all, test, env.Seed)
}

// mnistFiles are the names of the files of MNIST: images and labels for training, and for testing.
var mnistFiles = [4]string{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}

// files are the settings with the paths of the files in place of that of a folder.
func (s *IDX) files(dir string) (IDX, error) {
	f := *s
	for _, path := range []*string{&f.Path, &f.Labels, &f.TestPath, &f.TestLabels} {
		if *path == "" {
			continue
		}
		place, err := resolve(*path, dir)
		if err != nil {
			return f, err
		}
		if _, err := os.Stat(place); err != nil {
			return f, missing(*path, err)
		}
		*path = place
	}
	if info, err := os.Stat(f.Path); err != nil || !info.IsDir() {
		return f, err
	}
	if s.Labels != "" || s.TestPath != "" {
		return f, fmt.Errorf("%s: is a folder, whose files go by their names: leave out labels, test_path and test_labels, or name a file", f.Path)
	}
	folder := f.Path
	for i, path := range []*string{&f.Path, &f.Labels, &f.TestPath, &f.TestLabels} {
		if *path = mnistFile(folder, mnistFiles[i]); *path == "" {
			return f, fmt.Errorf("%s: there is no %s or %[2]s.gz in the folder; want the four files of MNIST, or the path of a file", folder, mnistFiles[i])
		}
	}
	return f, nil
}

// mnistFile is a file of a folder, compressed or not, or nothing.
func mnistFile(folder, name string) string {
	for _, ending := range []string{"", ".gz"} {
		path := filepath.Join(folder, name+ending)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

// readIDXImages reads a file of images, and that of their labels if there is one.
func readIDXImages(path, labels string) (*pixels, error) {
	content, name, err := readFile(path, "")
	if err != nil {
		return nil, err
	}
	a, err := parseIDX(name, content)
	if err != nil {
		return nil, err
	}
	if len(a.shape) == 1 {
		return nil, fmt.Errorf("%s: an array of one axis, as labels are, want images: of three axes, or four", name)
	}
	p := &pixels{name: name, data: a.data, size: a.kind.size, value: a.kind.value, white: a.kind.white}
	if err := p.shaped(a.shape); err != nil || labels == "" {
		return p, err
	}
	if content, name, err = readFile(labels, ""); err != nil {
		return nil, err
	}
	classes, err := parseIDXLabels(name, content)
	if err != nil {
		return nil, err
	}
	return p, p.label(name, classes)
}

// parseIDXLabels returns the labels of an IDX file, whole numbers; name is what errors call the file.
func parseIDXLabels(name string, content []byte) ([]string, error) {
	a, err := parseIDX(name, content)
	if err != nil {
		return nil, err
	}
	if len(a.shape) != 1 {
		return nil, fmt.Errorf("%s: an array of shape %s, as images are, want labels: of one axis", name, shapeText(a.shape))
	}
	return numberedLabels(name, a.shape[0], func(i int) float64 { return a.kind.value(a.data[i*a.kind.size:]) })
}

// numberedLabels are whole numbers as text, the same text for the same number.
func numberedLabels(name string, n int, number func(i int) float64) ([]string, error) {
	labels, texts := make([]string, n), map[float64]string{}
	for i := range labels {
		x := number(i)
		text, seen := texts[x]
		if !seen {
			if x != float64(int64(x)) {
				return nil, fmt.Errorf("%s: label %d is %v, want a whole number", name, i+1, x)
			}
			text = strconv.FormatInt(int64(x), 10)
			texts[x] = text
		}
		labels[i] = text
	}
	return labels, nil
}
