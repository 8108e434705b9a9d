package points

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
	"joule/inference"
	"joule/models"
	"joule/trainers"
)

// NewDenoise is the command denoise.
func NewDenoise() *cobra.Command {
	var flags *evaluation
	var sigma float64
	steps := defaultDescent
	cmd := &cobra.Command{
		Use:   "denoise RUN --in FILE",
		Short: "Take noise off points",
		Long: `denoise says what the points of a file, read as energy does, were before Gaussian noise of the standard deviation --sigma was added to
them. Points are in the units of the data; σ is in the coordinates of the model, as noise levels in configs are: where the run
standardised its data, in standard deviations of each column.

An energy with noise levels has a density of points with noise for each σ within them, and one that was trained by dsm for its
own σ, which is then the default. From it comes the mean of the point without noise, by Tweedie's formula:
x + σ²∇ log p(x). Any other energy stands for points without noise: then it is the most probable one that descent of
E(x) + ‖x − y‖²/(2σ²) leads to from y, which takes --steps. Standard error says which of the two was done.`,
		Example: `  joule denoise runs/msdsm --in noisy.csv --sigma 0.3 -o clean.csv
  joule denoise runs/mle --in noisy.npy --sigma 0.5`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := flags.run(args[0], nil)
			if err != nil {
				return err
			}
			d, err := denoiserOf(t, sigma, steps)
			if err != nil {
				return err
			}
			if d.how == byTweedie && cmd.Flags().Changed("steps") {
				return cli.Coded(cli.ExitUsage, errors.New("--steps: are of descent, and this energy needs none: it has a noise level for this σ"))
			}
			points, err := t.Read(flags.input)
			if err != nil {
				return err
			}
			if err := t.Open(flags.backend); err != nil {
				return err
			}
			defer t.Close()
			clean, err := d.run(t.Model, t.Transform().Apply(points))
			if err != nil {
				return err
			}
			if !cli.IsQuiet(cmd) {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d points denoised by %s at σ = %v\n", points.N, d.how, d.sigma)
			}
			return writePictures(t, flags.output, cmd.OutOrStdout(), t.Transform().Undo(clean), 0)
		},
	}
	flags = pointsFlags(cmd)
	cmd.Flags().Float64Var(&sigma, "sigma", 0, "standard deviation of the noise, in the coordinates of the model")
	cmd.Flags().IntVar(&steps, "steps", steps, "steps of descent")
	return cmd
}

// defaultDescent is the number of steps of descent.
const defaultDescent = 300

// The ways to denoise.
const (
	byTweedie = "Tweedie's formula"
	byDescent = "descent to the most probable points"
)

// denoiser is how points of a run are denoised.
type denoiser struct {
	how   string
	sigma float64
	steps int
}

// denoiserOf chooses how, for a noise of sigma, 0 being the run's own, and opens the run at that level if it has such.
func denoiserOf(t *trained.Run, sigma float64, steps int) (*denoiser, error) {
	d := &denoiser{how: byDescent, sigma: sigma, steps: steps}
	_, hasLevels := t.Config.Model.(models.Conditional)
	method, isDSM := t.Config.Method.(*trainers.DSM)
	if isDSM && !hasLevels {
		d.sigma = cmp.Or(sigma, method.Sigma)
		if d.sigma == method.Sigma {
			d.how = byTweedie
			return d, nil
		}
	}
	if d.sigma == 0 {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--sigma is missing: the energy of %s does not say how much noise there is", t.Dir.Dir()))
	}
	if hasLevels {
		d.how = byTweedie
		return d, t.At(sigma)
	}
	if err := (inference.MAP{Sigma: d.sigma, Steps: steps}).Check(); err != nil {
		return nil, cli.Coded(cli.ExitUsage, fmt.Errorf("--sigma and --steps: %w", err))
	}
	return d, nil
}

// run denoises points in the coordinates of the model.
func (d *denoiser) run(model *models.Compiled, noisy datasets.Points) (datasets.Points, error) {
	if d.how == byTweedie {
		return inference.Tweedie(model, noisy, d.sigma)
	}
	return inference.MAP{Sigma: d.sigma, Steps: d.steps}.Denoise(model, noisy)
}
