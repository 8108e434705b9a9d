package serve

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// Chains of one model move while another on the same backend is evaluated; both come out as if alone.
func TestDrawsWhileEvaluating(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		m := gaussian(t, backend)
		own, err := models.Compile(backend, m.Energy.Model, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(own.Close)
		langevin := samplers.NewLangevin()
		langevin.Steps = 20
		m.Draw = func(n int, seed int64) (datasets.Points, error) {
			sample, err := samplers.Draw(own, langevin, samplers.NewSampling(), samplers.Start{Mean: []float64{0, 0}, Std: []float64{1, 1}}, n, seed)
			if err != nil {
				return datasets.Points{}, err
			}
			return transform.Undo(datasets.Points{N: n, Dim: 2, Values: sample.Points}), nil
		}
		alone, err := m.Draw(3, 7)
		if err != nil {
			t.Fatal(err)
		}
		_, listening := serving(t, m, small())
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				for range 3 {
					response, err := http.Post(listening.URL+"/v1/sample", jsonType, strings.NewReader(`{"n":3,"seed":7}`))
					if err != nil {
						t.Error(err)
						return
					}
					var got struct{ Points [][]float64 }
					err = json.NewDecoder(response.Body).Decode(&got)
					response.Body.Close()
					if err != nil || len(got.Points) != 3 || !near(got.Points[2], alone.Row(2)...) {
						t.Errorf("%v, want %v, %v", got, alone, err)
					}
				}
			})
			group.Go(func() {
				for range 50 {
					var got struct{ Energies []float64 }
					response, err := http.Post(listening.URL+"/v1/energy", jsonType, strings.NewReader(`{"points":[[14,16]]}`))
					if err != nil {
						t.Error(err)
						return
					}
					err = json.NewDecoder(response.Body).Decode(&got)
					response.Body.Close()
					if err != nil || !near(got.Energies, 1) {
						t.Errorf("%v, %v", got, err)
					}
				}
			})
		}
		group.Wait()
	})
}
