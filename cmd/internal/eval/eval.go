// Package eval is joule eval, which measures a run on its data.
package eval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/metrics"
)

// New is the command eval.
func New() *cobra.Command {
	var asJSON, withAIS bool
	var grid, samples int
	ais := metrics.NewAIS()
	var backend, checkpoint string
	var outliers outlierOptions
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Measure a trained model on its data",
		Long: `eval loads a run's data again and measures its model on it. In one and two dimensions it integrates over a grid around
the data: log Z, the negative log likelihood (NLL) of the training and the held-out part, and where the true density is
known the Kullback–Leibler and Fisher divergences from it, with its entropy, the best NLL there can be, beside them. Where
a density was fitted to the data (data.density), they refer to that one, and are marked so. In 3 to 64 dimensions, and with
--ais, annealed importance sampling bounds log Z from below and from above, with standard errors; in more than two dimensions
the NLL follows from the lower bound, and is by so much too good as that is too low. --ais=false leaves both out there. Where
the data have labels and the model classes, it says how many are right, and how far off their probabilities are: the cross
entropy and the expected calibration error.
All figures are in nats; log likelihoods are of the data in its own units.

With --samples it draws points as sample does, and compares the model with held-out points in more ways, in the coordinates of
the model: the kernelised Stein discrepancy (KSD), the maximum mean discrepancy (MMD) and the sliced Wasserstein distance of
the samples, how they are shared out among the modes of a known mixture, and how well the energy tells uniform outliers. Beside
a figure is what it would be for a perfect model. docs/metrics.md says how each is defined.

With --outliers or --in-file it measures instead how well the energy tells outliers from other points, held-out ones or those
of the class --normal: the area under the receiver operating characteristic (AUROC), the average precision with outliers as
positives (AUPR), and the share of other points at or above the score that 95 % of the outliers reach (FPR at 95 % TPR).`,
		Example: `  joule eval runs/dsm
  joule eval runs/dsm --json | jq .test_nll
  joule eval runs/dsm --ais --ais-steps 5000
  joule eval runs/dsm --samples 2000
  joule eval runs/dsm --outliers broken.csv --outliers noise.npy
  joule eval runs/dsm --in-file all.csv --label-column class --normal good`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := outliers.check(cmd); err != nil {
				return err
			}
			if outliers.areAsked() {
				d, err := outliers.measure(args[0], checkpoint, backend)
				switch {
				case err != nil:
					return err
				case asJSON:
					return json.NewEncoder(cmd.OutOrStdout()).Encode(d)
				}
				return d.print(cmd.OutOrStdout())
			}
			isSampled := cmd.Flags().Changed("samples")
			if isSampled && (samples < 1 || samples > trained.MaxSamples) {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--samples %d: want 1 to %d", samples, trained.MaxSamples))
			}
			if err := cmp.Or(trained.CheckGrid(grid), trained.CheckAIS(ais)); err != nil {
				return err
			}
			t, err := trained.Read(args[0], checkpoint, nil)
			if err != nil {
				return err
			}
			how := metrics.Options{Grid: grid, NoAIS: true} // unless it is asked for, or nothing else can be had
			dim := len(t.Dataset.Columns)
			if err := t.CheckGrid(grid); err != nil {
				return err
			}
			if isSampled {
				if err := t.CheckSampling("samples", samples); err != nil {
					return err
				}
			}
			if withAIS || dim > 2 && !cmd.Flags().Changed("ais") {
				if how.NoAIS = false; withAIS || cli.Changed(cmd, trained.AISFlags...) != "" {
					how.AIS = &ais
				}
			} else if own := cli.Changed(cmd, trained.AISFlags...); own != "" && !(own == "seed" && isSampled) {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: is of annealed importance sampling, which there is only with --ais", own))
			}
			if err := t.Open(backend); err != nil {
				return err
			}
			defer t.Close()
			set, err := t.Data()
			if err != nil {
				return err
			}
			if isSampled {
				if err := checkHeldOut(t, set); err != nil {
					return err
				}
			}
			e, err := t.Evaluate(set, how)
			if err != nil {
				return err
			}
			var comparison *metrics.Comparison
			if isSampled {
				if comparison, err = compareSamples(t, set, samples, ais.Seed); err != nil {
					return err
				}
			}
			density := ""
			if set.Density != nil {
				density = t.DensityName()
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(struct {
					*metrics.Evaluation
					*metrics.Comparison
					Density string `json:"density,omitempty"` // true or fitted: what entropy and divergences refer to
				}{e, comparison, density})
			}
			if err := printEvaluation(cmd.OutOrStdout(), e, density); err != nil || comparison == nil {
				return err
			}
			return printComparison(cmd.OutOrStdout(), comparison, density)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON object instead of a table")
	cmd.Flags().BoolVar(&withAIS, "ais", false, "estimate log Z by annealed importance sampling too (default: in 3 to 64 dimensions)")
	trained.AISFlag(cmd, &ais)
	cmd.Flags().Lookup("seed").Usage = "seed of annealed importance sampling, and of --samples"
	trained.GridFlag(cmd, &grid)
	cmd.Flags().IntVar(&samples, "samples", 0, "draw so many points, and compare them and the model with held-out points")
	outliers.flags(cmd)
	trained.CheckpointFlag(cmd, &checkpoint)
	cli.BackendFlag(cmd, &backend, "that of the run's config")
	return cmd
}

// printEvaluation prints a line for each figure that there is. density says what kind of density the model is compared
// with.
func printEvaluation(w io.Writer, e *metrics.Evaluation, density string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name string, value *float64, format string) {
		if value != nil {
			fmt.Fprintf(table, "%s\t"+format+"\n", name, *value)
		}
	}
	const nats = "%.4f nats"
	line("test NLL", e.TestNLL, nats)
	line("train NLL", e.TrainNLL, nats)
	line("entropy of the "+density+" density", e.Entropy, nats)
	line("KL from the "+density+" density", e.KL, nats)
	line("Fisher divergence from it", e.Fisher, "%.4f")
	line("log Z", e.LogZ, nats)
	if a := e.AIS; a != nil {
		fmt.Fprintf(table, "log Z by AIS, from below\t%.4f ± %.4f nats\n", a.Lower, a.LowerError)
		fmt.Fprintf(table, "log Z by AIS, from above\t%.4f ± %.4f nats\n", a.Upper, a.UpperError)
		fmt.Fprintf(table, "effective chains of AIS\t%.0f, with %.0f %% of proposals accepted\n", a.EffectiveChains, 100*a.Acceptance)
	}
	line("mean energy, test", e.TestEnergy, "%.4f")
	line("mean energy, train", &e.TrainEnergy, "%.4f")
	classes := func(part string, c *metrics.Classification) {
		if c != nil {
			fmt.Fprintf(table, "classes, %s\t%.2f %% right, cross entropy %.4f nats, calibration error %.4f\n", part, 100*c.Accuracy, c.CrossEntropy, c.CalibrationError)
		}
	}
	classes("test", e.TestClasses)
	classes("train", e.TrainClasses)
	line("probability at the grid's border", e.BorderMass, "%.1e")
	line("log Z on half the grid's points, off by", e.GridError, "%.1e nats")
	line("mass of that density on the grid", e.TrueMass, "%.6f")
	if e.Grid > 0 {
		fmt.Fprintf(table, "grid\t%d points an axis, %.4g to %.4g\n", e.Grid, e.Low, e.High)
	}
	return table.Flush()
}
