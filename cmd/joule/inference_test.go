package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/datasets"
	"joule/metrics"
	"joule/rundir"
)

// levelsRun is a run of an energy with noise levels.
var levelsRun = shared("old-faithful/msdsm")

// The mean log density of the held-out points is minus the NLL that eval gives, of a flow too, whose log Z is not estimated.
func TestEnergyLogDensity(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	parts(t, run, dir)
	header, rows := table(t, succeed(t, dir, "energy", run, "--in", "test.csv", "--log-density"))
	if strings.Join(header, " ") != "log_density" {
		t.Errorf("the header is %v", header)
	}
	mean := 0.0
	for _, row := range rows {
		mean += row[0] / float64(len(rows))
	}
	var e metrics.Evaluation
	if err := json.Unmarshal([]byte(succeed(t, dir, "eval", run, "--json")), &e); err != nil {
		t.Fatal(err)
	}
	if math.Abs(mean+*e.TestNLL) > 1e-4 {
		t.Errorf("the mean log density is %v, and the NLL %v", mean, *e.TestNLL)
	}
	succeed(t, dir, "energy", run, "--in", "test.csv", "--log-density", "-o", "l.npy")
	if header := read(t, dir, "l.npy")[:80]; !strings.Contains(header, "'shape': (54,)") {
		t.Errorf("log densities are no vector: %q", header)
	}
	for want, args := range map[string][]string{
		"--score and --log-density exclude each other":                {"--score", "--log-density"},
		"--grid: is about log Z, which only --log-density needs":      {"--grid", "101"},
		"--ais-steps: is about log Z, which only --log-density needs": {"--ais-steps", "100"},
		"--ais-steps: 0 steps; want 20 to 10000000":                   {"--log-density", "--ais-steps", "0"},
		"--sigma 0.3: the energy of " + run + " has no noise levels":  {"--sigma", "0.3"},
	} {
		refuse(t, dir, exitUsage, want, append([]string{"energy", run, "--in", "test.csv"}, args...)...)
	}
}

// In three dimensions log Z is estimated: its standard error is told, and the densities are in the units of the data.
func TestEnergyLogDensityByAIS(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "config.yaml", "extends: two-gaussians/dsm\nname: three\ndata: {kind: gaussian_mixture, means: [[1, 0, 0]], variances: [4], size: 400, standardize: true}\nmodel: {kind: quadratic, mean: [0, 0, 0]}\nmethod: {kind: dsm, sigma: 0.05}\n")
	succeed(t, dir, "train", "config.yaml", "--out", "run", "--no-figures", "--quiet", "--backend", "go", "--set", "train.steps=300", "--set", "optimizer.learning_rate=0.02")
	put(t, dir, "p.csv", "x0,x1,x2\n1,0,0\n3,0,0\n")
	o := joule(t, dir, "energy", "run", "--in", "p.csv", "--log-density", "--ais-chains", "200", "--ais-steps", "100")
	if o.code != exitOK || !strings.Contains(o.stderr, "log Z is ") || !strings.Contains(o.stderr, " nats by annealed importance sampling") {
		t.Fatalf("exit code %d\n%s", o.code, o.stderr)
	}
	_, rows := table(t, o.stdout)
	for i, want := range []float64{-1.5 * math.Log(2*math.Pi*4), -1.5*math.Log(2*math.Pi*4) - 0.5} {
		if math.Abs(rows[i][0]-want) > 0.4 { // of 320 points and a short training
			t.Errorf("log density %d is %v, and that of the data %v", i, rows[i][0], want)
		}
	}
}

// Tweedie's formula adds σ² times the score, both in the coordinates of the model.
func TestDenoise(t *testing.T) {
	dir := t.TempDir()
	points := [][]float64{{2, 55}, {3.1, 70}, {4.4, 80}}
	put(t, dir, "p.csv", "eruptions,waiting\n2,55\n3.1,70\n4.4,80\n")
	for name, c := range map[string]struct {
		run   string
		sigma float64
		args  []string
	}{
		"at its own level": {faithfulRun(t), 0.15, nil}, "at a level of several": {levelsRun(t), 0.5, []string{"--sigma", "0.5"}},
	} {
		opened, err := rundir.Open(c.run)
		if err != nil {
			t.Fatal(err)
		}
		data, err := opened.Dataset()
		if err != nil {
			t.Fatal(err)
		}
		o := joule(t, dir, append([]string{"denoise", c.run, "--in", "p.csv"}, c.args...)...)
		if o.code != exitOK || !strings.Contains(o.stderr, "3 points denoised by Tweedie's formula at σ = ") {
			t.Fatalf("%s: exit code %d\n%s", name, o.code, o.stderr)
		}
		header, clean := table(t, o.stdout)
		_, scores := table(t, succeed(t, dir, append([]string{"energy", c.run, "--in", "p.csv", "--score"}, c.args...)...))
		if strings.Join(header, " ") != "eruptions waiting" {
			t.Errorf("the header is %v", header)
		}
		for i := range points {
			for k, std := range data.Standardizer.Std {
				want := points[i][k] + c.sigma*c.sigma*std*std*scores[i][k]
				if math.Abs(clean[i][k]-want) > 1e-4*math.Abs(want) {
					t.Errorf("%s: coordinate %d of point %d is %v, want %v", name, k, i, clean[i][k], want)
				}
			}
		}
	}
	o := joule(t, dir, "denoise", faithfulRun(t), "--in", "p.csv", "--sigma", "0.4", "-o", "d.npy")
	if d, _, err := datasets.ReadPoints(filepath.Join(dir, "d.npy")); err != nil || d.N != 3 || !strings.Contains(o.stderr, "by descent to the most probable points at σ = 0.4") {
		t.Errorf("%+v, %v\n%s", d, err, o.stderr)
	}
	levels := levelsRun(t)
	for want, args := range map[string][]string{
		"--sigma 100: the energy of " + levels + " is for noise levels from 0.1 to 5":           {levels, "--sigma", "100"},
		"--sigma is missing: the energy of " + levels + " does not say how much noise there is": {levels},
		"--steps: are of descent, and this energy needs none: it has a noise level for this σ":  {levels, "--sigma", "0.3", "--steps", "5"},
		"--sigma and --steps: 0 steps; want 1 to 2147483647":                                    {faithfulRun(t), "--sigma", "0.3", "--steps", "0"},
		"--sigma and --steps: a noise of standard deviation -1; want one above 0":               {faithfulRun(t), "--sigma", "-1"},
	} {
		refuse(t, dir, exitUsage, want, append([]string{"denoise", "--in", "p.csv"}, args...)...)
	}
}

// What is known stays to the last digit, and what is missing is drawn, in the units of the data.
func TestInpaint(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	put(t, dir, "gaps.csv", "waiting,eruptions\n54.123456789,1.8\n80,\nNaN,4.5\n")
	put(t, dir, "mask.csv", "eruptions,waiting\n0,1\n0,0\n0,0\n")
	put(t, dir, "all.csv", "eruptions,waiting\n1,0\n")
	inpaint := func(args ...string) string {
		return succeed(t, dir, append([]string{"inpaint", run, "--in", "gaps.csv", "--set", "sampler.steps=50"}, args...)...)
	}
	text := inpaint("--draws", "2")
	header, rows := table(t, text)
	if strings.Join(header, " ") != "eruptions waiting" || len(rows) != 6 {
		t.Fatalf("%v and %d rows", header, len(rows))
	}
	for i, want := range [][2]float64{{1.8, 54.123456789}, {math.NaN(), 80}, {4.5, math.NaN()}} {
		for _, row := range rows[2*i : 2*i+2] {
			for k, known := range want {
				if !math.IsNaN(known) && math.Abs(row[k]-known) > 1e-5 || math.IsNaN(row[k]) {
					t.Errorf("row %d is %v, want %v", i+1, row, want)
				}
			}
		}
	}
	if rows[2][0] == rows[3][0] || rows[4][1] == rows[5][1] || rows[4][1] < 20 || rows[4][1] > 150 {
		t.Errorf("the draws are %v", rows)
	}
	if inpaint("--draws", "2") != text || inpaint("--draws", "2", "--seed", "1") == text {
		t.Error("the draws are not those of the seed")
	}
	if _, masked := table(t, inpaint("--mask", "mask.csv")); masked[0][0] != 1.8 || math.Abs(masked[0][1]-54.123456789) < 1e-5 {
		t.Errorf("with a mask the first row is %v", masked[0])
	}
	if _, masked := table(t, inpaint("--mask", "all.csv")); masked[0][0] == 1.8 || math.Abs(masked[0][1]-54.123456789) > 1e-5 {
		t.Errorf("with one mask for all the first row is %v", masked[0])
	}
	put(t, dir, "some.csv", "eruptions\n4.5\n2\n")
	if _, drawn := table(t, succeed(t, dir, "inpaint", run, "--in", "some.csv", "--missing", "waiting", "--draws", "3", "--set", "sampler.steps=50")); len(drawn) != 6 || drawn[2][0] != 4.5 || drawn[3][0] != 2 || drawn[4][1] == drawn[5][1] {
		t.Errorf("without a column the points are %v", drawn)
	}
	succeed(t, dir, "inpaint", levelsRun(t), "--in", "gaps.csv", "--set", "sampler={kind: annealed_langevin, steps: 20, levels: 4}", "-o", "x.npy")
	if x, _, err := datasets.ReadPoints(filepath.Join(dir, "x.npy")); err != nil || x.N != 3 {
		t.Errorf("%+v, %v", x, err)
	}
}

func TestInpaintRefuses(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	put(t, dir, "gaps.csv", "eruptions,waiting\n,80\n2,\n")
	put(t, dir, "whole.csv", "eruptions,waiting\n2,80\n")
	put(t, dir, "mask.csv", "eruptions,waiting\n0,1\n0,1\n0,0\n")
	put(t, dir, "half.csv", "eruptions,waiting\n0,0.5\n")
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--in is missing: want a .csv, .npy or .parquet file of points; …", nil},
		{exitUsage, "whole.csv: nothing is missing; cells that are to be drawn are empty or NaN, marked by --mask, or in a column that --missing names", []string{"--in", "whole.csv"}},
		{exitUsage, `--missing "wait": is no column of the run; want some of eruptions, waiting`, []string{"--in", "whole.csv", "--missing", "wait"}},
		{exitUsage, "--missing: names all columns, and nothing would be given; joule sample draws whole points", []string{"--in", "whole.csv", "--missing", "waiting,eruptions"}},
		{exitUsage, "--mask: mask.csv has 3 rows for the 2 points of gaps.csv; want as many, or one for all", []string{"--in", "gaps.csv", "--mask", "mask.csv"}},
		{exitFailed, "half.csv: row 1 has 0.5 in column waiting; want 1 for what is to be drawn and 0 elsewhere", []string{"--in", "gaps.csv", "--mask", "half.csv"}},
		{exitUsage, "--draws 0: want 1 to 5000000 for 2 points", []string{"--in", "gaps.csv", "--draws", "0"}},
		{exitUsage, "--set train.steps=3: only keys of sampler can be changed once a run is trained", []string{"--in", "gaps.csv", "--set", "train.steps=3"}},
		{exitFailed, "point 1 came out not finite (…", []string{"--in", "gaps.csv", "--set", "sampler.step_size=1e30"}},
	} {
		refuse(t, dir, c.code, c.want, append([]string{"inpaint", run}, c.args...)...)
	}
}

// A path begins and ends where it should, and its energies are those that energy gives.
func TestInterpolate(t *testing.T) {
	dir, run := t.TempDir(), faithfulRun(t)
	put(t, dir, "p.csv", "waiting,eruptions\n54,1.8\n70,3\n80,4.3\n")
	o := joule(t, dir, "interpolate", run, "--in", "p.csv", "--points", "9", "--steps", "100", "-o", "path.csv")
	if o.code != exitOK || !strings.Contains(o.stderr, "the path rises by ") {
		t.Fatalf("exit code %d\n%s", o.code, o.stderr)
	}
	header, rows := table(t, read(t, dir, "path.csv"))
	if strings.Join(header, " ") != "eruptions waiting energy" || len(rows) != 9 {
		t.Fatalf("%v and %d rows", header, len(rows))
	}
	_, energies := table(t, succeed(t, dir, "energy", run, "--in", "path.csv"))
	for i := range rows {
		if math.Abs(rows[i][2]-energies[i][0]) > 1e-4*(1+math.Abs(energies[i][0])) {
			t.Errorf("energy %d is %v, want %v", i, rows[i][2], energies[i][0])
		}
	}
	_, part := table(t, succeed(t, dir, "interpolate", run, "--in", "p.csv", "--from", "3", "--to", "2", "--points", "5", "--steps", "0", "--quiet"))
	for i, row := range part {
		s := float64(i) / 4
		if math.Abs(row[0]-(4.3*(1-s)+3*s)) > 1e-4 || math.Abs(row[1]-(80*(1-s)+70*s)) > 1e-3 {
			t.Errorf("point %d of a straight path is %v", i, row)
		}
	}
	for want, args := range map[string][]string{
		"--from 4: p.csv has the points 1 to 3":           {"--from", "4"},
		"--to -1: p.csv has the points 1 to 3":            {"--to", "-1"},
		"--points: 2 points; want 3 to 1024":              {"--points", "2"},
		"--step-size: a step size of 0; want one above 0": {"--step-size", "0"},
	} {
		refuse(t, dir, exitUsage, want, append([]string{"interpolate", run, "--in", "p.csv"}, args...)...)
	}
	refuse(t, dir, exitFailed, "from point 2 to 2: both ends of the path are the same point", "interpolate", run, "--in", "p.csv", "--from", "2", "--to", "2")
}

// Of a run on images what comes out can be pictures of them; of another it cannot.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "pictures"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		picture := image.NewGray(image.Rect(0, 0, 4, 3))
		for k := range picture.Pix {
			picture.Pix[k] = uint8((37*i + 50*k) % 256)
		}
		var file bytes.Buffer
		if err := png.Encode(&file, picture); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, "pictures"), fmt.Sprintf("%02d.png", i), file.String())
	}
	put(t, dir, "config.yaml", "extends: two-gaussians/dsm\nname: pictures\ndata: {kind: images, path: pictures}\n")
	succeed(t, dir, append([]string{"train", "config.yaml", "--out", "run", "--no-figures"}, small...)...)
	succeed(t, dir, "sample", "run", "-n", "6", "-o", "some.npy")
	mask := datasets.NewPoints(1, 12)
	mask.Values[3], mask.Values[4] = 1, 1
	if err := datasets.WriteNPY(filepath.Join(dir, "mask.npy"), mask, datasets.Float32); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join("pictures", "07.png")
	_, scores := table(t, succeed(t, dir, "anomaly", "run", "--in", "pictures", "--fpr", "0.2"))
	_, alone := table(t, succeed(t, dir, "anomaly", "run", "--in", one, "--fpr", "0.2"))
	if len(scores) != 40 || len(alone) != 1 || math.Abs(alone[0][0]-scores[7][0]) > 1e-4*(1+math.Abs(scores[7][0])) {
		t.Errorf("scores of pictures: %v and %v", scores, alone)
	}
	blot := image.NewGray(image.Rect(0, 0, 4, 3))
	blot.Pix[5] = 255
	var file bytes.Buffer
	if err := png.Encode(&file, blot); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "blot.png", file.String())
	_, whole := table(t, succeed(t, dir, "inpaint", "run", "--in", one, "--mask", "blot.png", "--set", "sampler.steps=10"))
	for k, v := range whole[0] {
		if pixel := float64((37*7 + 50*k) % 256); (v == pixel) != (k != 5) {
			t.Errorf("pixel %d, %v, is completed to %v", k, pixel, v)
		}
	}
	refuse(t, dir, exitFailed, `pictures: the name ends in "", want .csv, .npy or .parquet`, "energy", faithfulRun(t), "--in", "pictures")
	for name, args := range map[string][]string{
		"denoise": {"--sigma", "0.2"}, "inpaint": {"--mask", "mask.npy", "--draws", "3", "--set", "sampler.steps=10"}, "interpolate": {"--points", "5", "--steps", "10"},
	} {
		succeed(t, dir, append([]string{name, "run", "--in", "some.npy", "-o", name + ".png"}, args...)...)
		if picture, err := png.Decode(strings.NewReader(read(t, dir, name+".png"))); err != nil || picture.Bounds().Dx() < 12 {
			t.Errorf("%s: %v", name, err)
		}
		refuse(t, dir, exitUsage, "--output x.png: the points of this run are no images; want .npy or .csv", name, faithfulRun(t), "--in", "some.npy", "-o", "x.png")
	}
}
