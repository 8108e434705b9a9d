package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"joule/datasets"
	"joule/models"
)

// The scores by which [Anomaly] tells points that are unlike the data: higher for what is more anomalous.
const (
	// ByEnergy is E(x): −log p(x) but for a constant.
	ByEnergy = "energy"
	// ByScoreNorm is ‖∇ log p(x)‖ in the coordinates of the model. Where the density has its mass it is not steep (the approximate
	// mass of Grathwohl et al. 2020).
	ByScoreNorm = "score_norm"
	// ByTypicality is |E(x) − E|, E being the mean energy of the training points: in many dimensions points of too low an energy are
	// as rare as those of too high a one (Nalisnick et al. 2019).
	ByTypicality = "typicality"
)

// AnomalyScores are the names of the scores.
var AnomalyScores = []string{ByEnergy, ByScoreNorm, ByTypicality}

// Anomaly says how unlike the training points other points are, by the energy of a model, or by the mean energy of several.
type Anomaly struct {
	score    string
	ensemble []*models.Compiled
	typical  float64   // the mean energy of the training points
	training []float64 // the scores of the training points, in order
}

// NewAnomaly makes a score ready, given the points that all the models were trained on, in their coordinates.
func NewAnomaly(score string, train datasets.Points, ensemble ...*models.Compiled) (*Anomaly, error) {
	if !slices.Contains(AnomalyScores, score) {
		return nil, fmt.Errorf("there is no score %q; want one of %s", score, strings.Join(AnomalyScores, ", "))
	}
	if len(ensemble) == 0 || train.N == 0 {
		return nil, errors.New("want a model and its training points")
	}
	a := &Anomaly{score: score, ensemble: ensemble}
	if score == ByTypicality {
		energies, err := a.average(train.Values, (*models.Compiled).Energies)
		if err != nil {
			return nil, err
		}
		a.typical = stat.Mean(energies, nil)
	}
	training, err := a.Scores(train)
	if err != nil {
		return nil, fmt.Errorf("the training points: %w", err)
	}
	slices.Sort(training)
	a.training = training
	return a, nil
}

// scoredAtOnce is the number of points whose scores of all models are on the host at a time.
const scoredAtOnce = 8192

// Scores are those of points in the coordinates of the models, [n]. It is an error that one is not finite.
func (a *Anomaly) Scores(points datasets.Points) ([]float64, error) {
	scores := make([]float64, 0, points.N)
	for from := 0; from < points.N; from += scoredAtOnce {
		to := min(from+scoredAtOnce, points.N)
		some, err := a.scores(points.Values[from*points.Dim : to*points.Dim])
		if err != nil {
			return nil, err
		}
		scores = append(scores, some...)
	}
	for i, s := range scores {
		if math.IsNaN(s) || math.IsInf(s, 0) {
			return nil, fmt.Errorf("the score of point %d is %v: the energy is not finite there, or has no finite slope", i+1, s)
		}
	}
	return scores, nil
}

func (a *Anomaly) scores(points []float64) ([]float64, error) {
	of := (*models.Compiled).Energies
	if a.BySlopes() {
		of = (*models.Compiled).Scores
	}
	values, err := a.average(points, of)
	if err != nil {
		return nil, err
	}
	return a.Of(values), nil
}

// BySlopes says whether points are scored by ∇ log p there, and not by their energies.
func (a *Anomaly) BySlopes() bool { return a.score == ByScoreNorm }

// Of are the scores of points, [n], given their energies, [n], or where [Anomaly.BySlopes] says so ∇ log p there, row by row,
// [n·dim]: means over the models, in their coordinates.
func (a *Anomaly) Of(values []float64) []float64 {
	if !a.BySlopes() {
		scores := slices.Clone(values)
		if a.score == ByTypicality {
			for i, e := range scores {
				scores[i] = math.Abs(e - a.typical)
			}
		}
		return scores
	}
	dim := a.ensemble[0].Dim
	norms := make([]float64, len(values)/dim)
	for i := range norms {
		for _, s := range values[i*dim : (i+1)*dim] {
			norms[i] += s * s
		}
		norms[i] = math.Sqrt(norms[i])
	}
	return norms
}

// average is the mean over the models of what they give of points.
func (a *Anomaly) average(points []float64, of func(*models.Compiled, []float64) ([]float64, error)) ([]float64, error) {
	var sum []float64
	for i, model := range a.ensemble {
		values, err := of(model, points)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			sum = make([]float64, len(values))
		}
		for k, v := range values {
			sum[k] += v / float64(len(a.ensemble))
		}
	}
	return sum, nil
}

// Percentile is the percentage of the training points with a score below the given one, those of the same score counting half.
func (a *Anomaly) Percentile(score float64) float64 { return Percentile(a.training, score) }
