package datasets

import (
	"math"
	"reflect"
	"testing"
)

// relative scales of the columns differ a hundredfold, as in real data.
func known(t *testing.T) *Mixture {
	t.Helper()
	m, err := NewMixture([]float64{0.25, 0.35, 0.4}, [][]float64{{-3, 0}, {0, 400}, {4, -200}},
		[][][]float64{{{1, 40}, {40, 10000}}, {{0.5, 0}, {0, 2500}}, {{1, -70}, {-70, 10000}}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFitMixtureRecoversAKnownMixture(t *testing.T) {
	want := known(t)
	p := want.Sample(newRand(2, 99), 20000)
	got, err := FitMixture(p, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	for k := range want.Means {
		wantNear(t, "weight", got.Weights[k], want.Weights[k], 0.015)
		for i := range 2 {
			si := math.Sqrt(want.Covariances[k][i][i])
			wantNear(t, "mean", got.Means[k][i], want.Means[k][i], 0.05*si)
			for j := range 2 {
				sj := math.Sqrt(want.Covariances[k][j][j])
				wantNear(t, "covariance", got.Covariances[k][i][j], want.Covariances[k][i][j], 0.06*si*sj)
			}
		}
	}
	// Maximum likelihood: no worse on its own points than the truth.
	var gain float64
	for i := range p.N {
		gain += got.LogProb(p.Row(i)) - want.LogProb(p.Row(i))
	}
	if gain < 0 {
		t.Errorf("the fit is %v nats below the truth", -gain)
	}
}

// A rough fit is close to the best one, and the same each time.
func TestFitMixtureRoughly(t *testing.T) {
	p := known(t).Sample(newRand(2, 99), 2000)
	best, err := FitMixture(p, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := FitMixtureRoughly(p, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	loss := 0.0
	for i := range p.N {
		loss += (best.LogProb(p.Row(i)) - got.LogProb(p.Row(i))) / float64(p.N)
	}
	if !(loss > -1e-9 && loss < 1e-3) {
		t.Errorf("a rough fit is %v nats a point below the best", loss)
	}
	if again, err := FitMixtureRoughly(p, 3, 0); err != nil || !reflect.DeepEqual(again, got) {
		t.Errorf("a second fit gives another mixture; error %v", err)
	}
}

func TestLikelihoodNeverDecreases(t *testing.T) {
	p := known(t).Sample(newRand(3, 99), 500)
	transform, err := FitStandardizer(p, unnamed(2))
	if err != nil {
		t.Fatal(err)
	}
	p = transform.Apply(p)
	responsibilities, err := nearestCentre(p, 3, newRand(0, 99))
	if err != nil {
		t.Fatal(err)
	}
	previous := math.Inf(-1)
	for step := range 200 {
		m, ok := maximize(p, responsibilities)
		if !ok {
			t.Fatalf("step %d: a component collapsed", step)
		}
		logLik := m.expect(p, responsibilities)
		// The ridge makes the M step inexact by about its square.
		if logLik < previous-1e-9*math.Abs(previous) {
			t.Fatalf("step %d: %.15g after %.15g", step, logLik, previous)
		}
		previous = logLik
		for i := range p.N {
			wantNear(t, "sum of responsibilities", total(responsibilities.Row(i)), 1, 1e-12)
		}
	}
}

// One component is the sample mean and covariance.
func TestFitMixtureOfOneComponent(t *testing.T) {
	p := points([]float64{0, 0}, []float64{2, 0}, []float64{0, 4}, []float64{2, 8})
	m, err := FitMixture(p, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantNear(t, "mean 0", m.Means[0][0], 1, 1e-12)
	wantNear(t, "mean 1", m.Means[0][1], 3, 1e-12)
	wantNear(t, "variance 0", m.Covariances[0][0][0], 1*(1+fitRidge), 1e-12)
	wantNear(t, "variance 1", m.Covariances[0][1][1], 11*(1+fitRidge), 1e-12)
	wantNear(t, "covariance", m.Covariances[0][0][1], 1, 1e-12)
}

func TestFitMixtureIsDeterministic(t *testing.T) {
	p := known(t).Sample(newRand(4, 99), 300)
	a, errA := FitMixture(p, 3, 5)
	b, errB := FitMixture(p, 3, 5)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%v %v, %v %v", a, errA, b, errB)
	}
}

// The figures are those of every textbook fit of these data, for example in the documentation of mclust.
func TestFitMixtureOnOldFaithful(t *testing.T) {
	p, _, err := ReadPoints("builtin:old_faithful.csv")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range int64(3) {
		m, err := FitMixture(p, 2, seed)
		if err != nil {
			t.Fatal(err)
		}
		wantNear(t, "short eruptions", m.Means[0][0], 2.036, 0.001)
		wantNear(t, "short waits", m.Means[0][1], 54.48, 0.01)
		wantNear(t, "weight", m.Weights[0], 0.356, 0.001)
		wantNear(t, "long eruptions", m.Means[1][0], 4.290, 0.001)
		wantNear(t, "long waits", m.Means[1][1], 79.97, 0.01)
		wantNear(t, "weight", m.Weights[1], 0.644, 0.001)
		var logLik float64
		for i := range p.N {
			logLik += m.LogProb(p.Row(i))
		}
		wantNear(t, "log likelihood", logLik, -1130.264, 0.01)
	}
}

func TestFitMixtureRefuses(t *testing.T) {
	p := points([]float64{0, 0}, []float64{2, 0}, []float64{0, 4}, []float64{2, 8})
	_, err := FitMixture(p, 0, 0)
	wantError(t, err, "components: 0 is not positive")
	_, err = FitMixture(p, 2, 0)
	wantError(t, err, "components: 2 in 2 dimensions need at least 6 points, there are 4")
	_, err = FitMixture(points([]float64{0}, []float64{1}, []float64{0}, []float64{1}, []float64{0}, []float64{1}), 3, 0)
	wantError(t, err, "components: 3 is more than the 2 distinct points")
	_, err = FitMixture(points([]float64{0, 0}, []float64{1, 2}, []float64{2, 4}, []float64{3, 6}), 1, 0)
	wantError(t, err, "components: with 1, one shrank onto a few points or a line from each of 10 starts: "+
		"take fewer, and leave out columns that depend linearly on others")
}
