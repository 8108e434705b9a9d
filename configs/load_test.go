package configs

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"joule/datasets"
	"joule/internal/hostile"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

func TestEveryEmbeddedConfigSurvivesEncoding(t *testing.T) {
	standIns(t)
	dir := t.TempDir()
	for _, entry := range List() {
		c, err := Load(entry.Name, nil)
		if err != nil {
			t.Errorf("%s: %v", entry.Name, err)
			continue
		}
		if want := strings.ReplaceAll(entry.Name, "/", "-"); c.Name != want {
			t.Errorf("%s is named %s, want %s", entry.Name, c.Name, want)
		}
		text, err := c.Encode()
		if err != nil {
			t.Errorf("%s: %v", entry.Name, err)
			continue
		}
		path := filepath.Join(dir, "config.yaml")
		write(t, path, string(text))
		again, err := LoadRun(path, c.Dir, nil)
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%s: error %v\ngot  %+v\nwant %+v", entry.Name, err, again, c)
		}
	}
}

func TestEveryMethodHasAConfigOfEverySet(t *testing.T) {
	for _, set := range []string{"two-gaussians", "old-faithful"} {
		for method, construct := range trainers.Kinds {
			if set == "old-faithful" && method == "jem" {
				continue // there are no classes
			}
			c, err := Load(set+"/"+method, nil)
			if err != nil {
				t.Errorf("%s/%s: %v", set, method, err)
			} else if got, want := reflect.TypeOf(c.Method), reflect.TypeOf(construct()); got != want {
				t.Errorf("%s/%s trains by %v, want %v", set, method, got, want)
			}
		}
	}
}

func TestEveryEmbeddedConfigFitsItsData(t *testing.T) {
	standIns(t)
	for _, entry := range List() {
		c, err := Load(entry.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := c.LoadData()
		if err != nil {
			t.Errorf("%s: %v", entry.Name, err)
			continue
		}
		if _, err := c.Model.Parameters(data.Train.Dim); err != nil {
			t.Errorf("%s: %v", entry.Name, err)
		}
		if _, err := c.Method.Prepare(trainers.Problem{Data: []*datasets.Set{data}, Model: c.Model, BatchSize: c.Train.BatchSize, Devices: 1, DType: dtypes.Float32}); err != nil {
			t.Errorf("%s: %v", entry.Name, err)
		}
	}
}

func TestSeedConfigHasThePostsSettings(t *testing.T) {
	c, err := Load("seed/mle", nil)
	if err != nil {
		t.Fatal(err)
	}
	method := c.Method.(*trainers.MLE)
	if method.Init != "noise" || method.InitStd != 1 || method.EnergyL2 != 0 {
		t.Errorf("chains start from %s of %v with L2 %v, want noise of 1 with 0", method.Init, method.InitStd, method.EnergyL2)
	}
	if want := samplers.NewULA(100, 0.1); !reflect.DeepEqual(method.Sampler, want) {
		t.Errorf("got sampler %+v, want %+v", method.Sampler, want)
	}
	if c.Train.BatchSize != 100 || c.Train.Steps != 5000 || c.Optimizer.LearningRate != 1e-4 || c.Optimizer.Schedule != "constant" {
		t.Errorf("got %+v, %+v", c.Train, c.Optimizer)
	}
}

// contract is the shape that the first version promised.
const contract = `
name: two-gaussians-dsm
seed: 0
backend: auto            # auto | go | xla:cpu | xla:cuda | xla:/path/plugin.so
data:
  kind: gaussian_mixture
  means: [[-2, -2], [2, 2]]
  variances: [0.5, 0.5]
  weights: [0.5, 0.5]
  size: 10000
  test_fraction: 0.2
  standardize: false
model:
  kind: mlp
  hidden: [64, 64]
  activation: silu
method:
  kind: dsm
  sigma: 0.3
optimizer: {kind: adam, learning_rate: 1e-3, schedule: cosine, warmup_steps: 0}
train: {steps: 20000, batch_size: 128, log_every: 100, checkpoint_every: 1000}
`

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// loadText loads a config from a file x.yaml in the working directory.
func loadText(t *testing.T, text string, sets ...string) (*Config, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "x.yaml", text)
	return Load("x.yaml", sets)
}

func TestLoadReadsTheContract(t *testing.T) {
	got, err := loadText(t, contract, "backend=xla:cuda", "method.sigma=0.1", "sampler.steps=200")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Name, want.Backend, want.Dir = "two-gaussians-dsm", "xla:cuda", "."
	want.Data = &datasets.GaussianMixture{
		Means: [][]float64{{-2, -2}, {2, 2}}, Variances: []float64{0.5, 0.5}, Weights: []float64{0.5, 0.5},
		Synthetic: datasets.Synthetic{Size: 10000, Preparation: datasets.Preparation{TestFraction: 0.2}},
	}
	want.Model = &models.MLP{Hidden: []int{64, 64}, Activation: "silu"}
	method := trainers.NewDSM()
	method.Sigma = 0.1
	want.Method = method
	want.Optimizer.LearningRate, want.Optimizer.Schedule = 1e-3, "cosine"
	want.Train.Steps, want.Train.BatchSize, want.Train.LogEvery, want.Train.CheckpointEvery = 20000, 128, 100, 1000
	sampler := samplers.NewLangevin()
	sampler.Steps = 200
	want.Sampler = sampler
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLoadReportsErrors(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(contract, old) {
			t.Fatalf("the contract has no %q", old)
		}
		return strings.Replace(contract, old, new, 1)
	}
	csv := replace("kind: gaussian_mixture\n  means: [[-2, -2], [2, 2]]\n  variances: [0.5, 0.5]\n  weights: [0.5, 0.5]\n  size: 10000", "kind: csv\n  path: PATH")
	path := func(p string) string { return strings.Replace(csv, "PATH", p, 1) }
	noisy := replace("kind: mlp\n  hidden: [64, 64]\n  activation: silu", "kind: conditional_mlp")
	for _, c := range []struct{ text, set, want string }{
		{replace("sigma: 0.3", "sigma: -0.1"), "", "x.yaml:19:10: method.sigma: -0.1 is not positive"},
		{replace("sigma: 0.3", "sgima: 0.3"), "", `x.yaml:19:3: method.sgima: unknown key; did you mean "sigma"?`},
		{replace("kind: dsm", "kind: dms"), "", `x.yaml:18:9: method.kind: "dms" is unknown; did you mean "dsm"?`},
		{replace("kind: adam", "kind: sgd"), "", `x.yaml:20:19: optimizer.kind: "sgd" is unknown; known: adam`},
		{replace("[0.5, 0.5]", "[0.5]"), "", "x.yaml:8:14: data.variances: 1 variances for 2 means, want one each"},
		{replace("backend: auto", "backend: xla:gpu"), "", `x.yaml:4:10: backend: "xla:gpu" is unknown; did you mean "xla:cpu"? known: auto, go, xla:cpu, xla:cuda, xla:/path/plugin.so`},
		{replace("backend: auto", "backend: xla:plugin.so"), "", `x.yaml:4:10: backend: "xla:plugin.so" is unknown; known: auto, go, xla:cpu, xla:cuda, xla:/path/plugin.so`},
		{contract, "method.sigma=-1", "--set method.sigma=-1: -1 is not positive"},
		{contract, "method.kind=nce", "" /* sigma goes with the kind that had it */},
		{path("x.yaml"), "", ""},
		{contract, "method={kind: msdsm}", `x.yaml:14:9: model.kind: "mlp" has no noise levels, and method msdsm learns an energy at many of them: want one that has them, ` +
			`such as conditional_mlp, or method dsm, which has one level and takes any model`},
		{path("x.yaml"), "method={kind: fisher}", `x.yaml:6:9: data.kind: "csv": method fisher needs data with a known density: any data.kind but csv and npy, ` +
			`or for a file a data.density to be fitted (kind: gaussian_mixture); dsm, nce and mle need none`},
		{path("x.yaml\n  density: {kind: gaussian_mixture, components: 2}"), "method={kind: fisher}", ""},
		{contract, "method={kind: fisher}", ""},
		{strings.Replace(csv, "kind: csv\n  path: PATH\n  test_fraction: 0.2", "kind: checkerboard", 1), "method={kind: fisher}", `x.yaml:6:9: data.kind: "checkerboard": method fisher needs a density with a score, and that of this data.kind jumps: it has none; dsm, nce and mle need none`},
		{path("x.yaml"), "method={kind: nce, noise: {kind: density}}", "--set method={kind: nce, noise: {kind: density}}: method.noise: of kind density needs a known density: the data has none, so method.noise.data has to name a data set with one"},
		{contract, "method={kind: ranking_nce, noise: {kind: density, data: {kind: csv, path: x.yaml}}}", "--set method={kind: ranking_nce, noise: {kind: density, data: {kind: csv, path: x.yaml}}}: method.noise.data: has no known density; give it a density to be fitted, or take another kind"},
		{contract, "method={kind: pcd, buffer_size: 100}", "--set method={kind: pcd, buffer_size: 100}: method.buffer_size: is 100, less than train.batch_size 128: each step moves one batch of chains"},
		{contract, "method={kind: mle, buffer_size: 100, init: noise}", ""},
		{contract, "method={kind: mle, buffer_size: 100}", "--set method={kind: mle, buffer_size: 100}: method.buffer_size: is 100, less than train.batch_size 128: each step moves one batch of chains"},
		{contract, "method={kind: short_run, sampler: {kind: annealed_langevin}}", "--set method={kind: short_run, sampler: {kind: annealed_langevin}}: method.sampler: a sampler of kind annealed_langevin needs an energy with noise levels, E(x, σ), and this model has none; other kinds take any model"},
		{noisy, "method={kind: short_run, sampler: {kind: annealed_langevin}}", ""},
		{noisy, "method={kind: cd, sampler: {kind: annealed_langevin}}", "--set method={kind: cd, sampler: {kind: annealed_langevin}}: method.sampler: spreads chains before it moves them, so that starting them at the data or where they were left is in vain; method short_run goes with it"},
		{noisy, "sampler={kind: annealed_langevin}", ""},
		{noisy + "sampling: {precondition: start}\n", "sampler={kind: annealed_langevin}", `x.yaml:20:26: sampling.precondition: is "start": the sampler goes through the noise levels of the model, which are in the coordinates of the data and not in scaled ones; want none`},
		{contract + "sampling: {chains: 3}\n", "sampler={kind: ensemble}", "x.yaml:22:20: sampling.chains: a sampler of kind ensemble lets chains jump by the differences of others, and 3 are too few: at least 4"},
		{path("gone.csv"), "", "x.yaml:7:9: data.path: gone.csv: no such file or directory"},
		{path("."), "", "x.yaml:7:9: data.path: .: is a folder, not a file"},
		{path("builtin:old_faithful.csv"), "", ""},
		{path("x.yaml\n  stream: {window: 10}"), "", ""},
		{path("x.yaml\n  label: a\n  stream: {window: 10}"), "", "x.yaml:8:10: data.label: does not go with stream, which takes columns of numbers as they are: leave one of the two out"},
		{path("x.yaml\n  stream: {window: 10, block: 11}"), "", "x.yaml:8:31: data.stream.block: 11 rows are more than a window holds, 10: want at most those"},
		{path("gone-*.csv\n  stream: {window: 10}"), "", "x.yaml:7:9: data.path: gone-*.csv: no file matches this pattern"},
		{contract, "data={kind: parquet, path: x.yaml, stream: {window: 10}}", "--set data={kind: parquet, path: x.yaml, stream: {window: 10}}: data.stream: unknown key; known: kind, path, density, test_fraction, validation_fraction, standardize, columns, label, categorical, categories, category_noise, missing, constant"},
		{path("builtin:faithful.csv"), "", `x.yaml:7:9: data.path: builtin:faithful.csv: no such file in the program, did you mean "builtin:old_faithful.csv"?; it has builtin:breast_cancer_benign.csv, builtin:breast_cancer_malignant.csv, builtin:digits.csv, builtin:iris.csv, builtin:old_faithful.csv, builtin:wine.csv`},
	} {
		var sets []string
		if c.set != "" {
			sets = []string{c.set}
		}
		_, err := loadText(t, c.text, sets...)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestLoadExtendsEmbeddedConfigsAndFiles(t *testing.T) {
	c, err := loadText(t, "extends: two-gaussians/dsm\nmethod: {sigma: 0.5}\n")
	if err != nil {
		t.Fatal(err)
	}
	if sigma := c.Method.(*trainers.DSM).Sigma; sigma != 0.5 || c.Name != "two-gaussians-dsm" {
		t.Errorf("got sigma %v of %s", sigma, c.Name)
	}
	if err := os.Mkdir("sub", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "sub/y.yaml", "extends: ../x.yaml\nname: y\ntrain: {step: 1}\n")
	_, err = Load("sub/y.yaml", nil)
	if want := `sub/y.yaml:3:9: train.step: unknown key; did you mean "steps"?`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if c, err = Load("sub/y.yaml", []string{"train={steps: 1}", "train.batch_size=2"}); err == nil {
		t.Errorf("an assignment hides the misspelt key: %+v", c.Train)
	}
}

func TestLoadSuggestsNames(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, want := range map[string]string{
		"two-gaussian/dsm": `two-gaussian/dsm: there is no such file, nor a config of that name; did you mean "two-gaussians/dsm"?`,
		"seed/mel.yaml":    `seed/mel.yaml: there is no such file, nor a config of that name; did you mean "seed/mle"?`,
		"mine.yaml":        "mine.yaml: there is no such file, nor a config of that name; joule configs list shows those of the program",
	} {
		if _, err := Load(name, nil); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// Whatever the input, loading returns; and what is accepted survives a round trip.
func FuzzLoad(f *testing.F) {
	f.Add(contract, "method={kind: nce, noise: {kind: uniform, scale: 2}}")
	f.Add(contract, "data.means=[[], []]")
	f.Add(contract, "model={kind: quadratic, mean: [1], precision: [[1, 0], [0]]}")
	f.Add(contract, "model={kind: quadratic, precision: [[1e308, -1e308], [-1e308, 1e308]]}")
	f.Add("extends: seed/mle\n", "data={kind: csv, path: builtin:x, columns: [a]}")
	f.Fuzz(func(t *testing.T, text, assignment string) {
		var c *Config
		var err error
		content := []byte(text + assignment)
		hostile.Bounded(t, content, bound, func() { c, err = loadAs(text, assignment) })
		if err != nil {
			hostile.CheckError(t, content, ": ", err)
		} else if err := survives(c); err != nil {
			t.Fatal(err)
		}
	})
}
