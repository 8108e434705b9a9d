package datasets

import (
	"fmt"
	"math"
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

// part is the images of a file that are in a part of the set.
type part struct {
	*pixels
	indices []int
	classes []int // one for each index; nil without labels
}

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
		return nil, fmt.Errorf("labels and test_labels: one of them is missing; want both or none")
	}
	parts, err := s.parts(all, test, seed)
	if err != nil {
		return nil, err
	}
	set := &Set{Columns: all.image.columns(), Image: &all.image}
	white, err := s.white(parts)
	if err != nil {
		return nil, err
	}
	if set.Transform, err = s.transform(parts[0], white); err != nil {
		return nil, err
	}
	if set.Augment, err = s.augmenter(all.image, set.Transform); err != nil {
		return nil, err
	}
	noise := s.noise(seed)
	set.Train, set.Test = parts[0].points(set.Transform, noise), parts[1].points(set.Transform, noise)
	if all.labels != nil {
		set.Labels = &Labels{Classes: s.classNames(all, test), Train: parts[0].classes, Test: parts[1].classes}
	}
	return set, nil
}

// classNames are the classes that are kept.
func (s *ImageData) classNames(all, test *pixels) []string {
	if len(s.Classes) > 0 {
		return s.Classes
	}
	if test == nil {
		return classNames(all)
	}
	return classNames(all, test)
}

// parts picks the images of the two parts: a test file's, or a share of the others.
func (s *ImageData) parts(all, test *pixels, seed int64) (parts [2]part, err error) {
	if len(s.Classes) > 0 && all.labels == nil {
		return parts, fmt.Errorf("%s: classes: the images have no labels; want a file of them (labels)", all.name)
	}
	names := s.classNames(all, test)
	kept, err := s.keep(all, names, seed)
	if err != nil {
		return parts, err
	}
	if test != nil {
		others, err := s.keep(test, names, seed)
		return [2]part{kept, others}, err
	}
	order, tests, err := splitOrder(len(kept.indices), s.TestFraction, seed)
	if err != nil {
		return parts, fmt.Errorf("%s: %w", all.name, err)
	}
	return [2]part{kept.only(order[tests:]), kept.only(order[:tests])}, nil
}

// keep picks the images of the classes, as many as there may be.
func (s *ImageData) keep(p *pixels, names []string, seed int64) (part, error) {
	kept := part{pixels: p}
	index := make(map[string]int, len(names))
	for c, name := range names {
		index[name] = c
	}
	found := make([]bool, len(names))
	for i := range p.n {
		if p.labels == nil {
			kept.indices = append(kept.indices, i)
		} else if class, ok := index[p.labels[i]]; ok {
			kept.indices, kept.classes, found[class] = append(kept.indices, i), append(kept.classes, class), true
		}
	}
	for c, name := range s.Classes {
		if !found[c] {
			return kept, fmt.Errorf("%s: classes: there is no class %.60q%s", p.labeled, name, alternatives(name, classNames(p)))
		}
	}
	if s.Limit > 0 && s.Limit < len(kept.indices) {
		order := newRand(seed, streamLimit).Perm(len(kept.indices))[:s.Limit]
		slices.Sort(order)
		kept = kept.only(order)
	}
	if len(kept.indices) < 2 {
		return kept, fmt.Errorf("%s: %d image, want at least 2", p.name, len(kept.indices))
	}
	return kept, nil
}

// only is those images of a part that are at the given places in it, in that order.
func (p part) only(places []int) part {
	out := part{pixels: p.pixels, indices: make([]int, len(places))}
	if p.classes != nil {
		out.classes = make([]int, len(places))
	}
	for to, from := range places {
		out.indices[to] = p.indices[from]
		if p.classes != nil {
			out.classes[to] = p.classes[from]
		}
	}
	return out
}

// white is the value of the brightest pixel. It is an error if a value is above, unless the values stay as they are.
func (s *ImageData) white(parts [2]part) (float64, error) {
	white := parts[0].white
	if s.White > 0 {
		white = s.White
	}
	if s.Dequantise && white > maxLevels {
		return 0, fmt.Errorf("dequantise: %v values are more than %d, which noise within one could be told apart in", white, maxLevels)
	}
	for i, p := range parts {
		if i > 0 && p.pixels == parts[0].pixels {
			continue
		}
		if err := p.check(white, s.Scale != scaleNone && !s.Standardize, s.Dequantise); err != nil {
			return 0, err
		}
	}
	return white, nil
}

// transform is the map to the coordinates of the model: nil where that is the identity.
func (s *ImageData) transform(train part, white float64) (*Standardizer, error) {
	if s.Dequantise {
		white++ // where the bin of the brightest pixel ends
	}
	mean, std := 0.0, 1.0
	switch {
	case s.Standardize:
		if mean, std = train.moments(s.Dequantise); std == 0 {
			return nil, fmt.Errorf("%s: standardize: all pixels of all images are %v", train.name, mean)
		}
	case s.Scale == scaleUnit:
		std = white
	case s.Scale == scaleSymmetric:
		mean, std = white/2, white/2
	default:
		return nil, nil
	}
	return &Standardizer{Mean: slices.Repeat([]float64{mean}, train.dim), Std: slices.Repeat([]float64{std}, train.dim), Logit: s.Logit}, nil
}

// moments are the mean and the standard deviation of all pixels of a part, dequantised or not.
func (p part) moments(dequantised bool) (mean, std float64) {
	n := float64(len(p.indices)) * float64(p.dim)
	for _, i := range p.indices {
		for k := range p.dim {
			mean += p.at(i, k) / n
		}
	}
	for _, i := range p.indices {
		for k := range p.dim {
			x := p.at(i, k) - mean
			std += x * x / n
		}
	}
	if dequantised {
		mean, std = mean+1./2, std+1./12
	}
	return mean, math.Sqrt(std)
}

// points are the images of a part in the coordinates of the model, with noise added to every value before.
func (p part) points(transform *Standardizer, noise func() float64) Points {
	points := NewPoints(len(p.indices), p.dim)
	for to, from := range p.indices {
		x := points.Row(to)
		for k := range x {
			x[k] = p.at(from, k) + noise()
		}
		transform.apply(x)
	}
	return points
}

// maxLevels is how many values a pixel may have that is dequantised. From the points, which are in single precision on the
// device, the values are found again.
const maxLevels = 1 << 12

// noiseParts is how many numbers dequantisation noise can be on the host: in the middles of as many parts of a bin, far enough
// from its ends for rounding.
const noiseParts = 1 << 8

// noise draws what is added to a value of a pixel.
func (s *ImageData) noise(seed int64) func() float64 {
	if !s.Dequantise {
		return func() float64 { return 0 }
	}
	r := newRand(seed, streamDequantise)
	return func() float64 { return (float64(r.IntN(noiseParts)) + 0.5) / noiseParts }
}
