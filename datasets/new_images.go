package datasets

import (
	"fmt"
	"strings"
)

// HoldsImages says whether a file holds images, as a folder of them does and a picture, and not rows of numbers.
func HoldsImages(path string) (bool, error) {
	if isPicture(path) {
		return true, nil
	}
	if ending := endingOf(path); ending == csvEnding || ending == parquetEnding {
		return false, nil
	}
	kind, err := kindOf(path)
	return kind != "npy", err
}

// ReadImages reads the images of a file or a folder, of whichever kind, as the points that they would have been of the size that
// a source has given, before any scaling: with noise of the seed where it dequantises. One array is read of an .npz file.
//
// An error names the file, and what is wrong with it or its size.
func ReadImages(path string, source Source, size Image, seed int64) (Points, error) {
	like, isOfImages := source.(interface{ images() *ImageData })
	if !isOfImages {
		return Points{}, fmt.Errorf("%s: holds images, and the run was trained on other data", path)
	}
	p, err := readNewImages(path, source, size)
	if err != nil {
		return Points{}, err
	}
	if p.image != size {
		return Points{}, fmt.Errorf("%s: images of %s pixels, and the run was trained on those of %s", p.name, &p.image, &size)
	}
	s := like.images()
	white := p.white
	if s.White > 0 {
		white = s.White
	}
	if err := p.check(white, s.Logit > 0, s.Dequantise); err != nil {
		return Points{}, err
	}
	all := part{pixels: p, indices: make([]int, p.n)}
	for i := range all.indices {
		all.indices[i] = i
	}
	return all.points(nil, s.noise(seed)), nil
}

// images are the settings that all sources of images share.
func (s *ImageData) images() *ImageData { return s }

// readNewImages reads the images of a file or a folder as a source with such settings would.
func readNewImages(path string, source Source, size Image) (*pixels, error) {
	if isPicture(path) {
		return (&pictures{folder: path, paths: []string{path}}).readNew(source, size)
	}
	kind, err := kindOf(path)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "idx":
		return readIDXImages(path, "")
	case "npz":
		return readNewArray(path, source)
	}
	folder, err := findPictures(path, "")
	if err != nil {
		return nil, err
	}
	return folder.readNew(source, size)
}

// readNewArray reads the array of a file.
func readNewArray(path string, source Source) (*pixels, error) {
	file, err := openArrays(path, "")
	if err != nil {
		return nil, err
	}
	if len(file.names) > 1 {
		return nil, fmt.Errorf("%s: holds the arrays %.200s; want one of images alone", file.name, strings.Join(file.names, ", "))
	}
	var like NPZ
	if s, ok := source.(*NPZ); ok {
		like.Shape, like.ChannelsFirst = s.Shape, s.ChannelsFirst
	}
	return like.read(file, "", "", "")
}

// readNew reads pictures of a size, or, where those of the source were resized, brings them to it.
func (p *pictures) readNew(source Source, size Image) (*pixels, error) {
	like, _ := source.(*Images)
	resize := like != nil && len(like.Resize) > 0
	for _, path := range p.paths {
		found, err := measurePicture(path)
		if err != nil {
			return nil, err
		}
		if found.Channels = size.Channels; found != size && !resize {
			return nil, fmt.Errorf("%s: an image of %s pixels, and the run was trained on those of %s", path, &found, &size)
		}
	}
	return p.read(size, resize)
}
