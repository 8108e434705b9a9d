package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"joule/backends"
	"joule/datasets"
	"joule/internal/marked"
	"joule/internal/python"
	"joule/metrics"
)

// moonsPrograms are the files of examples/moons, in the languages of their blocks in docs/faq.md.
var moonsPrograms = map[string]string{
	"moons.yaml": "yaml", "joule.sh": "sh", "moons_torch.py": "python", "moons_jax.py": "python", "moons_torchebm.py": "python", "main.go": "go",
}

// The programs in the documentation are those that the tests run. With JOULE_UPDATE_DOCS set they are put there.
func TestDocumentationOfMoons(t *testing.T) {
	const page = "../../docs/faq.md"
	for name, language := range moonsPrograms {
		path := "examples/moons/" + name
		part := marked.Part{Begin: "<!-- begin of " + path + " -->", End: "<!-- end of " + path + " -->"}
		block := "```" + language + "\n" + read(t, "../..", path) + "```"
		now, err := part.Rewritten(page, block)
		if err != nil {
			t.Fatal(err)
		}
		if now == read(t, page) {
			continue
		}
		if os.Getenv("JOULE_UPDATE_DOCS") == "" {
			t.Errorf("%s does not have %s as it is; JOULE_UPDATE_DOCS=1 go test ./cmd/joule -run Moons puts it there", page, path)
		} else if err := part.Rewrite(page, block); err != nil {
			t.Fatal(err)
		}
	}
}

// mostMMD is what the squared maximum mean discrepancy of a program's points may be, and leastOfStarts what that of points is which are
// as wide as the data and no more.
const (
	mostMMD       = 0.012
	leastOfStarts = 0.02
)

// moonsTruth measures points by how far they are from two moons.
type moonsTruth struct {
	panel *metrics.Panel
	drawn *datasets.Set
}

func (m moonsTruth) of(t *testing.T, points datasets.Points) float64 {
	t.Helper()
	how := metrics.NewMMD()
	how.Bandwidth = 0.5 // between the width of a moon and the distance of the two
	d, err := m.panel.MMD(points, m.drawn.Train, how)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// check reports points in a file that are not those of two moons.
func (m moonsTruth) check(t *testing.T, path string) {
	t.Helper()
	set, err := pointsIn(path).Load(datasets.Env{})
	if err != nil {
		t.Fatal(err)
	}
	d := m.of(t, set.Train)
	t.Logf("%s: squared MMD %.4f", filepath.Base(path), d)
	if set.Train.N != 1000 || d > mostMMD {
		t.Errorf("%s: %d points, whose squared MMD from the true density is %.4f; want 1000, and %g at most", path, set.Train.N, d, mostMMD)
	}
}

// pointsIn is the source of the points in a file.
func pointsIn(path string) datasets.Source {
	if strings.HasSuffix(path, ".npy") {
		npy := datasets.NewNPY()
		npy.Path, npy.TestFraction = path, 0
		return npy
	}
	csv := datasets.NewCSV()
	csv.Path, csv.TestFraction = path, 0
	return csv
}

// The same program in joule's YAML, Go, PyTorch, JAX and TorchEBM learns two moons in each of them.
func TestMoons(t *testing.T) {
	if testing.Short() {
		t.Skip("trains ten models")
	}
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Close()
	moons := datasets.NewTwoMoons()
	moons.Size, moons.TestFraction = 2000, 0.5
	drawn, err := moons.Load(datasets.Env{Seed: 77})
	if err != nil {
		t.Fatal(err)
	}
	truth := moonsTruth{metrics.NewPanel(backend.Backend), drawn}
	defer truth.panel.Close()
	mean, std := drawn.Test.Moments()
	starts := datasets.NewPoints(drawn.Test.N, 2)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range starts.Values {
		starts.Values[i] = mean[i%2] + std[i%2]*r.NormFloat64()
	}
	floor, far := truth.of(t, drawn.Test), truth.of(t, starts)
	t.Logf("squared MMD of true points %.4f, of a Gaussian %.4f", floor, far)
	if floor > mostMMD/4 || far < leastOfStarts {
		t.Errorf("squared MMD of true points %.4f, of a Gaussian %.4f: the bound of %g tells nothing", floor, far, mostMMD)
	}

	dir := t.TempDir()
	t.Run("joule", func(t *testing.T) {
		put(t, dir, "moons.yaml", read(t, "../../examples/moons/moons.yaml"))
		inShell(t, dir, read(t, "../../examples/moons/joule.sh"))
		truth.check(t, filepath.Join(dir, "dsm.npy"))
		truth.check(t, filepath.Join(dir, "cd.npy"))
	})
	t.Run("go", func(t *testing.T) {
		program := filepath.Join(dir, "moons")
		if out, err := exec.Command("go", "build", "-o", program, "../../examples/moons").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, method := range []string{"dsm", "cd"} {
			path := filepath.Join(dir, "go-"+method+".csv")
			if out, err := exec.Command(program, method, path).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			truth.check(t, path)
		}
	})
	for _, system := range []string{"torch", "jax", "torchebm"} {
		t.Run(system, func(t *testing.T) {
			python.Need(t)
			t.Setenv("OMP_NUM_THREADS", "1") // matrices are small
			t.Setenv("JAX_PLATFORMS", "cpu")
			for _, method := range []string{"dsm", "cd"} {
				path := filepath.Join(dir, system+"-"+method+".npy")
				python.Run(t, "../../examples/moons/moons_"+system+".py", method, path)
				truth.check(t, path)
			}
		})
	}
}

// A step of TorchEBM's sampler moves a point as docs/faq.md says: by −ε∇E + s√(2ε) z, which is joule's at the temperature s².
func TestStepOfTorchEBM(t *testing.T) {
	python.Need(t)
	const stepSize, noiseScale, slope = 0.1, 2, 3
	out := python.Run(t, "langevin_step.py", fmt.Sprint(stepSize), fmt.Sprint(noiseScale), fmt.Sprint(slope))
	var mean, std float64
	if _, err := fmt.Sscan(out, &mean, &std); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if want := noiseScale * math.Sqrt(2*stepSize); math.Abs(std-want) > 0.01*want || math.Abs(mean+stepSize*slope) > 0.01 {
		t.Errorf("mean %g and standard deviation %g; want %g and %g", mean, std, -stepSize*slope, want)
	}
}
