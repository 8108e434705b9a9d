package samplers

import (
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
)

// Between modes that are twelve standard deviations apart chains at one temperature never move; with hot ones beside them
// they find the weights of both.
func TestParallelTemperingBetweenModes(t *testing.T) {
	const n = 1000
	m := mixture{a: 3, v: 0.25}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		c, err := models.Compile(backend, m, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		draw := func(s Sampler) []float64 {
			sample, err := Draw(c, s, NewSampling(), Start{[]float64{m.a, 0}, []float64{0.5, 0.5}}, n, 2)
			if err != nil {
				t.Fatal(err)
			}
			return sample.Points
		}
		isLeft := func(x []float64) float64 {
			if x[0] < 0 {
				return 1
			}
			return 0
		}
		alone := draw(&MALA{Steps: 400, StepSize: 0.2})
		for i := range n {
			if isLeft(alone[2*i:]) != 0 {
				t.Fatal("chains at one temperature get from mode to mode: that proves nothing")
			}
		}
		x := draw(&ParallelTempering{Steps: 400, StepSize: 0.2, Temperatures: 6, MaxTemperature: 30})
		expect(t, "the weight of the left mode", x, 2, isLeft, 0.3)
		expect(t, "the mean square", x, 2, func(x []float64) float64 { return x[0] * x[0] }, m.a*m.a+m.v)
		expect(t, "the variance of the other coordinate", x, 2, func(x []float64) float64 { return x[1] * x[1] }, m.v)
	})
}
