// Package points is the commands that say something of points, or make some: energy, classify, anomaly, denoise, inpaint,
// interpolate and sample.
package points

import (
	"fmt"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
)

// evaluation is the flags of commands that evaluate the model of a run at the points of a file.
type evaluation struct {
	cmd                                *cobra.Command
	input, output, checkpoint, backend string
	checkOutput                        func(path string) error
}

// evaluationFlags adds those of a command that writes numbers.
func evaluationFlags(cmd *cobra.Command) *evaluation {
	e := &evaluation{cmd: cmd, checkOutput: checkPointsOutput}
	e.flags("file to write, .npy or .csv (default: CSV on standard output)")
	return e
}

// pointsFlags adds those of a command that writes points like those of the run.
func pointsFlags(cmd *cobra.Command) *evaluation {
	e := &evaluation{cmd: cmd, checkOutput: checkSamplesOutput}
	e.flags(samplesOutput)
	return e
}

// samplesOutput says what --output is where checkSamplesOutput checks it.
const samplesOutput = "file to write, .npy or .csv, or .png or .svg of images (default: CSV on standard output)"

func (e *evaluation) flags(output string) {
	e.cmd.Flags().StringVar(&e.input, "in", "", "points, .csv, .npy or .parquet; of a run on images also a file or folder of them")
	e.cmd.Flags().StringVarP(&e.output, "output", "o", "", output)
	trained.CheckpointFlag(e.cmd, &e.checkpoint)
	cli.BackendFlag(e.cmd, &e.backend, "that of the run's config")
}

// check reports flags that cannot be.
func (e *evaluation) check() error {
	if e.input == "" {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--in is missing: want a .csv, .npy or .parquet file of points; usage: %s", e.cmd.UseLine()))
	}
	return e.checkOutput(e.output)
}

// run reads what a run directory says, once the flags are found to be right; sets change its config, as [trained.Read] allows.
func (e *evaluation) run(dir string, sets []string, allowed ...string) (*trained.Run, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	t, err := trained.Read(dir, e.checkpoint, sets, allowed...)
	if err != nil {
		return nil, err
	}
	return t, checkPictures(t, e.output)
}
