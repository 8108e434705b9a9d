package inference_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"joule/backends"
	"joule/datasets"
	"joule/inference"
	"joule/inference/batching"
	"joule/metrics"
	"joule/models"
	"joule/trainers"
)

// handler answers with the log densities of points, a list of lists of numbers in JSON, in the units of the data.
func handler(scorer *inference.Scorer, dim int, logZ float64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var rows [][]float64
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&rows); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		points, err := datasets.PointsOf(rows)
		if err == nil && points.Dim != dim {
			err = fmt.Errorf("points of %d coordinates; want %d", points.Dim, dim)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		densities, err := scorer.LogDensities(r.Context(), points, logZ)
		if err != nil {
			status := http.StatusInternalServerError
			if errors.Is(err, batching.ErrOverloaded) || errors.Is(err, batching.ErrClosed) {
				status = http.StatusServiceUnavailable
			}
			http.Error(w, err.Error(), status)
			return
		}
		json.NewEncoder(w).Encode(densities)
	}
}

// A service that scores points. All requests share the calls of one compiled model: what waits while the device is busy goes there
// together.
func Example() {
	r := rand.New(rand.NewPCG(1, 2))
	points := datasets.NewPoints(2000, 2)
	for i := range points.N {
		copy(points.Row(i), []float64{100 + 10*r.NormFloat64(), r.NormFloat64()})
	}
	source := datasets.NewInMemory(points)
	source.Standardize = true
	set, err := source.Load(datasets.Env{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	backend, err := backends.Open("go", backends.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Close()

	loop, optimizer := trainers.NewLoop(), trainers.NewOptimizer()
	loop.Steps, loop.BatchSize = 1500, 512
	optimizer.LearningRate, optimizer.Schedule = 0.03, "cosine"
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: models.NewQuadratic(), Method: trainers.NewNCE(), Optimizer: optimizer, Loop: loop, Data: set, Seed: 1,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	if err := trainer.Run(context.Background(), trainers.Hooks{}); err != nil {
		log.Fatal(err)
	}
	energy, err := trainer.Compile(0)
	if err != nil {
		log.Fatal(err)
	}
	defer energy.Close()

	z, err := metrics.Normalize(energy, set, metrics.Options{}) // of a grid, since there are two coordinates
	if err != nil {
		log.Fatal(err)
	}

	settings := batching.NewSettings()
	settings.Sizes = batching.Sizes(64) // batches of 1, 4, 16 and 64 points, whose programs are compiled now
	scorer, err := inference.NewScorer(energy, set.Transform, settings, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer scorer.Close()
	server := httptest.NewServer(handler(scorer, set.Train.Dim, z.LogZ))
	defer server.Close()

	answers := make([]string, 3)
	var group sync.WaitGroup
	for i, body := range []string{"[[100, 0]]", "[[100, 0], [120, 0]]", "[[100]]"} {
		group.Go(func() {
			response, err := http.Post(server.URL, "application/json", strings.NewReader(body))
			if err != nil {
				log.Fatal(err)
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				log.Fatal(err)
			}
			var densities []float64
			if response.StatusCode != http.StatusOK {
				answers[i] = fmt.Sprint(response.Status, ": ", strings.TrimSpace(string(text)))
			} else if err := json.Unmarshal(text, &densities); err != nil {
				log.Fatal(err)
			} else {
				answers[i] = fmt.Sprintf("log p = %.0f", densities)
			}
		})
	}
	group.Wait()
	fmt.Println(strings.Join(answers, "\n")) // of the density that the points were drawn from: −4.14, and −6.14
	// Output:
	// log p = [-4]
	// log p = [-4 -6]
	// 400 Bad Request: points of 1 coordinates; want 2
}
