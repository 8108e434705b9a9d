package datasets

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// pixels are images as a file has them, not yet the points of a set: bytes stay bytes until they are scaled.
type pixels struct {
	name    string // what errors call the file
	n       int
	image   Image
	dim     int
	white   float64 // the value of the brightest pixel, by the type of the values
	data    []byte
	size    int // bytes of a value
	value   func([]byte) float64
	labels  []string // the class of each image; nil where there are none
	labeled string   // what errors call the file of the labels
}

// at is coordinate k of image i.
func (p *pixels) at(i, k int) float64 { return p.value(p.data[(i*p.dim+k)*p.size:]) }

// place names a coordinate of an image in errors.
func (p *pixels) place(i, k int) string {
	row, column, channel := p.image.position(k)
	at := fmt.Sprintf("%s: image %d, row %d, column %d", p.name, i+1, row+1, column+1)
	if p.image.Channels > 1 {
		at += fmt.Sprintf(", channel %d", channel+1)
	}
	return at
}

// position is where coordinate k of an image is.
func (i *Image) position(k int) (row, column, channel int) {
	return k / (i.Width * i.Channels), k / i.Channels % i.Width, k % i.Channels
}

// Dim is the number of coordinates of an image.
func (i *Image) Dim() int { return i.Height * i.Width * i.Channels }

// String is the size as height×width, with ×channels where there are several.
func (i *Image) String() string {
	if i.Channels == 1 {
		return shapeText([]int{i.Height, i.Width})
	}
	return shapeText([]int{i.Height, i.Width, i.Channels})
}

// columns names the coordinates of an image: r0c0, r0c1, …, or r0c0k0, r0c0k1, … where a pixel has several channels.
func (i *Image) columns() []string {
	names := make([]string, i.Dim())
	for k := range names {
		row, column, channel := i.position(k)
		names[k] = fmt.Sprintf("r%dc%d", row, column)
		if i.Channels > 1 {
			names[k] += fmt.Sprintf("k%d", channel)
		}
	}
	return names
}

// maxImageDim is how many coordinates a point may have.
const maxImageDim = 1 << 20

// shaped gives the pixels the shape of an array, [N, height, width] or [N, height, width, channels].
func (p *pixels) shaped(shape []int) error {
	switch len(shape) {
	case 3:
		p.image = Image{shape[1], shape[2], 1}
	case 4:
		p.image = Image{shape[1], shape[2], shape[3]}
	default:
		return fmt.Errorf("%s: an array of shape %s, want images: [number, height, width] or [number, height, width, channels]", p.name, shapeText(shape))
	}
	p.n, p.dim = shape[0], p.image.Dim()
	if p.dim > maxImageDim {
		return fmt.Errorf("%s: images of %d numbers each are more than %d", p.name, p.dim, maxImageDim)
	}
	return nil
}

// label gives the images their classes; name is the file that they are from.
func (p *pixels) label(name string, labels []string) error {
	if len(labels) != p.n {
		return fmt.Errorf("%s: %d labels for the %d images of %s: the files do not belong together", name, len(labels), p.n, p.name)
	}
	p.labeled, p.labels = name, labels
	return nil
}

// classNames are the classes of several parts, in order: of numbers, where all are.
func classNames(parts ...*pixels) []string {
	seen := map[string]bool{}
	for _, p := range parts {
		for _, label := range p.labels {
			seen[label] = true
		}
	}
	var names []string
	whole := true
	for name := range seen {
		names = append(names, name)
		_, err := strconv.Atoi(name)
		whole = whole && err == nil
	}
	slices.Sort(names)
	if whole {
		slices.SortStableFunc(names, func(a, b string) int {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return cmp.Compare(x, y)
		})
	}
	return names
}

// check reports a value that is no pixel: not a finite number; outside of black and white, where it is to be inside; or not
// a whole number, where there is to be a step from each to the next.
func (p *pixels) check(white float64, inside, whole bool) error {
	if p.size == 1 && p.value([]byte{math.MaxUint8}) == math.MaxUint8 && (white >= math.MaxUint8 || !inside) {
		return nil // so is any byte without a sign
	}
	for i := range p.n {
		for k := range p.dim {
			switch x := p.at(i, k); {
			case !representable(x):
				return fmt.Errorf("%s: %v is not a finite number of single precision", p.place(i, k), x)
			case inside && !(x >= 0 && x <= white):
				return fmt.Errorf("%s: %v is not in [0, %v]: set white to the value of the brightest pixel, or leave the values as they are (scale: none, without dequantise)", p.place(i, k), x, white)
			case whole && x != math.Trunc(x):
				return fmt.Errorf("%s: %v is not a whole number, and dequantise is for steps of 1: give the pixels as they were, or leave it out", p.place(i, k), x)
			}
		}
	}
	return nil
}
