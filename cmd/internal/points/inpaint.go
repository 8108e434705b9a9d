package points

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/inference"
)

// NewInpaint is the command inpaint.
func NewInpaint() *cobra.Command {
	var flags *evaluation
	var mask string
	var sets, missing []string
	var draws int
	var seed int64
	cmd := &cobra.Command{
		Use:   "inpaint RUN --in FILE",
		Short: "Draw what is missing of points, given the rest",
		Long: `inpaint completes the points of a file, read as energy does: cells that are empty or hold what stands for a missing value in the
data, such as NaN, those that --mask marks, and the columns that --missing names, are drawn from the model's density of them given
the others of the same point. Points are in the units of the data, and known values come out as they went in. With --draws there
are several completions of each point, one after the other.

The chains are those of the config's sampler section, which can be changed, in as many steps as it says: they move in the
missing coordinates alone. Of a run on images, whose points are their pixels, this is inpainting, and an --output that ends in
.png or .svg is a picture of them.`,
		Example: `  joule inpaint runs/dsm --in gaps.csv -o whole.csv
  joule inpaint runs/dsm --in eruptions.csv --missing waiting --draws 100
  joule inpaint runs/dsm --in points.npy --mask mask.npy --draws 10 --set 'sampler={kind: hmc}' -o draws.npy`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := flags.run(args[0], sets, "sampler")
			if err != nil {
				return err
			}
			points, known, err := readGaps(t, flags.input, mask, missing)
			if err != nil {
				return err
			}
			if draws < 1 || draws > trained.MaxSamples/points.N {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--draws %d: want 1 to %d for %d points", draws, trained.MaxSamples/points.N, points.N))
			}
			if err := t.Open(flags.backend); err != nil {
				return err
			}
			defer t.Close()
			complete, err := complete(t, points, known, draws, seed)
			if err != nil {
				return err
			}
			columns := draws // those of a point in a row
			if draws == 1 {
				columns = 0
			}
			return writePictures(t, flags.output, cmd.OutOrStdout(), complete, columns)
		},
	}
	flags = pointsFlags(cmd)
	cmd.Flags().StringVar(&mask, "mask", "", "what else is to be drawn, .csv, .npy or .parquet: 1 in its place and 0 elsewhere, a row for each point or one for all; of images also images, white in its place")
	cmd.Flags().StringSliceVar(&missing, "missing", nil, "columns that are to be drawn, and need not be in the file")
	cmd.Flags().IntVar(&draws, "draws", 1, "completions of each point")
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of sampler, such as sampler.steps=200; repeatable")
	cmd.Flags().Int64Var(&seed, "seed", 0, "seed of the chains")
	return cmd
}

// readGaps reads points some of whose coordinates are missing, there, by a mask or by their columns, and says which are known,
// [n·dim].
func readGaps(t *trained.Run, file, mask string, missing []string) (points datasets.Points, known []bool, err error) {
	if points, err = readIncomplete(t, file, missing); err != nil {
		return points, nil, err
	}
	known = make([]bool, len(points.Values))
	for i, v := range points.Values {
		known[i] = !math.IsNaN(v)
	}
	if mask != "" {
		marks, err := readMask(t, mask)
		if err != nil {
			return points, nil, err
		}
		if marks.N != points.N && marks.N != 1 {
			return points, nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--mask: %s has %d rows for the %d points of %s; want as many, or one for all", mask, marks.N, points.N, file))
		}
		for i := range known {
			known[i] = known[i] && marks.Values[i%len(marks.Values)] == 0
		}
	}
	if !slices.Contains(known, false) {
		return points, nil, cli.Coded(cli.ExitUsage, fmt.Errorf("%s: nothing is missing; cells that are to be drawn are empty or NaN, marked by --mask, or in a column that --missing names", file))
	}
	return points, known, nil
}

// readIncomplete is Run.Read for points of which values may be missing, and all of some columns, whose coordinates are NaN.
func readIncomplete(t *trained.Run, file string, missing []string) (datasets.Points, error) {
	columns := t.Encoding().Names()
	rest := slices.DeleteFunc(slices.Clone(columns), func(column string) bool { return slices.Contains(missing, column) })
	for _, column := range missing {
		if !slices.Contains(columns, column) {
			return datasets.Points{}, cli.Coded(cli.ExitUsage, fmt.Errorf("--missing %.60q: is no column of the run; want some of %.300s", column, strings.Join(columns, ", ")))
		}
	}
	if len(rest) == 0 {
		return datasets.Points{}, cli.Coded(cli.ExitUsage, errors.New("--missing: names all columns, and nothing would be given; joule sample draws whole points"))
	}
	holdsImages, err := t.HoldsImages(file)
	if err != nil {
		return datasets.Points{}, err
	}
	if !holdsImages {
		points, err := t.Encoding().ReadIncomplete(file, missing...)
		if err != nil {
			return datasets.Points{}, err
		}
		return points, t.CheckRange(file, points)
	}
	points, err := t.Read(file)
	for i := range points.Values {
		if slices.Contains(missing, columns[i%points.Dim]) {
			points.Values[i] = math.NaN()
		}
	}
	return points, err
}

// readMask reads what is to be drawn, as 1 and 0: of a column of categories it is one number, for all of its coordinates. A picture is
// white where something is to be drawn.
func readMask(t *trained.Run, file string) (datasets.Points, error) {
	holdsImages, err := t.HoldsImages(file)
	if err != nil {
		return datasets.Points{}, err
	}
	columns := t.Encoding().Names()
	ofMarks := datasets.Plain(columns)
	ofMarks.Delimiter = t.Encoding().Delimiter
	var marks datasets.Points
	if holdsImages {
		marks, err = datasets.ReadImages(file, datasets.NewNPZ(), datasets.Image(*t.Dataset.Image), 0)
	} else {
		marks, err = ofMarks.Read(file)
	}
	if err != nil {
		return datasets.Points{}, err
	}
	for i, mark := range marks.Values {
		if mark == math.MaxUint8 && holdsImages {
			marks.Values[i] = 1
		} else if mark != 0 && mark != 1 {
			return datasets.Points{}, fmt.Errorf("%s: row %d has %v in column %s; want 1 for what is to be drawn and 0 elsewhere", file, i/marks.Dim+1, mark, columns[i%marks.Dim])
		}
	}
	return t.Encoding().Spread(marks), nil
}

// complete draws what is missing of points in the units of the data.
func complete(t *trained.Run, points datasets.Points, known []bool, draws int, seed int64) (datasets.Points, error) {
	p := inference.Inpainting{Sampler: t.Config.Sampler, Start: t.Start(), Draws: draws, Seed: seed}
	drawn, err := p.Complete(t.Model, t.Transform().Apply(points), known)
	if err != nil {
		return datasets.Points{}, fmt.Errorf("%w; a smaller sampler.step_size keeps chains stable", err)
	}
	drawn = t.Transform().Undo(drawn)
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
