package datasets

import (
	"errors"
	"fmt"
	"slices"
)

// ImageData holds the settings that all kinds of images share. The points are images: rows of pixels from the top, the
// channels of a pixel together.
type ImageData struct {
	Preparation `yaml:",inline"` // test_fraction where there is no test file; standardize takes all pixels alike

	// Scale maps black and white: to 0 and 1 (unit), to −1 and 1 (symmetric), or not at all (none).
	Scale string `yaml:"scale" check:"in unit|symmetric|none"`
	// White is the value of the brightest pixel; 0: by the type of the values, 255 of whole numbers and 1 of others.
	White float64 `yaml:"white" check:">= 0"`
	// Dequantise adds uniform noise as wide as the step between two values, so that there is a density: Theis, van den Oord
	// and Bethge 2016. In training it is fresh in every step.
	Dequantise bool `yaml:"dequantise"`
	// Logit is α of logit(α + (1 − 2α)x), x in [0, 1]: Dinh, Sohl-Dickstein and Bengio 2017, 4.1; 0: none.
	Logit float64 `yaml:"logit" check:">= 0, < 0.5"`

	Classes []string `yaml:"classes"`            // that are kept, in this order; all when empty
	Limit   int      `yaml:"limit" check:">= 0"` // images that are kept of a file, drawn by the seed; 0: all
	Augment Augment  `yaml:"augment"`
}

func defaultImageData() ImageData {
	return ImageData{Preparation: defaultPreparation, Scale: scaleUnit, Augment: defaultAugment()}
}

// The values of ImageData.Scale.
const (
	scaleUnit      = "unit"
	scaleSymmetric = "symmetric"
	scaleNone      = "none"
)

// Check refuses settings that exclude each other.
func (s *ImageData) Check(report func(key, problem string)) {
	switch {
	case s.Logit > 0 && s.Scale != scaleUnit:
		report("logit", fmt.Sprintf("%v is for values in [0, 1]: scale has to be %s", s.Logit, scaleUnit))
	case s.Logit > 0 && s.Standardize:
		report("logit", fmt.Sprintf("%v is for values in [0, 1], which standardize leaves: one of them only", s.Logit))
	}
	for i, class := range s.Classes {
		if slices.Contains(s.Classes[:i], class) {
			report("classes", fmt.Sprintf("%.60q is there twice", class))
		}
	}
}

// HasDensity says that none is known.
func (s *ImageData) HasDensity() bool { return false }

// load makes a set of images, and of test images where there are some; test may be nil.
func (s *ImageData) load(all, test *pixels, seed int64) (*Set, error) {
	problem := error(nil)
	s.Check(func(key, text string) { problem = fmt.Errorf("%s: %s", key, text) })
	if problem != nil {
		return nil, problem
	}
	if test != nil && test.image != all.image {
		return nil, fmt.Errorf("%s has images of %s pixels, and %s of %s: they have to be alike", all.name, &all.image, test.name, &test.image)
	}
	if test != nil && (test.labels == nil) != (all.labels == nil) {
		return nil, errors.New("labels and test_labels: one of them is missing; want both or none")
	}
	parts, err := s.parts(all, test, seed)
	if err != nil {
		return nil, err
	}
	white, err := s.white(all, test)
	if err != nil {
		return nil, err
	}
	set := &Set{Columns: all.image.columns(), Image: &all.image}
	if set.Transform, err = s.transform(parts.train, white); err != nil {
		return nil, err
	}
	if set.Augment, err = s.augmenter(all.image, set.Transform); err != nil {
		return nil, err
	}
	noise := s.noise(seed)
	set.Train = parts.train.points(set.Transform, noise)
	set.Validation = parts.validation.points(set.Transform, noise)
	set.Test = parts.test.points(set.Transform, noise)
	if all.labels != nil {
		set.Labels = &Labels{Classes: parts.names, Train: parts.train.classes, Validation: parts.validation.classes, Test: parts.test.classes}
	}
	return set, nil
}
