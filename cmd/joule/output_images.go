package main

import (
	"fmt"
	"io"

	"joule/datasets"
)

// checkPictures reports an output of pictures of points that are no images.
func (t *trained) checkPictures(output string) error {
	if isPicture(output) && t.dataset.Image == nil {
		return coded(exitUsage, fmt.Errorf("--output %s: the points of this run are no images; want .npy or .csv", output))
	}
	return nil
}

// writePictures is writeTable of points in the units of the data, or a grid of them as images, so many in a row; 0: as many as make
// it about square.
func (t *trained) writePictures(output string, stdout io.Writer, points datasets.Points, columns int) error {
	if !isPicture(output) {
		return writeTable(output, stdout, points, t.encoding())
	}
	grid := t.imageGrid(points)
	grid.Columns = columns
	return grid.Save(output)
}
