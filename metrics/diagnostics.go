package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"joule/datasets"
	"joule/models"
)

// Diagnostics says how far points from Markov chains can be trusted.
type Diagnostics struct {
	// Chains is their number, and Draws that of the points of each.
	Chains int `json:"chains"`
	Draws  int `json:"draws"`
	// Acceptance is the share of proposals that were accepted; missing where the sampler accepts all.
	Acceptance Figure `json:"acceptance"`
	// StepScale is what the step size was adapted by.
	StepScale Figure `json:"step_scale"`
	// EnergyGap is the mean energy of the points minus that of the training data; missing where the data was not looked at.
	EnergyGap Figure `json:"energy_gap"`
	// DataEnergyStd is the standard deviation of the energies of the training data; missing likewise.
	DataEnergyStd Figure `json:"data_energy_std"`
	// Energy is how the energies mix, and Coordinates how the coordinates do, by column.
	Energy      Mixing       `json:"energy"`
	Coordinates []Coordinate `json:"coordinates"`
}

// Coordinate is how one of them mixes.
type Coordinate struct {
	Name string `json:"name"`
	Mixing
}

// Diagnose looks at points, [draws][chains], and at their energies.
func Diagnose(points datasets.Points, energies []float64, chains int, columns []string) *Diagnostics {
	missing := Figure(math.NaN())
	d := &Diagnostics{Chains: chains, Draws: points.N / chains, Acceptance: missing, StepScale: 1, EnergyGap: missing, DataEnergyStd: missing,
		Energy: MixingOf(energies, chains)}
	values := make([]float64, points.N)
	for k, name := range columns {
		for i := range values {
			values[i] = points.Values[i*points.Dim+k]
		}
		d.Coordinates = append(d.Coordinates, Coordinate{name, MixingOf(values, chains)})
	}
	return d
}

// Compare sets the energy gap and what to measure it by, from training data in the coordinates of the model.
func (d *Diagnostics) Compare(model *models.Compiled, train datasets.Points) error {
	energies, err := model.Energies(train.Values)
	if err != nil {
		return err
	}
	mean, std := stat.PopMeanStdDev(energies, nil)
	d.EnergyGap, d.DataEnergyStd = d.Energy.Mean-Figure(mean), Figure(std)
	return nil
}

// maxGap is how many standard deviations of the energies of data those of points may be apart from them in the mean: no
// choice of points of the same distribution comes near that.
const maxGap = 5

// GapWarning says what is doubtful about an energy gap that was set; empty: nothing is.
func (d *Diagnostics) GapWarning() string {
	if !(d.DataEnergyStd > 0 && math.Abs(float64(d.EnergyGap)) > float64(maxGap*d.DataEnergyStd)) {
		return ""
	}
	which := "chains are not where the data is: more sampler.steps or a smaller sampler.step_size may take them there"
	if d.EnergyGap < 0 {
		which = "chains have found points that the model likes far better than the data, which it should not"
	}
	return fmt.Sprintf("the mean energy of the points is that of the data %+.3g, more than %d standard deviations (%.3g) of the energies of data: %s",
		d.EnergyGap, maxGap, d.DataEnergyStd, which)
}

// What is doubtful: Vehtari et al. 2021 take R̂ of up to 1.01; a hundred independent draws give a mean to a tenth of the standard
// deviation; and chains that stay where they are nine times of ten hardly move.
const (
	maxRHat       = 1.01
	minESS        = 100
	minAcceptance = 0.1
)

// Warnings says what makes the points doubtful, one sentence each, but for the energy gap.
func (d *Diagnostics) Warnings() []string {
	var warnings []string
	if d.Acceptance < minAcceptance {
		warnings = append(warnings, fmt.Sprintf("%.2g of the proposals were accepted: chains hardly move. A smaller sampler.step_size is accepted more often, "+
			"and more sampler.steps are a longer time to adapt it in", d.Acceptance))
	}
	worst, least := d.extremes()
	if worst.RHat > maxRHat {
		warnings = append(warnings, fmt.Sprintf("R̂ of %s is %.4g, more than %v: the chains have not come to agree. More sampler.steps, a larger sampling.thinning "+
			"or another sampler may help", worst.Name, worst.RHat, maxRHat))
	}
	if size := min(least.BulkESS, least.TailESS); size < minESS && d.Chains*d.Draws >= minESS {
		warnings = append(warnings, fmt.Sprintf("the %d points are worth %.3g independent ones for %s: a larger sampling.thinning gives points that are less alike, "+
			"and a larger number more of them", d.Chains*d.Draws, size, least.Name))
	}
	return warnings
}

// extremes are the coordinate, or the energy, of the largest R̂, and that of the smallest effective number.
func (d *Diagnostics) extremes() (worst, least Coordinate) {
	worst = Coordinate{"the energy", d.Energy}
	least = worst
	for _, c := range d.Coordinates {
		if c.RHat > worst.RHat || math.IsNaN(float64(worst.RHat)) {
			worst = c
		}
		if min(c.BulkESS, c.TailESS) < min(least.BulkESS, least.TailESS) || math.IsNaN(float64(least.BulkESS)) {
			least = c
		}
	}
	return worst, least
}
