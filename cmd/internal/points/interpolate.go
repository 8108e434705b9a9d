package points

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/inference"
)

// NewInterpolate is the command interpolate.
func NewInterpolate() *cobra.Command {
	var flags *evaluation
	var from, to int
	var sigma float64
	s := inference.NewString()
	cmd := &cobra.Command{
		Use:   "interpolate RUN --in FILE",
		Short: "Lead from one point to another along the valleys of the energy",
		Long: `interpolate finds a path between two points of a file, read as energy does, in the units of the data, along which the energy is as low as
it can be: a minimum energy path, by the string method, which lets a straight string of points slide down the energy while they
stay evenly spread. Each point of the path comes out with its energy, E(x), in a column behind the others; standard error
says how high the pass between both ends is, and how far the path is from being at rest.`,
		Example: `  joule interpolate runs/dsm --in points.csv -o path.csv
  joule interpolate runs/dsm --in points.npy --from 3 --to 17 --points 65`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkString(s); err != nil {
				return err
			}
			t, err := flags.run(args[0], nil)
			if err != nil {
				return err
			}
			if err := t.At(sigma); err != nil {
				return err
			}
			points, err := t.Read(flags.input)
			if err != nil {
				return err
			}
			a, b := cmp.Or(from, 1), cmp.Or(to, points.N)
			for flag, row := range map[string]int{"from": a, "to": b} {
				if row < 1 || row > points.N {
					return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s %d: %s has the points 1 to %d", flag, row, flags.input, points.N))
				}
			}
			if err := t.Open(flags.backend); err != nil {
				return err
			}
			defer t.Close()
			x := t.Transform().Apply(points)
			path, err := s.Path(t.Model, x.Row(a-1), x.Row(b-1))
			if err != nil {
				return fmt.Errorf("from point %d to %d: %w", a, b, err)
			}
			if !cli.IsQuiet(cmd) {
				e := path.Energies
				top := slices.Max(e)
				fmt.Fprintf(cmd.ErrOrStderr(), "the path rises by %.4g nats above its start and by %.4g above its end; the largest slope across it is %.2g nats a unit\n", top-e[0], top-e[len(e)-1], path.Slope)
			}
			if isPicture(flags.output) {
				return writePictures(t, flags.output, nil, t.Transform().Undo(path.Points), 0)
			}
			table, columns := withEnergies(t, path)
			return writeTable(flags.output, cmd.OutOrStdout(), table, columns)
		},
	}
	flags = pointsFlags(cmd)
	cmd.Flags().IntVar(&from, "from", 0, "row of the point that the path starts at, from 1 (default: the first)")
	cmd.Flags().IntVar(&to, "to", 0, "row of the point that it ends at (default: the last)")
	cmd.Flags().IntVar(&s.Points, "points", s.Points, "points of the path, both ends included")
	cmd.Flags().IntVar(&s.Steps, "steps", s.Steps, "steps of the string")
	cmd.Flags().Float64Var(&s.StepSize, "step-size", s.StepSize, "size of a step, in squared coordinates of the model")
	trained.SigmaFlag(cmd, &sigma)
	return cmd
}

// checkString says which flag of the string method cannot be, each with the others as they are by default.
func checkString(s inference.String) error {
	points, steps, size := inference.NewString(), inference.NewString(), inference.NewString()
	points.Points, steps.Steps, size.StepSize = s.Points, s.Steps, s.StepSize
	for i, one := range []inference.String{points, steps, size} {
		if err := one.Check(); err != nil {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: %w", []string{"points", "steps", "step-size"}[i], err))
		}
	}
	return nil
}

// withEnergies is a path in the units of the data, with the energies behind: [points, dim+1], and what columns these are of.
func withEnergies(t *trained.Run, path *inference.Path) (datasets.Points, *datasets.Encoding) {
	points := t.Transform().Undo(path.Points)
	table := datasets.NewPoints(points.N, points.Dim+1)
	for i := range points.N {
		copy(table.Row(i), points.Row(i))
		table.Row(i)[points.Dim] = path.Energies[i]
	}
	columns := t.Encoding().Columns
	return table, &datasets.Encoding{Columns: append(columns[:len(columns):len(columns)], datasets.EncodedColumn{Name: energyColumn})}
}
