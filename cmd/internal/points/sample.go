package points

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
)

// NewSample is the command sample.
func NewSample() *cobra.Command {
	var n int
	var output, diagnostics, backend, checkpoint string
	var sets []string
	var seed int64
	var class int
	cmd := &cobra.Command{
		Use:   "sample RUN",
		Short: "Draw points from a trained model",
		Long: `sample runs Markov chains and writes points of theirs, in the units and the columns of the data: float32 NPY or CSV by the
ending of --output, CSV on standard output without one; of images also a grid of them, as PNG or SVG. Of a column of categories
it is the one whose coordinate is largest. The chains are those of the config's sampler section, and start from a
Gaussian around the data; its section sampling says how many there are. Without sampling.chains there is one for each
point, which is where it ends; with it, the first points of all chains come first, then their second points, and so on.
--class draws points of one class from a model that has classes, from p(x|y) ∝ exp(f(x)[y]).

--diagnostics looks at how far the chains agree: R̂, effective numbers of points, acceptance, and the gap between the energies
of the points and of the data. A table goes to standard error, and all figures go to the file, as JSON. The first two need
at least four points a chain. docs/samplers.md says what to make of them.`,
		Example: `  joule sample runs/dsm -n 1000 -o samples.npy
  joule sample runs/dsm -n 5 --set sampler.steps=200
  joule sample runs/jem -n 100 --class 1
  joule sample runs/dsm -n 1000 --set 'sampler={kind: hmc}' --set sampling.chains=4 --diagnostics chains.json -o samples.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > trained.MaxSamples {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--number %d: want 1 to %d", n, trained.MaxSamples))
			}
			if err := checkSamplesOutput(output); err != nil {
				return err
			}
			if err := checkDiagnosticsOutput(diagnostics, output); err != nil {
				return err
			}
			t, err := trained.Read(args[0], checkpoint, sets, "sampler", "sampling")
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("class") {
				if err := t.TakeClass(class); err != nil {
					return err
				}
			}
			if err := checkPictures(t, output); err != nil {
				return err
			}
			if err := t.CheckSampling("number", n); err != nil {
				return err
			}
			if err := t.Open(backend); err != nil {
				return err
			}
			defer t.Close()
			points, found, err := t.Sample(n, seed)
			if err != nil {
				return err
			}
			if err := writePictures(t, output, cmd.OutOrStdout(), points, 0); err != nil || diagnostics == "" {
				return err
			}
			t.Compare(found)
			return writeDiagnostics(diagnostics, cmd.OutOrStdout(), cmd.ErrOrStderr(), found)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 1000, "number of points")
	cmd.Flags().StringVarP(&output, "output", "o", "", samplesOutput)
	cmd.Flags().StringArrayVar(&sets, "set", nil, "change a key of sampler or sampling, such as sampler.steps=200; repeatable")
	cmd.Flags().StringVar(&diagnostics, "diagnostics", "", "file to write how the chains mix to, as JSON; - is standard output")
	cmd.Flags().IntVar(&class, "class", 0, "draw points of this class, by its number from 0 (default: of all)")
	cmd.Flags().Int64Var(&seed, "seed", 0, "seed of the chains")
	trained.CheckpointFlag(cmd, &checkpoint)
	cli.BackendFlag(cmd, &backend, "that of the run's config")
	return cmd
}

// checkSamplesOutput is checkPointsOutput where a grid of images can be written, too.
func checkSamplesOutput(path string) error {
	if isPicture(path) {
		return cli.CheckFolder("output", path)
	}
	return checkPointsOutput(path)
}

// isPicture says whether a path is that of a figure.
func isPicture(path string) bool {
	ending := strings.ToLower(filepath.Ext(path))
	return ending == ".png" || ending == ".svg"
}
