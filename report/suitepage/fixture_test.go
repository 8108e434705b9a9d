package suitepage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"joule/plots"
	"joule/results"
	"joule/rundir"
)

// toy is a suite that was never run, with plausible results.
type toy struct {
	name          string
	methods, data []string
	seeds         int
	pixels        int // of a side of a picture; 0: there are none
	records       int // of the loss of a run; 0: there are no run directories
	looks         int
	kept          int  // runs of a cell that have a directory; 0: all
	copied        bool // directories are those of the first method, which takes less time
	// spoil changes a row before it is kept; false: the run is not kept.
	spoil func(*results.Row) bool
}

// small has two failures: mle diverges once on moons, and fisher is refused on squares.
var small = toy{
	name: "toy", methods: []string{"mle", "dsm", "nce", "fisher"}, data: []string{"rings", "moons", "squares"}, seeds: 2, pixels: 8, records: 12, looks: 5,
	spoil: func(r *results.Row) bool {
		switch {
		case r.Run == "mle/moons/seed-1":
			fail(r, results.Diverged, "step 120: the loss is NaN")
		case strings.HasPrefix(r.Run, "fisher/squares/"):
			fail(r, results.Refused, "method: fisher needs the score of the data, and squares has none")
		case r.Run == "nce/rings/seed-0":
			r.Warnings = []string{"0.02 of the model's probability lies at the border of the grid"}
		}
		return true
	},
}

func fail(r *results.Row, status results.Status, reason string) {
	r.Status, r.Reason, r.Metrics = status, reason, nil
}

// make writes the directory of the suite.
func (s toy) make(t testing.TB, dir string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.MkdirAll(dir, 0o755))
	journal, err := results.OpenJournal(filepath.Join(dir, results.JournalFile))
	check(err)
	defer journal.Close()
	var rows []*results.Row
	made := map[int]string{}
	for m := range s.methods {
		for d := range s.data {
			for seed := range s.seeds {
				r := s.row(m, d, seed)
				if s.spoil != nil && !s.spoil(r) {
					continue
				}
				rows = append(rows, r)
				if s.records == 0 || r.Status == results.Refused || s.kept > 0 && seed >= s.kept {
					continue
				}
				path := filepath.Join(dir, results.RunsFolder, r.Run)
				if from := made[d]; s.copied && from != "" {
					check(os.CopyFS(path, os.DirFS(from)))
				} else {
					s.makeRun(check, path, r, m, d, seed)
					made[d] = path
				}
			}
		}
	}
	check(journal.Append(rows...))
	check(results.WriteCSV(filepath.Join(dir, results.CSVFile), journal.Rows(nil)))
	check(results.WriteParquet(filepath.Join(dir, results.ParquetFile), journal.Rows(nil)))
	check(os.WriteFile(filepath.Join(dir, suiteFile), []byte("name: "+s.name+"\ngrid:\n  config: ["+strings.Join(s.methods, ", ")+"]\n"), 0o644))
}

// row is a completed run.
func (s toy) row(m, d, seed int) *results.Row {
	random := rand.New(rand.NewPCG(uint64(1000*m+d), uint64(seed)))
	method, data := s.methods[m], s.data[d]
	kl := 0.004 * math.Exp(0.35*float64((m*7)%18)/2+0.25*float64(d)+0.25*random.NormFloat64())
	seconds := 1.5 * math.Exp(0.5*float64((m*5)%9)+0.1*random.NormFloat64())
	r := &results.Row{
		Key: fmt.Sprintf("%s-%d-%d-%d", s.name, m, d, seed), Status: results.Completed, Run: fmt.Sprintf("%s/%s/seed-%d", method, data, seed), Suite: s.name,
		Axes: []results.Setting{{Key: "config", Value: method}, {Key: "data.kind", Value: data}}, Seed: int64(seed), Method: method, Data: data, Model: "mlp", Dim: 2,
		Replicas: s.seeds, Started: time.Date(2026, 3, 4, 5, 6+m, d, 0, time.UTC), Joule: "v0.3.0", Go: "go1.26.5", GoMLX: "v0.28.3", Backend: "xla:cpu", Device: "cpu",
		CPU: "a processor", CPUs: 2, Config: configOf(method, data, seed),
	}
	for name, x := range map[string]float64{
		"kl": kl, "fisher": 20 * kl * (1 + 0.2*random.Float64()), "test_nll": 2 + 0.1*float64(d) + kl, "nll_excess": kl + 0.01*random.NormFloat64(), "entropy": 2 + 0.1*float64(d),
		"ksd": 0.1 * kl, "mmd": 0.002*kl + 1e-5*random.NormFloat64(), "sliced_wasserstein": 0.05 + kl, "mode_coverage": math.Round(8*math.Exp(-3*kl)) / 8, "auroc": 0.95 - kl/10, "border_mass": 1e-8 * (1 + kl),
		"steps": 20000, "gradient_evaluations": 2e4 * 256 * float64(1+m%6*10), "seconds": seconds, "compile_seconds": 1.2, "steps_per_second": 20000 / seconds, "peak_memory": 240,
		"parameters": 33537,
	} {
		r.Put(name, x)
	}
	if kl < 0.05 {
		r.Put("time_to_target", seconds*kl/0.05)
	}
	return r
}

func configOf(method, data string, seed int) string {
	return fmt.Sprintf("name: %s\nseed: %d\nbackend: auto\ndata:\n  kind: %s\n  points: 10000\nmodel:\n  kind: mlp\n  hidden: [128, 128]\nmethod:\n  kind: %s\ntrain:\n  steps: 20000\n", method, seed, data, method)
}

// makeRun writes the directory of a run.
func (s toy) makeRun(check func(error), dir string, r *results.Row, m, d, seed int) {
	run, err := rundir.Create(dir, "", r.Started)
	check(err)
	check(run.WriteConfig([]byte(r.Config)))
	check(run.WriteEnvironment(rundir.Environment{Joule: r.Joule, Go: r.Go, Seed: r.Seed, Started: r.Started, CPUs: r.CPUs}))
	random := rand.New(rand.NewPCG(uint64(1000*m+d), uint64(seed)+7))
	records := make([]rundir.Record, s.records)
	for i := range records {
		share := float64(i) / float64(s.records)
		loss := float64(m%5) - 1 + 0.3*float64(d) + 3*math.Exp(-8*share) + 0.05*random.NormFloat64()
		if r.Status == results.Diverged && share > 0.8 {
			loss = math.NaN()
		}
		records[i] = rundir.Record{Step: int64(i * 100), Values: map[string]float64{"loss": loss}}
	}
	check(run.AppendMetrics(records...))
	kl, seconds := r.Metrics["kl"], r.Metrics["seconds"]
	var looks strings.Builder
	for i := 1; i <= s.looks && r.Status == results.Completed; i++ {
		share := math.Pow(2, float64(i-s.looks)/3)
		fmt.Fprintf(&looks, `{"step":%d,"seconds":%.4f,"kl":%.6f}`+"\n", int(20000*share), seconds*share, kl*(1+0.02/share/share)*math.Exp(0.1*random.NormFloat64()))
	}
	if s.looks > 0 {
		check(os.WriteFile(filepath.Join(dir, looksFile), []byte(looks.String()), 0o644))
	}
	if s.pixels > 0 && seed == 0 && r.Status == results.Completed {
		for name, model := range map[string]int{mapFile: m, truthFile: -1} {
			path, err := run.FigurePath(filepath.Base(name))
			check(err)
			check(s.drawEnergy(path, d, 1+float64(max(model, 0)%6)/3, model))
		}
	}
}

// drawEnergy draws an energy over the plane, blurred by a factor, and with errors of its own where it is a model's.
func (s toy) drawEnergy(path string, d int, blur float64, model int) error {
	f := plots.Field{XMin: -3, XMax: 3, YMin: -3, YMax: 3, NX: s.pixels, NY: s.pixels}
	points, scale := shapeOf(d), 2*0.16*0.16*blur*blur
	at := f.Centers()
	for i, x := range at.X {
		y, density := at.Y[i], 1e-9
		for _, p := range points {
			density += math.Exp(-((x-p[0])*(x-p[0]) + (y-p[1])*(y-p[1])) / scale)
		}
		energy := -math.Log(density)
		if model >= 0 {
			energy += 0.7 * math.Sin(float64(model)+1.3*x) * math.Cos(0.7*float64(model)-1.1*y)
		}
		f.Values = append(f.Values, energy)
	}
	return plots.EnergyThumbnail{Energy: f, Span: 12}.Save(path)
}

// shapeOf are points along which the density of a data set lies.
func shapeOf(d int) (points [][2]float64) {
	for k := range 48 {
		a, u := 2*math.Pi*float64(k)/48, float64(k)/48
		switch d % 10 {
		case 0:
			r := 1 + 1.2*float64(k%2)
			points = append(points, [2]float64{r * math.Cos(a), r * math.Sin(a)})
		case 1:
			side := float64(k%2)*2 - 1
			points = append(points, [2]float64{1.3*math.Cos(a/2)*side - 0.6*side, 1.3*math.Sin(a/2)*side - 0.3*side})
		case 2:
			points = append(points, [2]float64{float64(k%4)*1.2 - 1.8, float64(k/4%4)*1.2 - 1.8})
		case 3:
			points = append(points, [2]float64{2 * math.Cos(math.Round(8*u)*math.Pi/4), 2 * math.Sin(math.Round(8*u)*math.Pi/4)})
		case 4:
			points = append(points, [2]float64{2.4 * u * math.Cos(9*u), 2.4 * u * math.Sin(9*u)})
		case 5:
			points = append(points, [2]float64{4*u - 2, math.Sin(6 * u)})
		case 6:
			points = append(points, [2]float64{2.2 * u * math.Cos(float64(k%5)*1.2566+u), 2.2 * u * math.Sin(float64(k%5)*1.2566+u)})
		case 7:
			points = append(points, [2]float64{float64(k%2)*2.4 - 1.2, 0})
		case 8:
			points = append(points, [2]float64{4*u - 2, (4*u-2)*(4*u-2)/2 - 1})
		case 9:
			points = append(points, [2]float64{1.8 * math.Sin(a), 1.8 * math.Sin(2*a)})
		}
	}
	return points
}

// large is as big as suites that are run overnight.
var large = toy{
	name: "plane", seeds: 5, pixels: 128, records: 200, looks: 24,
	methods: []string{"mle", "pcd", "sm", "ssm", "dsm", "msdsm", "nce", "ranking_nce", "cnce", "flow_nce", "ksd", "recovery", "diffusion", "ratio", "adversarial", "fisher", "stein", "cd"},
	data:    []string{"rings", "moons", "squares", "eight_gaussians", "spiral", "sine", "pinwheel", "two_gaussians", "banana", "eight"},
	spoil: func(r *results.Row) bool {
		switch {
		case slices.Contains([]string{"squares", "banana"}, r.Data) && r.Method == "fisher":
			fail(r, results.Refused, "method: fisher needs the score of the data, and "+r.Data+" has none")
		case r.Method == "cd" && r.Data == "spiral":
			fail(r, results.Diverged, "step 4100: the loss is NaN; the largest energy of a batch before it was 3.1e+08")
		case r.Method == "adversarial" && r.Seed == 3 && r.Data < "f":
			fail(r, results.Diverged, "step 780: energy_gap is -1.2e+06, below its bound of -1e+06")
		case r.Method == "recovery" && r.Data == "eight" && r.Seed == 1:
			fail(r, results.TimedOut, "it took longer than 10m0s")
		case r.Method == "pcd" && r.Seed == 2:
			r.Warnings = []string{"0.012 of the model's probability lies at the border of the grid: KL and NLL are too low"}
		}
		return true
	},
}
