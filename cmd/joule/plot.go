package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newPlot() *cobra.Command {
	var output, backend, format string
	cmd := &cobra.Command{
		Use:   "plot RUN",
		Short: "Draw a run: energy, samples, training curves",
		Long: `plot draws the figures of a run into its folder figures/ and prints their paths. For data in two dimensions: the data
beside the learned energy (energy), samples over the model's density (samples), and the training curves (training). In
other dimensions: the curves, and histograms of the energies of data, samples and noise (energies).

With --output it draws only the first of these, energy or energies, to that file.`,
		Example: `  joule plot runs/dsm
  joule plot runs/dsm -o energy.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "png" && format != "svg" {
				return coded(exitUsage, fmt.Errorf("--format %s: want png or svg", format))
			}
			if ending := strings.ToLower(filepath.Ext(output)); output != "" && ending != ".png" && ending != ".svg" {
				return coded(exitUsage, fmt.Errorf("--output %s: the name ends in %q; want .png or .svg", output, ending))
			}
			t, err := openRun(args[0], backend, nil, "")
			if err != nil {
				return err
			}
			defer t.close()
			set, err := t.data()
			if err != nil {
				return err
			}
			if output != "" {
				if err := t.drawOne(set, output); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), output)
				return err
			}
			paths, err := t.draw(set, format)
			for _, path := range paths {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "draw one figure, to this .png or .svg file")
	cmd.Flags().StringVar(&format, "format", "png", "png or svg, for the figures in the run's folder")
	backendFlag(cmd, &backend, "that of the run's config")
	return cmd
}
