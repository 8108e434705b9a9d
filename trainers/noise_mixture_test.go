package trainers

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
)

// twoHeaps are points around (−3, 0) and (3, 1), which are tilted.
func twoHeaps(n int) datasets.Points {
	points := normalData(n, []float64{0, 0}, 0.5).Train
	for i := range n {
		row := points.Row(i)
		row[1] += 0.7 * row[0]
		if i%3 == 0 {
			row[0] -= 3
		} else {
			row[0], row[1] = row[0]+3, row[1]+1
		}
	}
	return points
}

// Gaussian noise with a full covariance has the data's mean and its covariance times the square of the scale.
func TestFullGaussianNoise(t *testing.T) {
	set, mean, cov := correlated(500)
	noise := fitted(t, &GaussianNoise{Scale: 1.5, Covariance: "full"}, set.Train).(knownNoise).Density.(*datasets.Mixture)
	if len(noise.Means) != 1 {
		t.Fatalf("%d components, want one", len(noise.Means))
	}
	for i := range 2 {
		near(t, "a mean", noise.Means[0][i], mean[i], 1e-9)
		for j := range 2 {
			near(t, "a covariance", noise.Covariances[0][i][j], 2.25*cov[i][j], 1e-4) // but for what FitMixture adds
		}
	}
}

// A mixture is that of FitMixtureRoughly with wider components, and a broad Gaussian around all of the data. It is the same
// whenever it is fitted.
func TestMixtureNoise(t *testing.T) {
	points := twoHeaps(600)
	settings := &MixtureNoise{Components: 2, Scale: 1.5, Broad: 0.2, BroadScale: 3}
	noise := fitted(t, settings, points).(knownNoise).Density.(*datasets.Mixture)
	fit, err := datasets.FitMixtureRoughly(points, 2, mixtureSeed)
	if err != nil {
		t.Fatal(err)
	}
	mean, std := points.Moments()
	for k, want := range []float64{0.8 * fit.Weights[0], 0.8 * fit.Weights[1], 0.2} {
		near(t, "a weight", noise.Weights[k], want, 1e-14)
		for i := range 2 {
			for j := range 2 {
				wantMean, wantCov := mean[i], 0.0
				if k < 2 {
					wantMean, wantCov = fit.Means[k][i], 2.25*fit.Covariances[k][i][j]
				} else if i == j {
					wantCov = 9 * std[i] * std[i]
				}
				near(t, "a mean", noise.Means[k][i], wantMean, 1e-14)
				near(t, "a covariance", noise.Covariances[k][i][j], wantCov, 1e-12)
			}
		}
	}
	if again := fitted(t, settings, points).(knownNoise).Density; !reflect.DeepEqual(again, Density(noise)) {
		t.Error("a second fit gives another mixture")
	}
	// Of many points the first are enough, and more of them for many components.
	settings.Broad = 0
	many := twoHeaps(mixturePoints + 1000)
	fit, err = datasets.FitMixtureRoughly(datasets.Points{N: mixturePoints, Dim: 2, Values: many.Values[:2*mixturePoints]}, 2, mixtureSeed)
	if err != nil {
		t.Fatal(err)
	}
	if got := fitted(t, settings, many).(knownNoise).Density.(*datasets.Mixture); !reflect.DeepEqual(got.Means, fit.Means) {
		t.Errorf("the means from many points are %v, and %v from as many as are enough", got.Means, fit.Means)
	}
	if bare := fitted(t, settings, points).(knownNoise).Density.(*datasets.Mixture); len(bare.Means) != 2 {
		t.Errorf("without a broad part there are %d components, want 2", len(bare.Means))
	}
	settings.Components = 400
	if _, err := settings.Fit(Problem{Data: []*datasets.Set{{Train: points}}}); err == nil || !strings.HasPrefix(err.Error(), "method.noise: components: 400") {
		t.Errorf("too many components: error %v", err)
	}
}

// Draws of a mixture have its mean and standard deviation, within five standard errors (for the deviation with a kurtosis
// of at most 9), and the density is that of the host. Each of two replicas has its own.
func TestMixtureNoiseSample(t *testing.T) {
	const n = 4000
	one, two := twoHeaps(600), correlatedPoints(600)
	settings := &MixtureNoise{Components: 2, Scale: 1.2, Broad: 0.1, BroadScale: 2}
	noise := fitted(t, settings, one, two)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
			y := noise.Sample(shapes.Make(dtypes.Float64, 2, n, 2), random.NewStream(in[0]))
			return []*graph.Node{y, noise.LogProb(y)}
		}, random.Seeds([]int64{1, 2}, 1))
		for i, train := range []datasets.Points{one, two} {
			alone := fitted(t, settings, train).(knownNoise).Density.(*datasets.Mixture)
			mean, cov := alone.MeanCov()
			points := datasets.Points{N: n, Dim: 2, Values: got[0][i*2*n : (i+1)*2*n]}
			m, s := points.Moments()
			for k := range mean {
				std := math.Sqrt(cov[k][k])
				near(t, fmt.Sprintf("replica %d: mean %d", i, k), m[k], mean[k], 5*std/math.Sqrt(n))
				near(t, fmt.Sprintf("replica %d: standard deviation %d", i, k), s[k], std, 5*std*math.Sqrt((9.-1)/(4*n)))
			}
			for j := range 10 {
				near(t, "a log density", got[1][i*n+j], alone.LogProb(points.Row(j)), 1e-11)
			}
		}
	})
}

func correlatedPoints(n int) datasets.Points {
	set, _, _ := correlated(n)
	return set.Train
}

// Noise from a density is that of the data set that is named, or else the data's own.
func TestDensityNoise(t *testing.T) {
	source := &datasets.GaussianMixture{Means: [][]float64{{0, 1}}, Variances: []float64{2}, Synthetic: datasets.Synthetic{Size: 10}}
	data := normalData(8, []float64{0, 0}, 1)
	data.Density = gaussian(t, []float64{0, 0}, 1)
	for noise, want := range map[*DensityNoise]*datasets.Mixture{
		{Data: source}: gaussian(t, []float64{0, 1}, 2), {}: data.Density.(*datasets.Mixture),
	} {
		density, err := noise.Fit(Problem{Data: []*datasets.Set{data}})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "log p", density.(knownNoise).Density.(*datasets.Mixture).LogProb([]float64{0.5, 0.2}), want.LogProb([]float64{0.5, 0.2}), 1e-14)
	}
	unknown := normalData(8, []float64{0, 0}, 1)
	line := normalData(8, []float64{0}, 1)
	for _, test := range []struct {
		noise *DensityNoise
		data  *datasets.Set
		want  string
	}{
		{&DensityNoise{}, unknown, "method.noise of kind density needs a known density: the data has none, so method.noise.data has to name a data set with one"},
		{&DensityNoise{Data: source}, line, "method.noise.data has 2 coordinates, and the data 1"},
		{&DensityNoise{Data: &datasets.CSV{FileData: datasets.FileData{Path: "builtin:old_faithful.csv"}}}, unknown, "method.noise.data has no known density; give it a density to be fitted, or take another kind"},
		{&DensityNoise{Data: &datasets.CSV{FileData: datasets.FileData{Path: "missing.csv"}}}, unknown, "method.noise.data: "},
	} {
		if _, err := test.noise.Fit(Problem{Data: []*datasets.Set{test.data}}); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

// The path of a file that noise is taken from is made absolute with the config's.
func TestLocateNoise(t *testing.T) {
	for _, method := range []interface{ Locate(string) error }{
		&NCE{Noise: &DensityNoise{Data: &datasets.CSV{FileData: datasets.FileData{Path: "x.csv"}}}},
		&RankingNCE{Noise: &DensityNoise{Data: &datasets.CSV{FileData: datasets.FileData{Path: "x.csv"}}}},
	} {
		if err := method.Locate("/somewhere"); err != nil {
			t.Fatal(err)
		}
		noise := reflect.ValueOf(method).Elem().FieldByName("Noise").Interface().(*DensityNoise)
		if path := noise.Data.(*datasets.CSV).Path; path != "/somewhere/x.csv" {
			t.Errorf("%T: the path is %s", method, path)
		}
	}
	if err := NewNCE().Locate("/somewhere"); err != nil {
		t.Error(err)
	}
}
