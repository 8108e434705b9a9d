package metrics

import (
	"fmt"
	"math"
	"slices"
)

// Detection is how well a score, higher for what is more anomalous, tells outliers from other points. Outliers are the
// positives, and points of equal score are never told apart.
type Detection struct {
	// Inliers and Outliers are the numbers of points.
	Inliers  int `json:"inliers"`
	Outliers int `json:"outliers"`
	// AUROC is the area under the receiver operating characteristic: the probability that an outlier has a higher score than
	// another point, a tie counting half (Mann & Whitney 1947).
	AUROC float64 `json:"auroc"`
	// AUPR is the average precision, Σ (Rₙ − Rₙ₋₁)Pₙ over the thresholds: the area under steps of the precision P by the recall
	// R. A score without information has the share of outliers.
	AUPR float64 `json:"aupr"`
	// FPR95 is the share of the other points at or above the highest threshold that at least 95 % of the outliers reach.
	FPR95 float64 `json:"fpr95"`
}

// recall is the percentage of outliers that FPR95 asks for.
const recall = 95

// Detect compares the scores of outliers with those of other points. It is an error that either are none, or that a score is
// not a number.
func Detect(inliers, outliers []float64) (*Detection, error) {
	if len(inliers) == 0 || len(outliers) == 0 {
		return nil, fmt.Errorf("%d outliers and %d other points; want at least one of each", len(outliers), len(inliers))
	}
	in, out := slices.Sorted(slices.Values(inliers)), slices.Sorted(slices.Values(outliers))
	if math.IsNaN(in[0]) || math.IsNaN(out[0]) { // which come first
		return nil, fmt.Errorf("a score is not a number")
	}
	d := &Detection{Inliers: len(in), Outliers: len(out)}
	isReached := false
	i, j := len(in), len(out) // those from there on are at or above the threshold
	for j > 0 || i > 0 {
		threshold := math.Inf(-1)
		if i > 0 {
			threshold = in[i-1]
		}
		if j > 0 {
			threshold = max(threshold, out[j-1])
		}
		above, found := len(in)-i, len(out)-j // before those of this threshold
		for i > 0 && in[i-1] == threshold {
			i--
		}
		for j > 0 && out[j-1] == threshold {
			j--
		}
		gain := float64(len(out)-j-found) / float64(len(out))
		d.AUROC += gain * (float64(i) + 0.5*float64(len(in)-i-above)) / float64(len(in))
		d.AUPR += gain * float64(len(out)-j) / float64(len(out)-j+len(in)-i)
		if !isReached && 100*(len(out)-j) >= recall*len(out) {
			isReached, d.FPR95 = true, float64(len(in)-i)/float64(len(in))
		}
	}
	return d, nil
}
