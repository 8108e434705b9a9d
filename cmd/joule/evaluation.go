package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// evaluation is the flags of commands that evaluate the model of a run at the points of a file.
type evaluation struct {
	cmd                                *cobra.Command
	input, output, checkpoint, backend string
}

func evaluationFlags(cmd *cobra.Command) *evaluation {
	e := &evaluation{cmd: cmd}
	cmd.Flags().StringVar(&e.input, "in", "", "points, .csv, .npy or .parquet")
	cmd.Flags().StringVarP(&e.output, "output", "o", "", "file to write, .npy or .csv (default: CSV on standard output)")
	checkpointFlag(cmd, &e.checkpoint)
	backendFlag(cmd, &e.backend, "that of the run's config")
	return e
}

// run reads what a run directory says, once the flags are found to be right.
func (e *evaluation) run(dir string) (*trained, error) {
	if e.input == "" {
		return nil, coded(exitUsage, fmt.Errorf("--in is missing: want a .csv, .npy or .parquet file of points; usage: %s", e.cmd.UseLine()))
	}
	if err := checkPointsOutput(e.output); err != nil {
		return nil, err
	}
	return readRun(dir, e.checkpoint, nil)
}
