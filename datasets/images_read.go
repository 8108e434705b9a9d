package datasets

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers its decoder
	_ "image/png"  // registers its decoder
	"math"

	xdraw "golang.org/x/image/draw"
)

// measure is the size that the images of all folders have, or are to have, by what their files begin with.
func (s *Images) measure(folders []*pictures) (Image, error) {
	size, first := Image{Channels: 1}, ""
	for _, folder := range folders {
		for _, path := range folder.paths {
			found, err := measurePicture(path)
			if err != nil {
				return Image{}, err
			}
			size.Channels = max(size.Channels, found.Channels)
			if first == "" {
				first, size.Height, size.Width = path, found.Height, found.Width
			}
			if len(s.Resize) == 0 && (found.Height != size.Height || found.Width != size.Width) {
				return Image{}, fmt.Errorf("%s is of %d×%d pixels (height×width), and %s of %d×%d: set resize to bring all to one size",
					first, size.Height, size.Width, path, found.Height, found.Width)
			}
		}
	}
	if len(s.Resize) > 0 {
		size.Height, size.Width = s.Resize[0], s.Resize[1]
	}
	if s.Channels > 0 {
		size.Channels = s.Channels
	}
	n := 0
	for _, folder := range folders {
		n += len(folder.paths)
	}
	if size.Dim() > maxImageDim || n > maxArray/size.Dim() {
		return Image{}, fmt.Errorf("%s: %d images of %s pixels are more than there is memory for: resize makes them smaller", folders[0].folder, n, &size)
	}
	return size, nil
}

// maxPicture is how many pixels a file may have, before it is made smaller.
const maxPicture = 1 << 26

// measurePicture is the size of the image in a file, whose channels are 1 or 3.
func measurePicture(path string) (Image, error) {
	content, name, err := readFile(path, "")
	if err != nil {
		return Image{}, err
	}
	return parseSize(name, content)
}

func parseSize(name string, content []byte) (Image, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return Image{}, notAPicture(name, content, err)
	}
	size := Image{config.Height, config.Width, 3}
	if size.Height < 1 || size.Width < 1 || size.Width > maxPicture/size.Height {
		return Image{}, fmt.Errorf("%s: an image of %d×%d pixels, want 1 to %d", name, size.Height, size.Width, maxPicture)
	}
	if isGray(config.ColorModel) {
		size.Channels = 1
	}
	return size, nil
}

// isGray says whether a color model has shades of gray alone.
func isGray(model color.Model) bool {
	palette, ok := model.(color.Palette)
	if !ok {
		return model == color.GrayModel || model == color.Gray16Model
	}
	for _, c := range palette {
		if r, g, b, _ := c.RGBA(); r != g || g != b {
			return false
		}
	}
	return true
}

// notAPicture says what is wrong with a file that cannot be decoded.
func notAPicture(name string, content []byte, err error) error {
	if len(content) == 0 {
		return fmt.Errorf("%s: the file is empty, want a PNG or JPEG image", name)
	}
	if err == image.ErrFormat {
		return fmt.Errorf("%s: the file starts with %q, want a PNG or JPEG image", name, content[:min(len(content), 8)])
	}
	return fmt.Errorf("%s: the image is truncated or damaged (%w): copy it again, or take it out of the folder", name, err)
}

// read reads the files of a folder as images of one size.
func (p *pictures) read(size Image, resize bool) (*pixels, error) {
	all := &pixels{
		name: p.folder, n: len(p.paths), image: size, dim: size.Dim(), white: math.MaxUint8, size: 1,
		value: func(b []byte) float64 { return float64(b[0]) }, labels: p.labels, labeled: p.folder,
		data: make([]byte, 0, len(p.paths)*size.Dim()),
	}
	for _, path := range p.paths {
		content, name, err := readFile(path, "")
		if err != nil {
			return nil, err
		}
		if all.data, err = appendPicture(all.data, name, content, size, resize); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// appendPicture adds the pixels of an image to those of others.
func appendPicture(data []byte, name string, content []byte, size Image, resize bool) ([]byte, error) {
	if _, err := parseSize(name, content); err != nil { // else it would be decoded whatever it takes
		return nil, err
	}
	picture, _, err := image.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, notAPicture(name, content, err)
	}
	bounds := picture.Bounds()
	if resize && (bounds.Dy() != size.Height || bounds.Dx() != size.Width) {
		smaller := image.NewRGBA64(image.Rect(0, 0, size.Width, size.Height))
		xdraw.CatmullRom.Scale(smaller, smaller.Bounds(), picture, bounds, xdraw.Src, nil)
		picture, bounds = smaller, smaller.Bounds()
	}
	if bounds.Dy() != size.Height || bounds.Dx() != size.Width { // another file than when it was measured
		return nil, fmt.Errorf("%s: has become an image of %d×%d pixels while it was read", name, bounds.Dy(), bounds.Dx())
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA() // times alpha: over black
			if size.Channels == 1 {
				data = append(data, gray(r, g, b))
			} else {
				data = append(data, byte(r>>8), byte(g>>8), byte(b>>8))
			}
		}
	}
	return data, nil
}

// gray is the luma of a color, as ITU-R BT.601 weighs it.
func gray(r, g, b uint32) byte { return byte((19595*r + 38470*g + 7471*b + 1<<15) >> 24) }
