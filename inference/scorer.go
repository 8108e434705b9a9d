package inference

import (
	"context"

	"joule/datasets"
	"joule/inference/batching"
	"joule/models"
)

// Scorer evaluates a model at points of many callers, who share its calls. Its methods may be called from several goroutines; what
// they fail with on account of others is that of [batching.Batcher.Do].
//
// A score or an energy that single precision cannot hold is no error here: it is infinite or NaN.
type Scorer struct {
	transform        *datasets.Standardizer
	energies, scores *batching.Batcher
}

// What the batches of a [Scorer] are of.
const (
	OfEnergies = "energy"
	OfScores   = "score"
)

// NewScorer compiles the programs of all sizes of batches. transform is the map from the units of the points to the coordinates of
// the model; nil is the identity. observe, if it is not nil, is told of every batch and what it is of, in place of the settings'
// Observe. [Scorer.Close] ends it; the model remains open, and can be used beside it.
func NewScorer(model *models.Compiled, transform *datasets.Standardizer, s batching.Settings, observe func(of string, b batching.Batch)) (*Scorer, error) {
	batcher := func(of string, width int, evaluate batching.Evaluate) (*batching.Batcher, error) {
		if s.Observe = nil; observe != nil {
			s.Observe = func(b batching.Batch) { observe(of, b) }
		}
		return batching.New(model.Dim, width, evaluate, s)
	}
	energies, err := batcher(OfEnergies, 1, model.Energies)
	if err != nil {
		return nil, err
	}
	scores, err := batcher(OfScores, model.Dim, model.Scores)
	if err != nil {
		energies.Close()
		return nil, err
	}
	return &Scorer{transform: transform, energies: energies, scores: scores}, nil
}

// Energies are E at points in the units of the data, [n].
func (s *Scorer) Energies(ctx context.Context, points datasets.Points) ([]float64, error) {
	return s.energies.Do(ctx, s.transform.Apply(points).Values)
}

// Scores are ∇ log p at points, both in the units of the data, [n·dim].
func (s *Scorer) Scores(ctx context.Context, points datasets.Points) ([]float64, error) {
	y := s.transform.Apply(points)
	scores, err := s.scores.Do(ctx, y.Values)
	if err != nil {
		return nil, err
	}
	s.transform.UndoScores(y, scores)
	return scores, nil
}

// LogDensities are log p at points, in the units of the data and in nats, [n], given log Z in the coordinates of the model.
func (s *Scorer) LogDensities(ctx context.Context, points datasets.Points, logZ float64) ([]float64, error) {
	y := s.transform.Apply(points)
	values, err := s.energies.Do(ctx, y.Values)
	if err != nil {
		return nil, err
	}
	return LogDensities(s.transform, y, values, logZ), nil
}

// LogDensities are log p at points, in the units of the data and in nats, [n], given the points y and log Z in the coordinates of
// the model, and their energies: log p(x) = log p(y) + log |dy/dx|.
func LogDensities(transform *datasets.Standardizer, y datasets.Points, energies []float64, logZ float64) []float64 {
	densities := transform.LogDetJacobians(y)
	for i, e := range energies {
		densities[i] += -e - logZ
	}
	return densities
}

// EnergiesAt and ScoresAt are E and ∇ log p at points y that are, as the score is, in the coordinates of the model.
func (s *Scorer) EnergiesAt(ctx context.Context, y datasets.Points) ([]float64, error) {
	return s.energies.Do(ctx, y.Values)
}

// ScoresAt: see [Scorer.EnergiesAt].
func (s *Scorer) ScoresAt(ctx context.Context, y datasets.Points) ([]float64, error) {
	return s.scores.Do(ctx, y.Values)
}

// Denoised are the means of what points were before normal noise of the standard deviation sigma, in the coordinates of the model,
// was added to them, in the units of the data: see [Tweedie].
func (s *Scorer) Denoised(ctx context.Context, noisy datasets.Points, sigma float64) (datasets.Points, error) {
	y := s.transform.Apply(noisy)
	scores, err := s.scores.Do(ctx, y.Values)
	if err != nil {
		return datasets.Points{}, err
	}
	return s.transform.Undo(tweedie(y, scores, sigma)), nil
}

// Waiting is the number of points of energies and of scores that are not on the device yet.
func (s *Scorer) Waiting() map[string]int {
	return map[string]int{OfEnergies: s.energies.Waiting(), OfScores: s.scores.Waiting()}
}

// Close takes no more points, and returns when those that wait have been evaluated.
func (s *Scorer) Close() {
	s.energies.Close()
	s.scores.Close()
}
