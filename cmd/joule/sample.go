package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// maxSamples is the largest number of chains of one call: they are all on the device at once.
const maxSamples = 10_000_000

func newSample() *cobra.Command {
	var n int
	var output, backend, checkpoint string
	var sets []string
	var seed int64
	cmd := &cobra.Command{
		Use:   "sample RUN",
		Short: "Draw points from a trained model",
		Long: `sample runs one Markov chain a point and writes where they end, in the units of the data: float32 NPY or CSV by the
ending of --output, CSV on standard output without one. The chains are those of the config's sampler section; they start
from a Gaussian around the data.`,
		Example: `  joule sample runs/dsm -n 1000 -o samples.npy
  joule sample runs/dsm -n 5 --set sampler.steps=200`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > maxSamples {
				return coded(exitUsage, fmt.Errorf("--number %d: want 1 to %d", n, maxSamples))
			}
			if err := checkPointsOutput(output); err != nil {
				return err
			}
			t, err := openRun(args[0], checkpoint, backend, sets, "sampler")
			if err != nil {
				return err
			}
			defer t.close()
			points, err := t.sample(n, seed)
			if err != nil {
				return err
			}
			return writePoints(output, cmd.OutOrStdout(), points, t.dataset.Columns)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 1000, "number of points")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .npy or .csv (default: CSV on standard output)")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of the sampler, such as sampler.steps=200; repeatable")
	cmd.Flags().Int64Var(&seed, "seed", 0, "seed of the chains")
	checkpointFlag(cmd, &checkpoint)
	backendFlag(cmd, &backend, "that of the run's config")
	return cmd
}
