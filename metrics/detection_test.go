package metrics

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func scores(n int, of func(i float64) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = of(float64(i))
	}
	return values
}

// Closed forms, and what scikit-learn 1.9.1 (roc_auc_score, average_precision_score, roc_curve) gives for the same scores.
func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		in, out []float64
		want    Detection
	}{
		"apart":          {[]float64{1, 2, 3}, []float64{4, 5}, Detection{3, 2, 1, 1, 0}},
		"upside down":    {[]float64{4, 5}, []float64{1, 2, 3}, Detection{2, 3, 0, (1./3 + 2./4 + 3./5) / 3, 1}},
		"all alike":      {[]float64{7, 7, 7}, []float64{7}, Detection{3, 1, 0.5, 0.25, 1}},
		"a tie":          {[]float64{1, 2}, []float64{2, 3}, Detection{2, 2, 0.875, 0.5 + 0.5*2./3, 0.5}},
		"infinite":       {[]float64{1, math.Inf(-1)}, []float64{math.Inf(1), 0}, Detection{2, 2, 0.75, 0.5 + 0.5*2./3, 0.5}},
		"one below 95 %": {scores(4, func(i float64) float64 { return i }), append(scores(19, func(float64) float64 { return 2.5 }), -1), Detection{4, 20, 0.95 * 0.75, 0.95*19./20 + 0.05*20./24, 0.25}},
		"many ties of scikit-learn": {
			scores(300, func(i float64) float64 { return math.Floor(8*math.Sin(0.37*i) + 0.5) }),
			scores(120, func(i float64) float64 { return math.Floor(8*math.Cos(0.53*i) + 6.5) }),
			Detection{300, 120, 0.7554166666666666, 0.6546550578484496, 0.6333333333333333},
		},
		"no ties of scikit-learn": {
			scores(300, func(i float64) float64 { return math.Pow(math.Sin(1.7*i), 3) }),
			scores(120, func(i float64) float64 { return math.Cos(0.9*i) + 0.4 }),
			Detection{300, 120, 0.6661666666666667, 0.5928379079125098, 0.81},
		},
	} {
		in := slices.Clone(c.in)
		got, err := Detect(c.in, c.out)
		if err != nil {
			t.Fatal(err)
		}
		if got.Inliers != c.want.Inliers || got.Outliers != c.want.Outliers || math.Abs(got.AUROC-c.want.AUROC) > 1e-12 ||
			math.Abs(got.AUPR-c.want.AUPR) > 1e-12 || math.Abs(got.FPR95-c.want.FPR95) > 1e-12 {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
		if !slices.Equal(in, c.in) {
			t.Errorf("%s: the scores were put in order", name)
		}
	}
	for want, sides := range map[string][2][]float64{
		"0 outliers and 1 other points": {{1}, nil}, "2 outliers and 0 other points": {nil, {1, 2}}, "a score is not a number": {{1}, {2, math.NaN()}},
	} {
		if _, err := Detect(sides[0], sides[1]); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
