package points

import (
	"fmt"
	"io"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/datasets"
)

// checkPictures reports an output of pictures of points that are no images.
func checkPictures(t *trained.Run, output string) error {
	if isPicture(output) && t.Dataset.Image == nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--output %s: the points of this run are no images; want .npy or .csv", output))
	}
	return nil
}

// writePictures is writeTable of points in the units of the data, or a grid of them as images, so many in a row; 0: as many as make
// it about square.
func writePictures(t *trained.Run, output string, stdout io.Writer, points datasets.Points, columns int) error {
	if !isPicture(output) {
		return writeTable(output, stdout, points, t.Encoding())
	}
	grid := t.ImageGrid(points)
	grid.Columns = columns
	return grid.Save(output)
}
