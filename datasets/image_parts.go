package datasets

import (
	"fmt"
	"math"
	"slices"
)

// part is the images of a file that are in a part of the set.
type part struct {
	*pixels
	indices []int
	classes []int // one for each index; nil without labels
}

// parts are the parts of a set, and the names of the classes that are kept.
type parts struct {
	train, validation, test part
	names                   []string
}

// parts picks the images of the parts. Those for testing are a test file's, or a share of the others.
func (s *ImageData) parts(all, test *pixels, seed int64) (p parts, err error) {
	switch p.names = s.Classes; {
	case len(s.Classes) > 0 && all.labels == nil:
		return p, fmt.Errorf("%s: classes: the images have no labels; want a file of them (labels)", all.name)
	case len(s.Classes) > 0:
	case test == nil:
		p.names = classNames(all)
	default:
		p.names = classNames(all, test)
	}
	kept, err := s.keep(all, p.names, seed)
	if err != nil {
		return p, err
	}
	shares := s.Preparation
	if test != nil {
		shares.TestFraction = 0
	}
	dealt, err := shares.deal(len(kept.indices), seed)
	if err != nil {
		return p, fmt.Errorf("%s: %w", all.name, err)
	}
	p.train, p.validation, p.test = kept.only(dealt.train), kept.only(dealt.validation), kept.only(dealt.test)
	if test != nil {
		p.test, err = s.keep(test, p.names, seed)
	}
	return p, err
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

// white is the value of the brightest pixel. It is an error if a value is above, unless nothing depends on it.
func (s *ImageData) white(files ...*pixels) (float64, error) {
	white := files[0].white
	if s.White > 0 {
		white = s.White
	}
	if s.Dequantise && white > maxLevels {
		return 0, fmt.Errorf("dequantise: %v values are more than %d, which noise within one could be told apart in", white, maxLevels)
	}
	for _, p := range files {
		if p == nil {
			continue
		}
		if err := p.check(white, s.Dequantise || s.Scale != scaleNone && !s.Standardize, s.Dequantise); err != nil {
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
	var mean, std float64
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
