package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"joule/datasets"
	"joule/inference"
)

func newInpaint() *cobra.Command {
	var input, mask, output, backend, checkpoint string
	var sets []string
	var draws int
	var seed int64
	cmd := &cobra.Command{
		Use:   "inpaint RUN --in FILE",
		Short: "Draw what is missing of points, given the rest",
		Long: `inpaint completes the points of a CSV or NPY file: cells that are empty, NaN or NA, and those that --mask marks, are drawn from
the model's density of them given the others of the same point. Points are in the units of the data, and known values come out
as they went in. With --draws there are several completions of each point, one after the other.

The chains are those of the config's sampler section, which can be changed, in as many steps as it says: they move in the
missing coordinates alone. Of a run on images, whose points are their pixels, this is inpainting.`,
		Example: `  joule inpaint runs/dsm --in gaps.csv -o whole.csv
  joule inpaint runs/dsm --in points.npy --mask mask.npy --draws 10 --set 'sampler={kind: hmc}' -o draws.npy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" {
				return coded(exitUsage, fmt.Errorf("--in is missing: want a .npy or .csv file of points; usage: %s", cmd.UseLine()))
			}
			if err := checkPointsOutput(output); err != nil {
				return err
			}
			t, err := readRun(args[0], checkpoint, sets, "sampler")
			if err != nil {
				return err
			}
			points, known, err := t.readGaps(input, mask)
			if err != nil {
				return err
			}
			if draws < 1 || draws > maxSamples/points.N {
				return coded(exitUsage, fmt.Errorf("--draws %d: want 1 to %d for %d points", draws, maxSamples/points.N, points.N))
			}
			if err := t.open(backend); err != nil {
				return err
			}
			defer t.close()
			complete, err := t.complete(points, known, draws, seed)
			if err != nil {
				return err
			}
			return writePoints(output, cmd.OutOrStdout(), complete, t.dataset.Columns)
		},
	}
	cmd.Flags().StringVar(&input, "in", "", "points, .npy or .csv, some cells of which may be empty")
	cmd.Flags().StringVar(&mask, "mask", "", "what else is to be drawn, .npy or .csv: 1 in its place and 0 elsewhere, a row for each point or one for all")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .npy or .csv (default: CSV on standard output)")
	cmd.Flags().IntVar(&draws, "draws", 1, "completions of each point")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of sampler, such as sampler.steps=200; repeatable")
	cmd.Flags().Int64Var(&seed, "seed", 0, "seed of the chains")
	checkpointFlag(cmd, &checkpoint)
	backendFlag(cmd, &backend, "that of the run's config")
	return cmd
}

// readGaps reads points some of whose coordinates are missing, there or by a mask, and says which are known, [n·dim].
func (t *trained) readGaps(file, mask string) (points datasets.Points, known []bool, err error) {
	if points, err = t.readIncomplete(file); err != nil {
		return points, nil, err
	}
	known, missing := make([]bool, len(points.Values)), 0
	for i, v := range points.Values {
		known[i] = !math.IsNaN(v)
	}
	if mask != "" {
		marks, err := t.read(mask)
		if err != nil {
			return points, nil, err
		}
		if marks.N != points.N && marks.N != 1 {
			return points, nil, coded(exitUsage, fmt.Errorf("--mask: %s has %d rows for the %d points of %s; want as many, or one for all", mask, marks.N, points.N, file))
		}
		for i := range known {
			mark := marks.Values[i%len(marks.Values)]
			if mark != 0 && mark != 1 {
				return points, nil, fmt.Errorf("%s: row %d has %v in column %s; want 1 for what is to be drawn and 0 elsewhere", mask, i/points.Dim+1, mark, t.dataset.Columns[i%points.Dim])
			}
			known[i] = known[i] && mark == 0
		}
	}
	for _, k := range known {
		if !k {
			missing++
		}
	}
	if missing == 0 {
		return points, nil, coded(exitUsage, fmt.Errorf("%s: nothing is missing; cells that are to be drawn are empty or NaN, or marked by --mask", file))
	}
	return points, known, nil
}

// complete draws what is missing of points in the units of the data.
func (t *trained) complete(points datasets.Points, known []bool, draws int, seed int64) (datasets.Points, error) {
	p := inference.Inpainting{Sampler: t.config.Sampler, Start: t.start(), Draws: draws, Seed: seed}
	drawn, err := p.Complete(t.model, t.transform().Apply(points), known)
	if err != nil {
		return datasets.Points{}, fmt.Errorf("%w; a smaller sampler.step_size keeps chains stable", err)
	}
	drawn = t.transform().Undo(drawn)
	for i := range drawn.N {
		row := i / draws
		for k := range drawn.Dim {
			if known[row*drawn.Dim+k] { // to the last digit
				drawn.Row(i)[k] = points.Row(row)[k]
			}
		}
	}
	return drawn, nil
}
