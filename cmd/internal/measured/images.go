package measured

import (
	"joule/datasets"
	"joule/samplers"
)

// The number of images in a figure, of chains in one that follows them, and of the points of each.
const (
	figureImages      = 100
	figureChains      = 10
	figureChainPoints = 16
)

// drawSamples draws the samples of the figures.
func (m *Run) drawSamples() (datasets.Points, error) {
	n := figureSamples
	if m.Dataset.Image != nil {
		n = figureImages
	}
	points, _, err := m.Sample(n, m.Config.Seed)
	return points, err
}

// saveSampleImages draws images of the model.
func (m *Run) saveSampleImages(path string) error {
	points, err := m.samples()
	if err != nil {
		return err
	}
	return m.ImageGrid(points).Save(path)
}

// saveDataImages draws the first images of the training part: a class a row where there are classes.
func (m *Run) saveDataImages(path string) error {
	picked, columns := m.picked()
	grid := m.ImageGrid(m.Set.Transform.Undo(m.Set.Train.Rows(picked)))
	grid.Columns = columns
	return grid.Save(path)
}

// picked are the indices of the training points in the figure of the data, and how many there are in a row.
func (m *Run) picked() (indices []int, columns int) {
	const most = 10 // of a class
	labels := m.Set.Labels
	if labels == nil || len(labels.Train) == 0 || len(labels.Classes) > figureImages/most*2 {
		for i := range min(figureImages, m.Set.Train.N) {
			indices = append(indices, i)
		}
		return indices, 0
	}
	of := make([][]int, len(labels.Classes))
	for i, class := range labels.Train {
		if len(of[class]) < most {
			of[class] = append(of[class], i)
		}
	}
	columns = most
	for _, class := range of {
		columns = min(columns, len(class))
	}
	if columns == 0 {
		columns = 1
	}
	for _, class := range of {
		indices = append(indices, class[:min(columns, len(class))]...)
	}
	return indices, columns
}

// saveChainImages draws chains, one a row, as they move: a point after the sampler's steps, and then one after every
// thinning.
func (m *Run) saveChainImages(path string) error {
	config, run := *m.Config, *m.Run
	config.Sampling.Chains, run.Config = figureChains, &config
	if err := samplers.CheckChains(config.Sampler, figureChains, 1, 1); err != nil {
		return err
	}
	points, _, err := run.Sample(figureChains*figureChainPoints, m.Config.Seed)
	if err != nil {
		return err
	}
	order := make([]int, 0, points.N) // from [points][chains] to [chains][points]
	for c := range figureChains {
		for i := c; i < points.N; i += figureChains {
			order = append(order, i)
		}
	}
	grid := m.ImageGrid(points.Rows(order))
	grid.Columns = figureChainPoints
	return grid.Save(path)
}
