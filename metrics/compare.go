package metrics

import (
	"errors"

	"joule/datasets"
	"joule/models"
)

// Compare measures a model on the held-out points of its data, and by samples of it, of which there may be none, in its coordinates. It is
// an error that nothing was held out, or that points are not finite. A figure that cannot be had for this model and these data is nil, and
// there is a warning where one could have expected it.
func (p *Panel) Compare(model *models.Compiled, set *datasets.Set, samples datasets.Points, o CompareOptions) (*Comparison, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	held, part := set.HeldOut()
	if held.N == 0 {
		return nil, errors.New("no points were held out (data.test_fraction was 0) to compare the model with")
	}
	if samples.N > 0 {
		if err := checkPoints("the samples", samples, model.Dim, 1); err != nil {
			return nil, err
		}
	}
	c := &comparing{panel: p, model: model, set: set, held: evenly(held, o.Most), samples: evenly(samples, o.Most), o: o}
	if err := checkPoints("the held-out points", c.held, model.Dim, 1); err != nil {
		return nil, err
	}
	c.out = &Comparison{Part: part, HeldOut: c.held.N, Samples: c.samples.N}
	for _, measure := range []func() error{c.stein, c.discrepancy, c.wasserstein, c.modes, c.outliers} {
		err := measure()
		if why := unmeasured(""); errors.As(err, &why) {
			c.out.failed = append(c.out.failed, string(why))
		} else if err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// comparing is a comparison that is being made.
type comparing struct {
	panel         *Panel
	model         *models.Compiled
	set           *datasets.Set
	held, samples datasets.Points
	median        float64 // distance of the held-out points; 0: not yet known
	o             CompareOptions
	out           *Comparison
}

// bandwidth makes the median distance of the held-out points the bandwidth where none is given.
func (c *comparing) bandwidth(given *float64) (err error) {
	if *given > 0 {
		return nil
	}
	if c.median == 0 {
		c.median, err = c.panel.bandwidthOf(0, c.held)
	}
	*given = c.median
	return err
}

func (c *comparing) stein() error {
	if !c.o.wants(NameKSD) || c.held.N < 2 {
		return nil
	}
	how := c.o.KSD
	if err := c.bandwidth(&how.Bandwidth); err != nil {
		return err
	}
	d, err := c.panel.KSD(c.model, c.held, how)
	if err != nil {
		return err
	}
	c.out.KSD, c.out.KSDFloor, c.out.KSDSquared, c.out.KSDSquaredStd = &d.KSD, &d.Floor, &d.Squared, &d.SquaredStd
	return nil
}

func (c *comparing) discrepancy() (err error) {
	if !c.o.wants(NameMMD) || c.held.N < 2 || c.samples.N < 2 {
		return nil
	}
	how := c.o.MMD
	if err := c.bandwidth(&how.Bandwidth); err != nil {
		return err
	}
	c.out.MMD, c.out.MMDFloor, err = c.withFloor(2, func(points datasets.Points) (float64, error) {
		return c.panel.MMD(points, c.held, how)
	})
	return err
}

func (c *comparing) wasserstein() (err error) {
	if !c.o.wants(NameSlicedWasserstein) || c.samples.N == 0 {
		return nil
	}
	c.out.SlicedWasserstein, c.out.SlicedWassersteinFloor, err = c.withFloor(1, func(points datasets.Points) (float64, error) {
		return c.panel.SlicedWasserstein(points, c.held, c.o.SlicedWasserstein)
	})
	return err
}

// withFloor is a figure of the samples, and that of as many training points, of which there have to be a few.
func (c *comparing) withFloor(least int, of func(datasets.Points) (float64, error)) (value, floor *float64, err error) {
	v, err := of(c.samples)
	if err != nil {
		return nil, nil, err
	}
	train := evenly(c.set.Train, c.samples.N)
	if c.o.NoFloors || train.N < least {
		return &v, nil, nil
	}
	f, err := of(train)
	if err != nil {
		return &v, nil, err
	}
	return &v, &f, nil
}

func (c *comparing) modes() error {
	modes := datasets.ModesOf(c.set.Density)
	if !c.o.wants(NameModeCoverage, NameModeWeightError, NameStray) || modes == nil || c.samples.N == 0 {
		return nil
	}
	of := func(name string, v *float64) *float64 {
		if !c.o.wants(name) {
			return nil
		}
		return v
	}
	m, err := c.panel.Modes(c.samples, modes)
	if err != nil {
		return err
	}
	c.out.ModeCoverage, c.out.ModeWeightError, c.out.Stray = of(NameModeCoverage, &m.Coverage), of(NameModeWeightError, &m.WeightError), of(NameStray, &m.Stray)
	if c.o.NoFloors {
		return nil
	}
	if m, err = c.panel.Modes(c.held, modes); err != nil {
		return err
	}
	c.out.ModeWeightErrorFloor, c.out.StrayFloor = of(NameModeWeightError, &m.WeightError), of(NameStray, &m.Stray)
	return nil
}

func (c *comparing) outliers() error {
	if !c.o.wants(NameAUROC) {
		return nil
	}
	outliers, err := c.panel.UniformOutliers(c.set.Train, c.held.N, c.o.Seed)
	if err != nil {
		return err
	}
	told := func(what string, of func(datasets.Points) ([]float64, error)) (*float64, error) {
		inside, err := of(c.held)
		if err != nil {
			return nil, err
		}
		outside, err := of(outliers)
		if err != nil {
			return nil, err
		}
		d, err := Detect(inside, outside)
		if err != nil {
			return nil, unmeasured("the AUROC is left out: " + what + " is not a number at some points")
		}
		return &d.AUROC, nil
	}
	c.out.AUROC, err = told("the energy", func(points datasets.Points) ([]float64, error) { return c.model.Energies(points.Values) })
	if err != nil || c.set.Density == nil || c.o.NoFloors {
		return err
	}
	c.out.AUROCCeiling, err = told("the density", func(points datasets.Points) ([]float64, error) {
		logs, err := c.panel.LogDensities(c.set.Density, points)
		for i := range logs {
			logs[i] = -logs[i]
		}
		return logs, err
	})
	return err
}
