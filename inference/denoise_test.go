package inference

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
)

// gaussian is the model N(mean, diag(variances)).
func gaussian(t *testing.T, backend compute.Backend, mean, variances []float64) *models.Compiled {
	t.Helper()
	q := &models.Quadratic{Mean: mean}
	for k, v := range variances {
		row := make([]float64, len(mean))
		row[k] = 1 / v
		q.Precision = append(q.Precision, row)
	}
	return compile(t, backend, q, len(mean))
}

func compile(t *testing.T, backend compute.Backend, energy models.Energy, dim int) *models.Compiled {
	t.Helper()
	model, err := models.Compile(backend, energy, dim, nil)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// Of x ~ N(m, v) and y = x + σz both the mean and the mode of x given y are (v·y + σ²m)/(v + σ²): by Tweedie's formula from the
// density of y, of variance v + σ², and by descent from that of x, whose widths are very different here, to
// where float32 tells energies apart.
func TestDenoiseGaussian(t *testing.T) {
	const sigma = 0.5
	mean, variances := []float64{1, -2, 0}, []float64{1, 0.01, 9}
	noisy := datasets.Points{N: 3, Dim: 3, Values: []float64{0, 0, 0, 3, -2.3, 7, 1, -2, -20}}
	wider := make([]float64, 3)
	for k, v := range variances {
		wider[k] = v + sigma*sigma
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		tweedie, err := Tweedie(gaussian(t, backend, mean, wider), noisy, sigma)
		if err != nil {
			t.Fatal(err)
		}
		mode, err := MAP{Sigma: sigma, Steps: 300}.Denoise(gaussian(t, backend, mean, variances), noisy)
		if err != nil {
			t.Fatal(err)
		}
		for i, y := range noisy.Values {
			k := i % 3
			want := (variances[k]*y + sigma*sigma*mean[k]) / wider[k]
			if math.Abs(tweedie.Values[i]-want) > 1e-5 {
				t.Errorf("Tweedie's formula gives %v for %v, want %v", tweedie.Values[i], y, want)
			}
			if math.Abs(mode.Values[i]-want) > 5e-3 {
				t.Errorf("descent comes to %v from %v, want %v", mode.Values[i], y, want)
			}
		}
	})
}

func TestDenoiseRefuses(t *testing.T) {
	model := gaussian(t, backendtest.Open(t, "go"), []float64{0}, []float64{1e-30})
	far := datasets.Points{N: 2, Dim: 1, Values: []float64{0, 1e20}}
	if _, err := Tweedie(model, far, 1); err == nil || !strings.HasPrefix(err.Error(), "point 2 came out not finite") {
		t.Errorf("error %v", err)
	}
	for want, m := range map[string]MAP{
		"a noise of standard deviation 0;": {0, 10}, "a noise of standard deviation NaN;": {math.NaN(), 10}, "0 steps;": {1, 0},
	} {
		if _, err := m.Denoise(model, far); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
