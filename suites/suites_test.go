package suites

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"joule/configs"
	"joule/datasets"
	"joule/results"
)

// suiteOf reads a suite from text.
func suiteOf(t *testing.T, text string, sets ...string) (*Suite, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(path, sets)
}

func cellsOf(t *testing.T, text string) []*Cell {
	t.Helper()
	s, err := suiteOf(t, text)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := s.Cells()
	if err != nil {
		t.Fatal(err)
	}
	return cells
}

func namesOf(cells []*Cell) (names []string) {
	for _, c := range cells {
		names = append(names, c.Name)
	}
	return names
}

func configOf(t *testing.T, c *Cell, seed int64) *configs.Config {
	t.Helper()
	config, err := c.Config(seed)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

const base = "name: s\nconfig: two-gaussians/dsm\n"

// The grid has every combination once, the last axis fastest, without what is excluded, and what is included after it.
func TestCells(t *testing.T) {
	cells := cellsOf(t, base+`
grid:
  config: [two-gaussians/dsm, two-gaussians/nce]
  train.batch_size: [32, 64]
  model.hidden: [[8], [16, 16]]
exclude:
  - {config: nce, train.batch_size: 64}
  - {train.batch_size: [32], model.hidden: [16, 16]}
include:
  - {config: two-gaussians/mle, train.batch_size: 16}
`)
	want := []string{"dsm/batch_size=32/hidden=8", "dsm/batch_size=64/hidden=8", "dsm/batch_size=64/hidden=16x16", "nce/batch_size=32/hidden=8", "mle/batch_size=16"}
	if got := namesOf(cells); !slices.Equal(got, want) {
		t.Fatalf("cells %v, want %v", got, want)
	}
	c := configOf(t, cells[2], 7)
	if c.Seed != 7 || c.Train.BatchSize != 64 || c.Name != "two-gaussians-dsm" {
		t.Errorf("seed %d, batch %d, name %s", c.Seed, c.Train.BatchSize, c.Name)
	}
	if got := cells[2].Axes; !slices.Equal(got, []results.Setting{{Key: "config", Value: "dsm"}, {Key: "train.batch_size", Value: "64"}, {Key: "model.hidden", Value: "16x16"}}) {
		t.Errorf("axes %v", got)
	}
}

// A kind goes before the other keys of its section, overrides go over the axes, and the budget over all.
func TestOrder(t *testing.T) {
	cells := cellsOf(t, base+`
set: {data.size: 500, optimizer.learning_rate: 0.5, train.steps: 5}
grid:
  data.kind: [rings, banana]
  optimizer.learning_rate: [0.1, 0.2]
overrides:
  - {where: {data.kind: banana}, config: two-gaussians/nce, set: {data.size: 900}}
  - {set: {optimizer.beta1: 0.25}}
budget: {steps: 77}
`)
	for i, want := range []struct {
		name, config string
		rate         float64
	}{{"rings/learning_rate=0.1", "two-gaussians-dsm", 0.1}, {"rings/learning_rate=0.2", "two-gaussians-dsm", 0.2}, {"banana/learning_rate=0.1", "two-gaussians-nce", 0.1}, {"banana/learning_rate=0.2", "two-gaussians-nce", 0.2}} {
		c := configOf(t, cells[i], 0)
		text, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		size := "size: 500"
		if i > 1 {
			size = "size: 900"
		}
		if cells[i].Name != want.name || c.Name != want.config || c.Optimizer.LearningRate != want.rate || c.Optimizer.Beta1 != 0.25 || c.Train.Steps != 77 || !strings.Contains(string(text), size) {
			t.Errorf("%s: %s, rate %v, beta1 %v, steps %d\n%s", cells[i].Name, c.Name, c.Optimizer.LearningRate, c.Optimizer.Beta1, c.Train.Steps, text)
		}
	}
}

// What a run may take can be an axis.
func TestBudgetAxis(t *testing.T) {
	cells := cellsOf(t, base+"budget: {seconds: 3}\ngrid: {budget.steps: [5, 6], train.batch_size: [7]}\n")
	if got := namesOf(cells); !slices.Equal(got, []string{"steps=5/batch_size=7", "steps=6/batch_size=7"}) {
		t.Fatalf("cells %v", got)
	}
	if c := cells[1]; c.Budget != (Budget{Steps: 6}) || configOf(t, c, 0).Train.Steps != 6 {
		t.Errorf("budget %+v", c.Budget)
	}
	s, err := suiteOf(t, base+"grid: {budget.stepz: [5]}\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cells(); err == nil || !strings.Contains(err.Error(), `s.yaml:3:23: budget.stepz: unknown key; did you mean "steps"?`) {
		t.Errorf("error %v", err)
	}
}

// Values that would have one name are told apart, and names are those of folders.
func TestLabels(t *testing.T) {
	cells := cellsOf(t, base+`
grid:
  method: [{kind: dsm, sigma: 0.1}, {kind: dsm, sigma: 0.2}, {kind: nce}]
  config: [two-gaussians/dsm, planar/dsm]
`)
	want := []string{"dsm,sigma=0.1/two-gaussians_dsm", "dsm,sigma=0.1/planar_dsm", "dsm,sigma=0.2/two-gaussians_dsm", "dsm,sigma=0.2/planar_dsm", "nce/two-gaussians_dsm", "nce/planar_dsm"}
	if got := namesOf(cells); !slices.Equal(got, want) {
		t.Errorf("cells %v, want %v", got, want)
	}
}

// A combination that does not go together is refused alone; a value that goes with nothing is a mistake.
func TestRefusedCells(t *testing.T) {
	const grid = base + "grid:\n  config: [planar/fisher, planar/dsm]\n  data.kind: [rings, checkerboard]\n"
	cells := cellsOf(t, grid)
	for _, c := range cells {
		if want := c.Name == "fisher/checkerboard"; want != (c.Refused != "") || want && !strings.Contains(c.Refused, "score") {
			t.Errorf("%s: %q", c.Name, c.Refused)
		}
	}
	s, err := suiteOf(t, strings.Replace(grid, "rings", "ringz", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Cells(); err == nil || !strings.Contains(err.Error(), `s.yaml:5:15: data.kind: "ringz" is unknown; did you mean "rings"?`) || strings.Contains(err.Error(), "score") {
		t.Errorf("error %v", err)
	}
}

// Mistakes are told with their places.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"config: x\n", "name: is missing"},
		{base + "grid: [1]\n", "s.yaml:3:7: grid: found a list; a map"},
		{base + "grid: {train.steps: 5}\n", "s.yaml:3:21: grid.train.steps: found 5; a list of values is needed"},
		{base + "grid: {seed: [1, 2]}\n", "grid.seed: seeds are not on an axis"},
		{base + "grid: {kl: [1]}\n", "grid.kl: is the name of a column"},
		{base + "grid: {Data.x: [1]}\n", "grid.Data.x: is no key of a config"},
		{base + "grid: {train.steps: [5, 6]}\nexclude: [{train.step: 5}]\n", `exclude[0].train.step: is no axis of the grid; did you mean "train.steps"?`},
		{base + "grid: {train.steps: [5, 6]}\nexclude: [{train.steps: 7}]\n", "exclude[0].train.steps: 7 is no value of this axis; it has 5, 6"},
		{base + "grid: {train.steps: [5, 6]}\nexclude: [{train.steps: [5, 6]}]\n", "suite s has no cells"},
		{base + "grid: {train.stepz: [5]}\n", `s.yaml:3:22: train.stepz: unknown key; did you mean "steps"?`},
		{base + "grid: {config: [two-gaussians/dsn]}\n", `s.yaml:3:17: config: two-gaussians/dsn: there is no such file, nor a config of that name; did you mean "two-gaussians/dsm"?`},
		{"name: s\ngrid: {train.steps: [5]}\n", "starts from no config"},
		{base + "set: 3\n", "set: found 3; a map of keys"},
		{base + "budget: {steps: 5, seconds: 6}\n", "budget: has several"},
		{base + "metrics: [lk]\n", `metrics[0]: "lk" is unknown; did you mean "kl"?`},
		{base + "metrics: [seconds]\n", `metrics[0]: "seconds" is measured without asking`},
		{"name: a/b\nconfig: x\n", "is to be the name of a folder"},
		{base + "grid: {train.steps: [5]}\ninclude: [{train.steps: 5}]\n", "suite s has two cells steps=5"},
	} {
		s, err := suiteOf(t, c.text)
		if err == nil {
			_, err = s.Cells()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n%v\nwant %s", c.text, err, c.want)
		}
	}
}

// A suite extends another, takes assignments, and its text is the same suite.
func TestText(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.yaml": base + "grid: {train.steps: [5, 6]}\nseeds: 3\n", "b.yaml": "extends: a.yaml\nname: t\ngrid: {train.batch_size: [7]}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(filepath.Join(dir, "b.yaml"), []string{"seeds=4", "grid.train.steps=[5, 6, 8]", "grid.train.steps=[5, 6]"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(s.Text), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := Load(filepath.Join(dir, "c.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Suite{s, again} {
		cells, err := s.Cells()
		if err != nil || s.Seeds != 4 || s.Name != "t" || !slices.Equal(namesOf(cells), []string{"steps=5/batch_size=7", "steps=6/batch_size=7"}) {
			t.Errorf("%v, %v, %d seeds", err, namesOf(cells), s.Seeds)
		}
	}
}

// standIns puts a few black images where suites look for MNIST and, in the working directory, for CIFAR-10.
func standIns(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(datasets.EnvDataDir, dir)
	t.Chdir(dir)
	put := func(content []byte, path ...string) {
		name := filepath.Join(path...)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range []string{"train", "t10k"} {
		put(append([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28}, make([]byte, 2*28*28)...), "mnist", part+"-images-idx3-ubyte")
		put([]byte{0, 0, 8, 1, 0, 0, 0, 2, 0, 1}, "mnist", part+"-labels-idx1-ubyte")
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewNRGBA(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"train", "test"} {
		put(picture.Bytes(), "cifar10", part, "0", "1.png")
	}
}

// Every suite that comes with the program has cells, of which few are refused.
func TestEmbedded(t *testing.T) {
	standIns(t)
	for _, entry := range List() {
		s, err := Load(entry.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := s.Cells()
		if err != nil {
			t.Fatalf("%s: %v", entry.Name, err)
		}
		refused := 0
		for _, c := range cells {
			if c.Refused != "" {
				refused++
			}
		}
		if s.Name != entry.Name || entry.Description == "" || refused*20 > len(cells) {
			t.Errorf("%s: name %s, %q, %d of %d cells refused", entry.Name, s.Name, entry.Description, refused, len(cells))
		}
	}
}

func BenchmarkCells(b *testing.B) {
	path := filepath.Join(b.TempDir(), "s.yaml")
	rates := make([]string, 1000)
	for i := range rates {
		rates[i] = fmt.Sprintf("%de-6", i+1)
	}
	if err := os.WriteFile(path, []byte(base+"grid:\n  optimizer.learning_rate: ["+strings.Join(rates, ", ")+"]\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	s, err := Load(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Cells(); err != nil {
			b.Fatal(err)
		}
	}
}
