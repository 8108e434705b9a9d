package datasets

import (
	"fmt"
	"slices"
)

// NPZ reads images and labels from arrays of NumPy: of an .npz file, in which they have names, or of .npy files.
type NPZ struct {
	Path string `yaml:"path" check:"required"`
	// Array names the array of the images, and Labels that of their classes. Of .npy files Labels is the path of another, and
	// Array is left out. Where all are, an .npz file may have x_train, y_train, x_test and y_test, as those of Keras, or one
	// array alone.
	Array  string `yaml:"array"`
	Labels string `yaml:"labels"`
	// TestPath is a file of test images; where it is left out, TestArray and TestLabels are in that of Path.
	TestPath   string `yaml:"test_path"`
	TestArray  string `yaml:"test_array"`
	TestLabels string `yaml:"test_labels"`

	// Shape is height and width, or height, width and channels, of images that are rows of an array.
	Shape []int `yaml:"shape" check:"len <= 3, each > 0, each <= 100000"`
	// ChannelsFirst says that an array is [N, channels, height, width], as those of PyTorch.
	ChannelsFirst bool `yaml:"channels_first"`
	ImageData     `yaml:",inline"`
}

// NewNPZ returns the default settings.
func NewNPZ() *NPZ { return &NPZ{ImageData: defaultImageData()} }

// Check refuses settings that exclude each other.
func (s *NPZ) Check(report func(key, problem string)) {
	if len(s.Shape) == 1 {
		report("shape", fmt.Sprintf("%v has one number, want height and width, or height, width and channels", s.Shape))
	}
	if s.TestLabels != "" && s.TestPath == "" && s.TestArray == "" {
		report("test_labels", "there is no test_array that they belong to")
	}
	s.ImageData.Check(report)
}

// Locate makes relative paths absolute.
func (s *NPZ) Locate(dir string) error {
	paths := []*string{&s.Path, &s.TestPath}
	for _, labels := range []*string{&s.Labels, &s.TestLabels} {
		if endingOf(*labels) == npyEnding {
			paths = append(paths, labels)
		}
	}
	return locate(dir, paths...)
}

// Find reports paths at which there is nothing.
func (s *NPZ) Find(dir string, report func(key, problem string)) {
	find(dir, report, pathSetting{"path", s.Path}, pathSetting{"test_path", s.TestPath})
}

// Load reads the files.
func (s *NPZ) Load(env Env) (*Set, error) {
	file, err := openArrays(s.Path, env.Dir)
	if err != nil {
		return nil, err
	}
	named := *s
	named.likeKeras(file)
	all, err := named.read(file, named.Array, named.Labels, env.Dir)
	if err != nil {
		return nil, err
	}
	if named.TestPath == "" && named.TestArray == "" {
		return s.load(all, nil, env.Seed)
	}
	array, labels := named.TestArray, named.TestLabels
	if named.TestPath != "" {
		if file, err = openArrays(named.TestPath, env.Dir); err != nil {
			return nil, err
		}
		if array == "" {
			array = named.Array
		}
		if labels == "" && endingOf(named.Labels) != npyEnding {
			labels = named.Labels
		}
	}
	test, err := named.read(file, array, labels, env.Dir)
	if err != nil {
		return nil, err
	}
	return s.load(all, test, env.Seed)
}

// likeKeras names the arrays of a file as Keras does, where none is named and the file has them.
func (s *NPZ) likeKeras(file *arrays) {
	if s.Array+s.Labels+s.TestPath+s.TestArray+s.TestLabels != "" || !slices.Contains(file.names, "x_train") {
		return
	}
	for name, setting := range map[string]*string{"x_train": &s.Array, "y_train": &s.Labels, "x_test": &s.TestArray, "y_test": &s.TestLabels} {
		if slices.Contains(file.names, name) {
			*setting = name
		}
	}
}

// read reads images, and their labels if they are named.
func (s *NPZ) read(file *arrays, array, labels, dir string) (*pixels, error) {
	a, err := file.read(array)
	if err != nil {
		return nil, err
	}
	p := &pixels{name: a.name, data: a.data, size: a.size, value: a.value, white: a.white()}
	if err := s.shape(p, a); err != nil || labels == "" {
		return p, err
	}
	if endingOf(labels) == npyEnding {
		if file, err = openArrays(labels, dir); err != nil {
			return nil, err
		}
		labels = ""
	}
	l, err := file.read(labels)
	if err != nil {
		return nil, err
	}
	if len(l.sizes) > 2 || len(l.sizes) == 2 && l.sizes[1] != 1 {
		return nil, fmt.Errorf("%s: an array of shape %s, want labels: of one axis", l.name, l.shape)
	}
	classes, err := numberedLabels(l.name, l.sizes[0], func(i int) float64 { return l.value(l.data[i*l.size:]) })
	if err != nil {
		return nil, err
	}
	return p, p.label(l.name, classes)
}

// shape gives pixels the shape of their array, or that of the settings.
func (s *NPZ) shape(p *pixels, a *array) error {
	sizes := a.sizes
	if len(s.Shape) > 0 {
		if want := product(s.Shape); product(sizes[1:]) != want {
			return fmt.Errorf("%s: shape: images of %s have %d numbers, and those of the array, which has the shape %s, %d",
				p.name, shapeText(s.Shape), want, a.shape, product(sizes[1:]))
		}
		sizes = append([]int{sizes[0]}, s.Shape...)
	} else if len(sizes) < 3 {
		return fmt.Errorf("%s: an array of shape %s, want images: [number, height, width] or [number, height, width, channels]; "+
			"shape says how rows of numbers are images", p.name, a.shape)
	}
	if s.ChannelsFirst && len(sizes) == 4 {
		if len(s.Shape) == 0 {
			sizes = []int{sizes[0], sizes[2], sizes[3], sizes[1]}
		}
		p.data = channelsLast(p.data, p.size, sizes)
	}
	return p.shaped(sizes)
}

func product(sizes []int) int {
	n := 1
	for _, size := range sizes {
		n *= size
	}
	return n
}

// channelsLast reorders images [N, channels, height, width] to the sizes [N, height, width, channels].
func channelsLast(data []byte, size int, sizes []int) []byte {
	out := make([]byte, 0, len(data))
	area, channels := sizes[1]*sizes[2], sizes[3]
	for i := range sizes[0] {
		for at := range area {
			for c := range channels {
				from := ((i*channels+c)*area + at) * size
				out = append(out, data[from:from+size]...)
			}
		}
	}
	return out
}
