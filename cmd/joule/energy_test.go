package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"joule/datasets"
	"joule/rundir"
)

// spoil makes the parameters of a run so large that energies overflow.
func spoil(t *testing.T, dir string) {
	t.Helper()
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range p.Tensors {
		for i := 3; i < len(tensor.Data); i += 4 {
			tensor.Data[i], tensor.Data[i-1] = 0x7f, 0x00 // 1.7e38, whatever the rest
		}
	}
	if err := run.WriteParameters(p); err != nil {
		t.Fatal(err)
	}
}

// table reads CSV with a header.
func table(t *testing.T, text string) (header []string, rows [][]float64) {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		var row []float64
		for _, cell := range line {
			x, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, x)
		}
		rows = append(rows, row)
	}
	return lines[0], rows
}

// Scores are −dE/dx in the units of the data: standardisation is undone.
func TestEnergyScoresAreSlopesOfEnergies(t *testing.T) {
	dir := t.TempDir()
	points := [][2]float64{{2, 55}, {3.1, 70}, {4.4, 80}}
	step := [2]float64{0.02, 0.3}
	var at, around strings.Builder
	fmt.Fprintln(&at, "waiting,eruptions,other") // columns are found by name
	fmt.Fprintln(&around, "eruptions,waiting")
	for _, p := range points {
		fmt.Fprintf(&at, "%v,%v,7\n", p[1], p[0])
		for k := range p {
			for _, side := range []float64{1, -1} {
				q := p
				q[k] += side * step[k]
				fmt.Fprintf(&around, "%v,%v\n", q[0], q[1])
			}
		}
	}
	run := faithfulRun(t)
	header, scores := table(t, succeed(t, dir, "energy", run, "--in", put(t, dir, "at.csv", at.String()), "--score"))
	if strings.Join(header, " ") != "score_eruptions score_waiting" || len(scores) != len(points) {
		t.Fatalf("scores are %v %v", header, scores)
	}
	header, energies := table(t, succeed(t, dir, "energy", run, "--in", put(t, dir, "around.csv", around.String())))
	if len(header) != 1 || header[0] != "energy" || len(energies) != 4*len(points) {
		t.Fatalf("energies are %v %v", header, energies)
	}
	for i := range points {
		for k := range step {
			up, down := energies[4*i+2*k][0], energies[4*i+2*k+1][0]
			slope := -(up - down) / (2 * step[k])
			if math.Abs(scores[i][k]-slope) > 0.01*math.Abs(slope)+1e-4 {
				t.Errorf("at %v the score along %d is %v, and the energy's slope gives %v", points[i], k, scores[i][k], slope)
			}
		}
	}
}

// Energies do not depend on the form of the files.
func TestEnergyFiles(t *testing.T) {
	dir := t.TempDir()
	run := faithfulRun(t)
	for _, name := range []string{"points.csv", "points.npy"} {
		succeed(t, dir, "sample", run, "-n", "11", "-o", name)
	}
	_, printed := table(t, succeed(t, dir, "energy", run, "--in", "points.csv"))
	for _, c := range [][2]string{{"points.csv", "a.npy"}, {"points.npy", "b.npy"}, {"points.npy", "c.csv"}} {
		if out := succeed(t, dir, "energy", run, "--in", c[0], "-o", c[1]); out != "" {
			t.Errorf("energy -o prints %q", out)
		}
		got, _, err := datasets.ReadPoints(filepath.Join(dir, c[1]))
		if err != nil || got.N != len(printed) || got.Dim != 1 {
			t.Fatalf("%s: %+v, %v", c[1], got, err)
		}
		for i, row := range printed {
			if math.Abs(got.Values[i]-row[0]) > 1e-5*(1+math.Abs(row[0])) {
				t.Errorf("%s: energy %d is %v, want %v", c[1], i, got.Values[i], row[0])
			}
		}
	}
	if header := read(t, dir, "b.npy")[:80]; !strings.Contains(header, "'shape': (11,)") {
		t.Errorf("energies are no vector: %q", header)
	}
}

func TestEnergyRefuses(t *testing.T) {
	dir := t.TempDir()
	run := faithfulRun(t)
	succeed(t, dir, "sample", run, "-n", "4", "-o", "whole.npy")
	put(t, dir, "short.npy", read(t, dir, "whole.npy")[:130])
	put(t, dir, "nan.csv", "eruptions,waiting\n1,2\n3,NaN\n")
	put(t, dir, "ragged.csv", "eruptions,waiting\n1,2\n3\n")
	put(t, dir, "empty.csv", "")
	put(t, dir, "other.csv", "eruption,wait\n1,2\n")
	put(t, dir, "points.txt", "1 2\n")
	put(t, dir, "good.csv", "eruptions,waiting\n1,2\n")
	if err := datasets.WriteNPY(filepath.Join(dir, "three.npy"), datasets.NewPoints(2, 3), datasets.Float64); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--in is missing: want a .csv, .npy or .parquet file of points; …", nil},
		{exitFailed, "none.csv: no such file or directory", []string{"--in", "none.csv"}},
		{exitFailed, `points.txt: the name ends in ".txt", want .csv, .npy or .parquet`, []string{"--in", "points.txt"}},
		{exitFailed, `nan.csv:3: column "waiting": "NaN" stands for a missing value, want a value; the run has nothing that stands in for one`, []string{"--in", "nan.csv"}},
		{exitFailed, "ragged.csv:3: the row has 1 cells, want 2 as on line 1", []string{"--in", "ragged.csv"}},
		{exitFailed, "empty.csv: the file is empty, want rows of comma-separated numbers", []string{"--in", "empty.csv"}},
		{exitFailed, `other.csv: there is no column "eruptions", which the run was trained on, did you mean "eruption"?; it has eruption, wait`, []string{"--in", "other.csv"}},
		{exitFailed, "short.npy: the file is truncated: …", []string{"--in", "short.npy"}},
		{exitFailed, "three.npy: points of 3 coordinates, and the model was trained on 2 (eruptions waiting)", []string{"--in", "three.npy"}},
		{exitUsage, `--output x.txt: the name ends in ".txt"; want .npy or .csv`, []string{"--in", "good.csv", "-o", "x.txt"}},
		{exitUsage, "--output none/x.npy: there is no folder none", []string{"--in", "good.csv", "-o", "none/x.npy"}},
	} {
		refuse(t, dir, c.code, c.want, append([]string{"energy", run}, c.args...)...)
	}
	if _, err := os.Stat(filepath.Join(dir, "x.txt")); err == nil {
		t.Error("a refused output was written")
	}
}
