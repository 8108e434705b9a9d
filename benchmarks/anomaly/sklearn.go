package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"joule/datasets"
)

// script computes the scores of scikit-learn's detectors.
const script = "benchmarks/anomaly/sklearn_scores.py"

// The virtual environment that has scikit-learn, and what is installed in it.
const (
	venv        = ".venv-sklearn"
	requirement = "scikit-learn==1.9.1"
)

// installPeers makes the virtual environment unless it is there, and returns its interpreter.
func installPeers(log io.Writer) (string, error) {
	python := filepath.Join(venv, "bin", "python")
	stamp := filepath.Join(venv, "installed.txt")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == requirement {
		return python, nil
	}
	fmt.Fprintf(log, "installing %s in %s\n", requirement, venv)
	for _, command := range [][]string{
		{"python3", "-m", "venv", venv},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%v: %w", command, err)
		}
	}
	return python, os.WriteFile(stamp, []byte(requirement), 0o644)
}

// peers are the scores of the points of splits by each of scikit-learn's detectors.
func peers(ctx context.Context, python string, splits []*split) (versions string, scores map[string][][]float64, err error) {
	type in struct {
		Train  [][]float64 `json:"train"`
		Points [][]float64 `json:"points"`
		Seed   int         `json:"seed"`
	}
	var input struct {
		Splits []in `json:"splits"`
	}
	for seed, s := range splits {
		input.Splits = append(input.Splits, in{rows(s.set.Train), rows(s.points()), seed})
	}
	text, err := json.Marshal(input)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, python, script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return "", nil, fmt.Errorf("%s %s: %w", python, script, err)
	}
	var output struct {
		Versions string                 `json:"versions"`
		Scores   map[string][][]float64 `json:"scores"`
	}
	if err := json.Unmarshal(printed, &output); err != nil {
		return "", nil, fmt.Errorf("%s: %w", script, err)
	}
	return output.Versions, output.Scores, nil
}

// rows are the points one by one.
func rows(p datasets.Points) [][]float64 {
	list := make([][]float64, p.N)
	for i := range list {
		list[i] = p.Row(i)
	}
	return list
}
