package main

import (
	"joule/datasets"
	"joule/plots"
	"joule/samplers"
	"slices"
)

// The number of images in a figure, of chains in one that follows them, and of the points of each.
const (
	figureImages      = 100
	figureChains      = 10
	figureChainPoints = 16
)

// drawSamples draws the samples of the figures.
func (m *measured) drawSamples() (datasets.Points, error) {
	n := figureSamples
	if m.dataset.Image != nil {
		n = figureImages
	}
	points, _, err := m.sample(n, m.config.Seed)
	return points, err
}

// imageGrid shows points as images, in the units of the data: black is the least value of the data, and white the largest.
func (t *trained) imageGrid(points datasets.Points) plots.ImageGrid {
	i := t.dataset.Image
	return plots.ImageGrid{
		Height: i.Height, Width: i.Width, Channels: i.Channels, Values: points.Values,
		Low: slices.Min(t.dataset.Min), High: slices.Max(t.dataset.Max),
	}
}

// saveSampleImages draws images of the model.
func (m *measured) saveSampleImages(path string) error {
	points, err := m.samples()
	if err != nil {
		return err
	}
	return m.imageGrid(points).Save(path)
}

// saveDataImages draws the first images of the training part: a class a row where there are classes.
func (m *measured) saveDataImages(path string) error {
	picked, columns := m.picked()
	grid := m.imageGrid(m.set.Transform.Undo(m.set.Train.Rows(picked)))
	grid.Columns = columns
	return grid.Save(path)
}

// picked are the indices of the training points in the figure of the data, and how many there are in a row.
func (m *measured) picked() (indices []int, columns int) {
	const most = 10 // of a class
	labels := m.set.Labels
	if labels == nil || len(labels.Train) == 0 || len(labels.Classes) > figureImages/most*2 {
		for i := range min(figureImages, m.set.Train.N) {
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
func (m *measured) saveChainImages(path string) error {
	config, run := *m.config, *m.trained
	config.Sampling.Chains, run.config = figureChains, &config
	if err := samplers.CheckChains(config.Sampler, figureChains, 1, 1); err != nil {
		return err
	}
	points, _, err := run.sample(figureChains*figureChainPoints, m.config.Seed)
	if err != nil {
		return err
	}
	order := make([]int, 0, points.N) // from [points][chains] to [chains][points]
	for c := range figureChains {
		for i := c; i < points.N; i += figureChains {
			order = append(order, i)
		}
	}
	grid := m.imageGrid(points.Rows(order))
	grid.Columns = figureChainPoints
	return grid.Save(path)
}
