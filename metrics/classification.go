package metrics

import (
	"math"
	"slices"

	"joule/datasets"
	"joule/models"
)

// Classification is how well a model tells the classes of some points apart.
type Classification struct {
	// Accuracy is the share of the points whose class is the most probable one.
	Accuracy float64 `json:"accuracy"`
	// CrossEntropy is mean −log p(y|x), in nats.
	CrossEntropy float64 `json:"cross_entropy"`
	// CalibrationError is the expected calibration error: see [CalibrationError].
	CalibrationError float64 `json:"calibration_error"`
}

// Classify measures a model that has classes on points with labels.
func Classify(model *models.Compiled, points datasets.Points, labels []int) (*Classification, error) {
	logits, err := model.Logits(points.Values)
	if err != nil {
		return nil, err
	}
	classes := len(logits) / points.N
	c, right := &Classification{}, 0
	confidence, isRight := make([]float64, points.N), make([]bool, points.N)
	for i, label := range labels {
		p := Softmax(logits[i*classes : (i+1)*classes])
		confidence[i] = slices.Max(p)
		if isRight[i] = p[label] == confidence[i]; isRight[i] {
			right++
		}
		c.CrossEntropy -= math.Log(max(p[label], math.SmallestNonzeroFloat64)) / float64(points.N)
	}
	c.Accuracy = float64(right) / float64(points.N)
	c.CalibrationError = CalibrationError(confidence, isRight)
	return c, nil
}

// Softmax maps the logits of a point to the probabilities of its classes.
func Softmax(logits []float64) []float64 {
	p, sum := make([]float64, len(logits)), 0.0
	most := slices.Max(logits)
	for k, f := range logits {
		p[k] = math.Exp(f - most)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
	return p
}

// calibrationBins is the number of bins of the calibration error.
const calibrationBins = 15

// CalibrationError is the expected calibration error (Naeini et al. 2015; Guo et al. 2017, eq. 3): points are sorted by their
// confidence, the probability of the most probable class, into 15 bins of equal width, and the mean confidence of each bin is
// compared with the share of its points that are right, |difference| weighted by the number of points.
func CalibrationError(confidence []float64, isRight []bool) float64 {
	var excess [calibrationBins]float64 // Σ (confidence − 1 where it is right)
	for i, p := range confidence {
		bin := min(int(p*calibrationBins), calibrationBins-1)
		excess[bin] += p
		if isRight[i] {
			excess[bin]--
		}
	}
	sum := 0.0
	for _, e := range excess {
		sum += math.Abs(e)
	}
	return sum / float64(len(confidence))
}
