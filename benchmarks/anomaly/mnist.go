package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"joule/datasets"
	"joule/fetch"
)

// mnist is the task of telling digits from what can be made of them, and from noise.
var mnist = []task{{
	name: "MNIST", outliers: []string{"rotated", "inverted", "noise"}, isImage: true,
	most: 1, // which takes minutes a method
	deal: func(ctx context.Context, seed int64) (*split, error) {
		if err := fetchMNIST(ctx); err != nil {
			return nil, err
		}
		return dealImages("fetched:mnist", 3000, 1000, seed)
	},
}}

// fetchMNIST gets the files of MNIST unless they are there.
func fetchMNIST(ctx context.Context) error {
	folder, err := datasets.FetchedDir()
	if err != nil {
		return err
	}
	mnist, err := fetch.Named("mnist")
	if err != nil {
		return err
	}
	if _, err := mnist.Get(ctx, filepath.Join(folder, "mnist"), ""); err != nil {
		return fmt.Errorf("joule data fetch mnist: %w", err)
	}
	return nil
}

// dealImages draws so many images of a folder like that of MNIST to train on, and so many of its test file, of which the outliers
// are made.
func dealImages(folder string, train, test int, seed int64) (*split, error) {
	source := datasets.NewIDX()
	source.Path, source.Scale, source.Limit = folder, "none", max(train, test)
	set, err := source.Load(datasets.Env{Seed: seed})
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	drawn := func(p datasets.Points, n int) datasets.Points { return p.Rows(r.Perm(p.N)[:min(n, p.N)]) }
	digits := &datasets.Set{Train: drawn(set.Train, train), Test: drawn(set.Test, test)}
	return &split{digits, []datasets.Points{rotated(digits.Test, *set.Image), inverted(digits.Test), noise(digits.Test, r)}}, nil
}

// rotated are gray images turned clockwise by 90°.
func rotated(images datasets.Points, size datasets.Image) datasets.Points {
	turned := datasets.NewPoints(images.N, images.Dim)
	for n := range images.N {
		from, to := images.Row(n), turned.Row(n)
		for i := range size.Width { // the rows of what is turned
			for j := range size.Height {
				to[i*size.Height+j] = from[(size.Height-1-j)*size.Width+i]
			}
		}
	}
	return turned
}

// white is the value of the brightest pixel.
const white = 255

// inverted are images with black for white.
func inverted(images datasets.Points) datasets.Points {
	negative := datasets.NewPoints(images.N, images.Dim)
	for i, v := range images.Values {
		negative.Values[i] = white - v
	}
	return negative
}

// noise is as many images, each of whose pixels is any value with the same probability.
func noise(images datasets.Points, r *rand.Rand) datasets.Points {
	drawn := datasets.NewPoints(images.N, images.Dim)
	for i := range drawn.Values {
		drawn.Values[i] = float64(r.IntN(white + 1))
	}
	return drawn
}
