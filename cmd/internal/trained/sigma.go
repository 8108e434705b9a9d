package trained

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/models"
	"joule/trainers"
)

// SigmaFlag adds --sigma, 0 unless given.
func SigmaFlag(cmd *cobra.Command, sigma *float64) {
	cmd.Flags().Float64Var(sigma, "sigma", 0, "noise level of an energy that has them, in the coordinates of the model (default: the smallest)")
}

// At sets the noise level that the model is opened at, by the value of --sigma; 0 leaves it at the smallest.
func (t *Run) At(sigma float64) error {
	if sigma == 0 {
		return nil
	}
	conditional, ok := t.Config.Model.(models.Conditional)
	if !ok {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--sigma %v: the energy of %s has no noise levels", sigma, t.Dir.Dir()))
	}
	if low, high := conditional.Levels(); !(sigma >= low && sigma <= high) {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--sigma %v: the energy of %s is for noise levels from %v to %v", sigma, t.Dir.Dir(), low, high))
	}
	t.Sigma = sigma
	return nil
}

// Energy is the energy of the run, at its noise level if one is set.
func (t *Run) Energy() models.Energy {
	if t.Sigma == 0 {
		return t.Config.Model
	}
	return models.AtLevel(t.Config.Model.(models.Conditional), t.Sigma)
}

// Noise is the standard deviation of the noise of the points that the energy stands for, in the coordinates of the model; 0: none.
func (t *Run) Noise() float64 {
	if conditional, ok := t.Config.Model.(models.Conditional); ok {
		lowest, _ := conditional.Levels()
		return cmp.Or(t.Sigma, lowest)
	}
	if method, isDSM := t.Config.Method.(*trainers.DSM); isDSM {
		return method.Sigma
	}
	return 0
}
