// Package starter writes a config to start from, for data of one's own.
package starter

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute/dtypes"

	"joule/configs"
	"joule/datasets"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/trainers"
)

// Starter is a config to start from: data with a method, on top of the embedded config that is nearest.
type Starter struct {
	given       string // the data as they were named
	Kind        string
	Set         *datasets.Set
	Path        string // of the file to write
	Name        string
	Standardize bool
	Length      string // one of lengths
}

// Lengths are how long a run can be, by name: what the steps of the embedded config are multiplied by.
var Lengths = map[string]float64{"short": 0.1, "usual": 1, "long": 4}

// Densities lists the kinds of data that are drawn, and need nothing to be given. The list is not to be changed.
var Densities = sync.OnceValue(func() (kinds []string) {
	known := configs.Schema().Defs
	for kind, construct := range datasets.Kinds {
		if known.Get("data."+kind).Properties.Get("path") == nil && datasets.KnowsDensity(construct()) && kind != "gaussian_mixture" {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
})

// Look loads the data that a word names: a kind of density, or a file or folder.
func (s *Starter) Look(given string) error {
	var source datasets.Source
	var err error
	if _, statErr := os.Stat(given); statErr != nil && slices.Contains(Densities(), given) {
		s.Kind, source = given, datasets.Kinds[given]()
	} else if source, s.Kind, err = datasets.SourceOf(given); err != nil {
		if near, ok := strictyaml.Nearest(given, Densities()); ok {
			err = fmt.Errorf("%w; did you mean %q?", err, near)
		}
		return err
	}
	s.given = given
	s.Set, err = source.Load(datasets.Env{})
	return err
}

// isFile says whether the data are a file or a folder.
func (s *Starter) isFile() bool { return !slices.Contains(Densities(), s.Kind) || s.given != s.Kind }

// fewPoints is up to how many training points the settings for Old Faithful are nearer than those for densities.
const fewPoints = 2000

// base is the embedded config that a method is started from; empty: there is none for these data.
func (s *Starter) base(method string) string {
	folders := []string{"planar", "anomaly", "classes"}
	switch {
	case s.Set.Image != nil:
		folders = []string{"mnist"}
	case s.Set.Train.Dim > 2:
		folders = []string{"anomaly", "planar", "classes"}
	case s.Set.TrainSize() < fewPoints:
		folders = []string{"old-faithful", "planar", "classes"}
	}
	for _, folder := range folders {
		if name := folder + "/" + method; configs.IsEmbedded(name) {
			return name
		}
	}
	return ""
}

// Methods are those that can learn the data, in alphabetical order.
func (s *Starter) Methods() (list []string) {
	for _, method := range slices.Sorted(maps.Keys(trainers.Kinds)) {
		text, err := s.Text(method)
		if err != nil {
			continue
		}
		c, err := configs.Text(text, s.Path)
		if err != nil {
			continue
		}
		if _, err := c.Method.Cost(c.Model, s.Set.Train.Dim); err == nil {
			list = append(list, method)
		}
	}
	return list
}

// Recommended is the method that did best on such data in docs/benchmark.md: in the plane nce, and beyond msdsm.
func (s *Starter) Recommended() string {
	if s.Set.Image == nil && s.Set.Train.Dim <= 2 {
		return "nce"
	}
	return "msdsm"
}

// Text is the config for a method.
func (s *Starter) Text(method string) ([]byte, error) {
	name := s.base(method)
	if name == "" {
		return nil, fmt.Errorf("no config that comes with joule has the method %s for such data", method)
	}
	if method == "jem" && s.Set.Labels == nil {
		return nil, fmt.Errorf("method jem needs data with classes")
	}
	base, err := configs.Resolve(name, nil)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "extends: %s # joule configs show %s --resolved has all keys\nname: %s\n", name, name, strictyaml.Quote(s.Name))
	s.writeData(&b, base)
	s.writeModel(&b, name, base)
	steps := max(1, int(math.Round(float64(base.Train.Steps)*Lengths[s.Length])))
	fmt.Fprintf(&b, "train:\n  steps: %d\n", steps)
	if base.Train.Replicas > 1 {
		b.WriteString("  replicas: 1\n")
	}
	return []byte(b.String()), nil
}

func (s *Starter) writeData(b *strings.Builder, base *configs.Config) {
	fmt.Fprintf(b, "data:\n  kind: %s\n", s.Kind)
	if s.isFile() {
		fmt.Fprintf(b, "  path: %s\n", strictyaml.Quote(s.pathOfData()))
	}
	if own, ok := base.Data.(*datasets.CSV); ok && s.Kind == "csv" && own.Columns != nil {
		var quoted []string
		for _, column := range s.Set.Columns {
			quoted = append(quoted, strictyaml.Quote(column))
		}
		fmt.Fprintf(b, "  columns: [%s]\n", strings.Join(quoted, ", "))
	}
	if s.Set.Image == nil {
		fmt.Fprintf(b, "  standardize: %v # settings are in units of the standard deviation where it is true\n  test_fraction: 0.2\n", s.Standardize)
		return
	}
	b.WriteString("  scale: symmetric # black is -1 and white 1\n")
	if images, ok := base.Data.(*datasets.IDX); ok && images.Augment.Noise > 0 {
		fmt.Fprintf(b, "  augment: {noise: %v} # without it pixels that never change have no density\n", images.Augment.Noise)
	}
}

// pathOfData is the path of the data beside the config.
func (s *Starter) pathOfData() string {
	if strings.Contains(s.given, ":") || filepath.IsAbs(s.given) {
		return s.given
	}
	absolute, err := filepath.Abs(filepath.Dir(s.Path))
	data, dataErr := filepath.Abs(s.given)
	if err != nil || dataErr != nil {
		return s.given
	}
	relative, err := filepath.Rel(absolute, data)
	if err != nil {
		return data
	}
	return relative
}

// writeModel writes what the size of the data makes other than in the embedded config.
func (s *Starter) writeModel(b *strings.Builder, name string, base *configs.Config) {
	var model []string
	kind := strictyaml.KindOf(models.Kinds, base.Model)
	switch {
	case s.Set.Image != nil && kind == "conv":
		model = append(model, fmt.Sprintf("shape: [%d, %d, %d]", s.Set.Image.Height, s.Set.Image.Width, s.Set.Image.Channels))
	case s.Set.Train.Dim > 2 && kind == "fourier_mlp": // frequencies are too few for many dimensions
		model = append(model, "kind: mlp", "hidden: [128, 128]", "confinement: 3")
	}
	if strings.HasSuffix(name, "/jem") {
		model = append(model, fmt.Sprintf("classes: %d", len(s.Set.Labels.Classes)))
	}
	if model != nil {
		fmt.Fprintf(b, "model: {%s}\n", strings.Join(model, ", "))
	}
}

// Check reads the config, loads its data, and asks the method whether it can learn them.
func (s *Starter) Check(text []byte) error {
	c, err := configs.Text(text, s.Path)
	if err != nil {
		return err
	}
	set, err := c.LoadData()
	if err != nil {
		return err
	}
	_, err = c.Method.Prepare(trainers.Problem{
		Data: []*datasets.Set{set}, Model: c.Model, BatchSize: c.Train.BatchSize, Devices: 1, DType: dtypes.Float32, Precision: c.Train.Precision, Health: c.Train.Health,
	})
	return err
}
