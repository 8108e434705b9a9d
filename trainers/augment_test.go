package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
)

// moving is an augmentation: every point moves by so much, and by normal noise.
type moving struct{ by, noise float64 }

func (m moving) Augment(batch *graph.Node, draws random.Draws) *graph.Node {
	return graph.Add(graph.AddScalar(batch, m.by), graph.MulScalar(draws.Normal(batch.Shape()), m.noise))
}

// What is trained on is what the data's augmentation makes of it: score matching finds the mean and the variance of that. With
// replicas each becomes what it is alone, and on blocks of other lengths it comes out the same.
func TestBatchesAreAugmented(t *testing.T) {
	spec := fixedSpec(Loop{Steps: 7, LogEvery: 7, Precision: float64bits})
	spec.Data, spec.Seed = normalData(64, []float64{1, -1}, 0.5), 5
	spec.Data.Augment = moving{by: 3, noise: 0.5}
	other := normalData(64, []float64{0, 2}, 1.5)
	other.Augment = spec.Data.Augment
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		replicasAreRuns(t, backend, "augmented", spec, other)
	})

	long := spec
	long.Loop.Steps, long.Loop.LogEvery, long.Loop.BatchSize, long.Loop.Precision = 1500, 1500, 64, float32bits
	long.Method, long.Optimizer = NewSM(), cosine(0.05)
	mean, std := spec.Data.Train.Moments()
	values := trained(t, backendtest.Open(t, "go"), long)
	f := values["precision_factor"]
	p := learned{factor: [2][2]float64{{f[0], f[1]}, {f[2], f[3]}}}.precision()
	det := p[0][0]*p[1][1] - p[0][1]*p[1][0]
	for k, m := range values["mean"] {
		near(t, "mean", m, mean[k]+3, 0.05)
		near(t, "variance", p[1-k][1-k]/det, std[k]*std[k]+0.25, 0.1)
	}
}

func TestReplicasAreAugmentedAlike(t *testing.T) {
	spec := fixedSpec(Loop{Steps: 1, LogEvery: 1})
	other := normalData(16, []float64{0}, 1)
	other.Augment = moving{by: 1}
	spec.Replicas = []Replica{{other, 1}}
	_, err := New(backendtest.Open(t, "go"), spec)
	const want = "replica 2 has its data scaled by itself, and batches are augmented for all alike: data.scale is the same for all, data.standardize is not"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What is fitted to the data is fitted to what batches hold of them: a coordinate that is constant has the width of the noise.
func TestFitsAreToAugmentedPoints(t *testing.T) {
	const n = 4000
	constant := normalData(n, []float64{1, -1}, 0)
	plain := normalData(n, []float64{0, 0}, 1)
	moved := *constant
	moved.Augment = moving{by: 3, noise: 0.5}
	replicas := []member{{Replica: Replica{&moved, 1}}, {Replica: Replica{plain, 2}}, {Replica: Replica{&moved, 3}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		points, err := seen(backend, replicas, dtype)
		if err != nil {
			t.Fatal(err)
		}
		noise, err := fitNoise("nce", NewGaussianNoise(), Problem{Data: []*datasets.Set{&moved, plain, &moved}, Seen: func() ([]datasets.Points, error) { return points, nil }})
		if err != nil {
			t.Fatal(err)
		}
		fit := noise.(*DiagonalGaussian)
		for k, mean := range []float64{4, 2} {
			near(t, "the mean", fit.Mean[0][k], mean, 5*0.5/math.Sqrt(n))
			near(t, "the spread", fit.Std[0][k], 1.5*0.5, 5*0.75/math.Sqrt(2*n))
			near(t, "the mean again", fit.Mean[2][k], fit.Mean[0][k], 0)
			near(t, "the mean without augmentation", fit.Mean[1][k], 0, 5/math.Sqrt(n))
		}
	})
	if _, err := fitNoise("nce", NewGaussianNoise(), Problem{Data: []*datasets.Set{constant}}); err == nil {
		t.Error("noise around a constant is no error")
	}
}
