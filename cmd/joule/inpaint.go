package main

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/datasets"
	"joule/inference"
)

func newInpaint() *cobra.Command {
	var input, mask, output, backend, checkpoint string
	var sets, missing []string
	var draws int
	var seed int64
	cmd := &cobra.Command{
		Use:   "inpaint RUN --in FILE",
		Short: "Draw what is missing of points, given the rest",
		Long: `inpaint completes the points of a CSV or NPY file: cells that are empty, NaN or NA, those that --mask marks, and the columns
that --missing names, are drawn from the model's density of them given the others of the same point. Points are in the units of the data, and known values come out
as they went in. With --draws there are several completions of each point, one after the other.

The chains are those of the config's sampler section, which can be changed, in as many steps as it says: they move in the
missing coordinates alone. Of a run on images,
whose points are their pixels, this is inpainting, and an --output that ends in .png or .svg is a picture of them.`,
		Example: `  joule inpaint runs/dsm --in gaps.csv -o whole.csv
  joule inpaint runs/dsm --in eruptions.csv --missing waiting --draws 100
  joule inpaint runs/dsm --in points.npy --mask mask.npy --draws 10 --set 'sampler={kind: hmc}' -o draws.npy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" {
				return coded(exitUsage, fmt.Errorf("--in is missing: want a .npy or .csv file of points; usage: %s", cmd.UseLine()))
			}
			if err := checkSamplesOutput(output); err != nil {
				return err
			}
			t, err := readRun(args[0], checkpoint, sets, "sampler")
			if err != nil {
				return err
			}
			if err := t.checkPictures(output); err != nil {
				return err
			}
			points, known, err := t.readGaps(input, mask, missing)
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
			columns := draws // those of a point in a row
			if draws == 1 {
				columns = 0
			}
			return t.writePictures(output, cmd.OutOrStdout(), complete, columns)
		},
	}
	cmd.Flags().StringVar(&input, "in", "", "points, .npy or .csv, some cells of which may be empty")
	cmd.Flags().StringVar(&mask, "mask", "", "what else is to be drawn, .npy or .csv: 1 in its place and 0 elsewhere, a row for each point or one for all")
	cmd.Flags().StringSliceVar(&missing, "missing", nil, "columns that are to be drawn; a CSV file need not have them")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, .npy or .csv, or .png or .svg of images (default: CSV on standard output)")
	cmd.Flags().IntVar(&draws, "draws", 1, "completions of each point")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of sampler, such as sampler.steps=200; repeatable")
	cmd.Flags().Int64Var(&seed, "seed", 0, "seed of the chains")
	checkpointFlag(cmd, &checkpoint)
	backendFlag(cmd, &backend, "that of the run's config")
	return cmd
}

// readGaps reads points some of whose coordinates are missing, there, by a mask or by their columns, and says which are known,
// [n·dim].
func (t *trained) readGaps(file, mask string, missing []string) (points datasets.Points, known []bool, err error) {
	for _, column := range missing {
		if !slices.Contains(t.dataset.Columns, column) {
			return points, nil, coded(exitUsage, fmt.Errorf("--missing %.60q: is no column of the run; want some of %.300s", column, strings.Join(t.dataset.Columns, ", ")))
		}
	}
	if points, err = t.readIncomplete(file, missing); err != nil {
		return points, nil, err
	}
	known = make([]bool, len(points.Values))
	for i, v := range points.Values {
		known[i] = !math.IsNaN(v) && !slices.Contains(missing, t.dataset.Columns[i%points.Dim])
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
	if !slices.Contains(known, false) {
		return points, nil, coded(exitUsage, fmt.Errorf("%s: nothing is missing; cells that are to be drawn are empty or NaN, marked by --mask, or in a column that --missing names", file))
	}
	return points, known, nil
}

// readIncomplete is read for points of which coordinates may be missing: those are NaN. Columns that are missing altogether need not
// be there, where they are found by name.
func (t *trained) readIncomplete(file string, missing []string) (datasets.Points, error) {
	there := t.wanted()
	if strings.ToLower(filepath.Ext(file)) == ".csv" {
		there = slices.DeleteFunc(slices.Clone(there), func(column string) bool { return slices.Contains(missing, column) })
	}
	if len(there) == len(t.wanted()) {
		points, _, err := datasets.ReadIncomplete(file, there...)
		if err != nil {
			return datasets.Points{}, err
		}
		return points, t.checkDim(file, points)
	}
	if len(there) == 0 {
		return datasets.Points{}, coded(exitUsage, errors.New("--missing: names all columns, and nothing would be given; joule sample draws whole points"))
	}
	some, _, err := datasets.ReadIncomplete(file, there...)
	if err != nil {
		return datasets.Points{}, err
	}
	points := datasets.NewPoints(some.N, len(t.dataset.Columns))
	for k, column := range t.dataset.Columns {
		from := slices.Index(there, column)
		for i := range points.N {
			points.Row(i)[k] = math.NaN()
			if from >= 0 {
				points.Row(i)[k] = some.Row(i)[from]
			}
		}
	}
	return points, nil
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
