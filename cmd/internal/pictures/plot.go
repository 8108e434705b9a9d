// Package pictures is joule plot and joule report.
package pictures

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/measured"
)

// NewPlot is the command plot.
func NewPlot() *cobra.Command {
	var output, backend, format string
	var what []string
	cmd := &cobra.Command{
		Use:   "plot RUN...",
		Short: "Draw runs: energy, samples, training curves",
		Long: `plot draws the figures of a run into its folder figures/ and prints their paths. For data in two dimensions: the data
beside the learned energy (energy), samples over the model's density (samples), and the training curves (training). In
other dimensions: the curves, and histograms of the energies of data, samples and noise (energies). For images: grids of
samples of the model (samples) and of the data (data), the histograms and the curves; and where it is asked for, chains as
they move, one a row (chains).

--what draws only the figures of these names. With --output it draws one figure to that file, the one that --what names or
else the first of these; and of several runs on the same data in two dimensions, their energies side by side.`,
		Example: `  joule plot runs/dsm
  joule plot runs/dsm -o energy.svg
  joule plot runs/mle runs/dsm -o compared.png
  joule plot runs/digits --what samples,chains`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if format != "png" && format != "svg" {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--format %s: want png or svg", format))
			}
			if output != "" {
				if err := cli.CheckOutput(output, ".png", ".svg"); err != nil {
					return err
				}
			}
			if output != "" && (len(what) > 1 || len(what) > 0 && len(dirs) > 1) {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--output %s: is for one figure of one run, and --what names %s of %d", output, strings.Join(what, ", "), len(dirs)))
			}
			runs, closeBackend, err := measured.OpenAll(dirs, backend)
			if err != nil {
				return err
			}
			defer closeBackend()
			for _, r := range runs {
				if err := r.CheckFigures(what); err != nil {
					return err
				}
			}
			if output != "" {
				if err := drawTo(output, runs, what); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), output)
				return err
			}
			for _, r := range runs {
				figures, err := r.Draw(r.InRun(format), what...)
				for _, f := range figures {
					fmt.Fprintln(cmd.OutOrStdout(), f.Path)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", r.Dir.Dir(), err)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "draw one figure, to this .png or .svg file")
	cmd.Flags().StringVar(&format, "format", "png", "png or svg, for the figures in the runs' folders")
	cmd.Flags().StringSliceVar(&what, "what", nil, "names of the figures to draw, such as samples (default: the usual ones)")
	cli.BackendFlag(cmd, &backend, "that of the first run's config")
	return cmd
}

// drawTo draws one figure: of a run the main one or what is asked for, or several runs side by side.
func drawTo(path string, runs []*measured.Run, what []string) error {
	if len(runs) == 1 {
		return runs[0].DrawOne(path, what...)
	}
	for _, r := range runs {
		if len(r.Dataset.Columns) != 2 {
			return fmt.Errorf("%s: its data has %d dimensions; only runs in two are drawn side by side", r.Dir.Dir(), len(r.Dataset.Columns))
		}
		if !measured.SameData(runs[0].Run, r.Run) {
			return fmt.Errorf("%s: its data is not that of %s; only runs on the same data are drawn side by side", r.Dir.Dir(), runs[0].Dir.Dir())
		}
	}
	figure, err := measured.SideBySide(runs)
	if err != nil {
		return err
	}
	return figure.Save(path)
}
