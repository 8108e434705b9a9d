package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"joule/models"
)

// sigmaFlag adds --sigma, 0 unless given.
func sigmaFlag(cmd *cobra.Command, sigma *float64) {
	cmd.Flags().Float64Var(sigma, "sigma", 0, "noise level of an energy that has them, in the coordinates of the model (default: the smallest)")
}

// at sets the noise level that the model is opened at, by the value of --sigma; 0 leaves it at the smallest.
func (t *trained) at(sigma float64) error {
	if sigma == 0 {
		return nil
	}
	conditional, ok := t.config.Model.(models.Conditional)
	if !ok {
		return coded(exitUsage, fmt.Errorf("--sigma %v: the energy of %s has no noise levels", sigma, t.dir.Dir()))
	}
	if low, high := conditional.Levels(); !(sigma >= low && sigma <= high) {
		return coded(exitUsage, fmt.Errorf("--sigma %v: the energy of %s is for noise levels from %v to %v", sigma, t.dir.Dir(), low, high))
	}
	t.sigma = sigma
	return nil
}

// energy is the energy of the run, at its noise level if one is set.
func (t *trained) energy() models.Energy {
	if t.sigma == 0 {
		return t.config.Model
	}
	return models.AtLevel(t.config.Model.(models.Conditional), t.sigma)
}
