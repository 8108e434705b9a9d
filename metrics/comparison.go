package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/datasets"
)

// The names of the figures of a [Comparison].
const (
	NameKSD               = "ksd"
	NameMMD               = "mmd"
	NameSlicedWasserstein = "sliced_wasserstein"
	NameModeCoverage      = "mode_coverage"
	NameModeWeightError   = "mode_weight_error"
	NameStray             = "stray"
	NameAUROC             = "auroc"
)

// ComparisonNames are these names. Those from the second to the last but one need samples of the model.
var ComparisonNames = []string{NameKSD, NameMMD, NameSlicedWasserstein, NameModeCoverage, NameModeWeightError, NameStray, NameAUROC}

// Comparison is how a model compares with held-out points: by its score, by its samples, and by its energy. All is in the coordinates of
// the model. What was not asked for, or cannot be had, is nil. A floor is what the figure beside it would be about for a model
// that is perfect.
type Comparison struct {
	// Part is the part of the data that the held-out points are, HeldOut their number, and Samples that of the samples.
	Part    string `json:"part"`
	HeldOut int    `json:"held_out"`
	Samples int    `json:"samples"`

	// KSD is the kernelised Stein discrepancy of held-out points and the model: see [SteinDiscrepancy], as for what follows.
	KSD           *float64 `json:"ksd,omitempty"`
	KSDFloor      *float64 `json:"ksd_floor,omitempty"`
	KSDSquared    *float64 `json:"ksd_squared,omitempty"`
	KSDSquaredStd *float64 `json:"ksd_squared_std,omitempty"`

	// MMD is the squared maximum mean discrepancy of samples and held-out points, without bias. The floor is that of as many training
	// points in place of the samples, or of all where there are fewer; it is a draw from around 0.
	MMD      *float64 `json:"mmd,omitempty"`
	MMDFloor *float64 `json:"mmd_floor,omitempty"`
	// SlicedWasserstein is their distance; the floor is that of training points again.
	SlicedWasserstein      *float64 `json:"sliced_wasserstein,omitempty"`
	SlicedWassersteinFloor *float64 `json:"sliced_wasserstein_floor,omitempty"`

	// ModeCoverage, ModeWeightError and Stray are about the samples and the modes of the density, where those are known: see
	// [ModeShares]. The floors are those of held-out points: what is due to their number, and to modes that overlap.
	ModeCoverage         *float64 `json:"mode_coverage,omitempty"`
	ModeWeightError      *float64 `json:"mode_weight_error,omitempty"`
	ModeWeightErrorFloor *float64 `json:"mode_weight_error_floor,omitempty"`
	Stray                *float64 `json:"stray,omitempty"`
	StrayFloor           *float64 `json:"stray_floor,omitempty"`

	// AUROC is how well the energy tells as many uniform outliers from the held-out points: see [Detection] and
	// [Panel.UniformOutliers]. The ceiling is that of −log p of the density, where it is known: no score does better in the mean, since
	// outliers are as likely anywhere in their box.
	AUROC        *float64 `json:"auroc,omitempty"`
	AUROCCeiling *float64 `json:"auroc_ceiling,omitempty"`

	failed []string // why what was asked for is missing
}

// CompareOptions say what to measure, and how.
type CompareOptions struct {
	// Names are the figures that are wanted; nil: all.
	Names []string
	// Most is the largest number of held-out points, of samples, and of outliers. Where there are more, evenly spaced ones are taken. The time
	// of KSD and MMD grows with its square.
	Most int
	// NoFloors leaves the floors out, which take as long as the figures. That of KSD costs nothing, and is there anyway.
	NoFloors bool
	// Seed fixes the outliers.
	Seed int64

	KSD               KSD
	MMD               MMD
	SlicedWasserstein SlicedWasserstein
}

// NewCompareOptions returns the default settings: all figures, of at most 10,000 points.
func NewCompareOptions() CompareOptions {
	return CompareOptions{Most: 10_000, KSD: NewKSD(), MMD: NewMMD(), SlicedWasserstein: NewSlicedWasserstein()}
}

// Check says what is wrong with the options; nil: nothing is.
func (o CompareOptions) Check() error {
	for _, name := range o.Names {
		if !slices.Contains(ComparisonNames, name) {
			return fmt.Errorf("there is no figure %q; want some of %s", name, strings.Join(ComparisonNames, ", "))
		}
	}
	if o.Most < 2 {
		return fmt.Errorf("at most %d points; want 2 or more", o.Most)
	}
	return errors.Join(o.KSD.Check(), o.MMD.Check(), o.SlicedWasserstein.Check())
}

// wants says whether one of some figures is asked for.
func (o CompareOptions) wants(names ...string) bool {
	return o.Names == nil || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(o.Names, name) })
}

// Of is the figure of a name of [ComparisonNames], and the floor or ceiling beside it; nil where there is none.
func (c *Comparison) Of(name string) (value, perfect *float64) {
	switch name {
	case NameKSD:
		return c.KSD, c.KSDFloor
	case NameMMD:
		return c.MMD, c.MMDFloor
	case NameSlicedWasserstein:
		return c.SlicedWasserstein, c.SlicedWassersteinFloor
	case NameModeCoverage:
		return c.ModeCoverage, nil
	case NameModeWeightError:
		return c.ModeWeightError, c.ModeWeightErrorFloor
	case NameStray:
		return c.Stray, c.StrayFloor
	case NameAUROC:
		return c.AUROC, c.AUROCCeiling
	}
	return nil, nil
}

// Warnings says why figures are missing, one sentence each.
func (c *Comparison) Warnings() []string { return slices.Clone(c.failed) }

// unmeasured says why a figure cannot be had, which is no failure of the program.
type unmeasured string

func (u unmeasured) Error() string { return string(u) }

// notFinite is that a figure is not.
func notFinite(what string) error { return unmeasured(what + " is not finite") }

// isNumber says whether a number is finite.
func isNumber(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// checkPoints says what is wrong with points that should be finite, of so many coordinates, and at least so many.
func checkPoints(what string, points datasets.Points, dim, least int) error {
	if points.Dim != dim {
		return fmt.Errorf("%s have %d coordinates; want %d", what, points.Dim, dim)
	}
	if points.N < least {
		return fmt.Errorf("%s are %d; want at least %d", what, points.N, least)
	}
	for i, v := range points.Values {
		if !isNumber(v) {
			return fmt.Errorf("coordinate %d of point %d of %s is %v; want finite numbers", i%dim+1, i/dim+1, what, v)
		}
	}
	return nil
}
