package serve

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/metrics"
	"joule/models"
)

// The model of the tests is the normal density with this mean and the identity as its precision, in coordinates that are
// standardised by these.
var (
	mean      = []float64{1, -2}
	transform = &datasets.Standardizer{Mean: []float64{10, 20}, Std: []float64{2, 4}}
)

// gaussian is that model, with columns a and b.
func gaussian(t testing.TB, backend compute.Backend) *Model {
	t.Helper()
	model, err := models.Compile(backend, &models.Quadratic{Mean: mean, Precision: [][]float64{{1, 0}, {0, 1}}}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	return &Model{Info: Info{Name: "gaussian", Version: "test"}, Encoding: datasets.Plain([]string{"a", "b"}), Transform: transform, Energy: model,
		LogZ: &metrics.Normalizer{LogZ: math.Log(2 * math.Pi)}}
}

// small are settings that compile little.
func small() Settings {
	s := NewSettings()
	s.Batching.Sizes = []int{1, 4}
	return s
}

// serving starts a server, which ends with the test.
func serving(t testing.TB, m *Model, s Settings) (*Server, *httptest.Server) {
	t.Helper()
	server, err := New(m, s)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		listening.Close()
		server.scorer.Close()
	})
	return server, listening
}

// ask asks, and returns the answer and its status.
func ask(t testing.TB, method, url, contentType string, body []byte, headers ...string) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, text
}

// post asks with JSON, has to be answered with 200, and reads the answer.
func post(t testing.TB, url, body string, answer any) {
	t.Helper()
	response, text := ask(t, http.MethodPost, url, jsonType, []byte(body))
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != jsonType {
		t.Fatalf("%s of %s: %s, %s", url, body, response.Status, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// near compares by single precision.
func near(got []float64, want ...float64) bool {
	return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-5*(1+math.Abs(b)) })
}

// What is answered is what is known in closed form, on all backends, for points by position, by name and as an array.
func TestAnswers(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		m := gaussian(t, backend)
		m.Sigma = 0.5
		train := datasets.Points{N: 4, Dim: 2, Values: []float64{1, -2, 2, -2, 1, -4, 4, -2}} // of the energies 0, ½, 2 and 4½
		score, err := metrics.NewAnomaly(metrics.ByEnergy, train, m.Energy)
		if err != nil {
			t.Fatal(err)
		}
		m.Anomaly = &Anomaly{Score: score, Name: metrics.ByEnergy, Threshold: 1, Rate: 0.1}
		_, listening := serving(t, m, small())

		// (14, 16) is (2, −1) to the model: the energy is ½(1² + 1²); (12, 12) is its mean.
		const points, rows = `{"points": [[14, 16], [12, 12]]}`, ` {"rows":[{"b":16,"a":14},{"a":1.2e1,"b":12.0}] } `
		for _, body := range []string{points, rows} {
			var a struct {
				Energies, Densities, Scores, Percentiles []float64
				LogDensities                             []float64 `json:"log_densities"`
				Anomalies                                []bool
			}
			if post(t, listening.URL+"/v1/energy", body, &a); !near(a.Energies, 1, 0) {
				t.Errorf("energies %v", a.Energies)
			}
			atMean := -math.Log(2*math.Pi) - math.Log(2*4)
			if post(t, listening.URL+"/v1/log-density", body, &a); !near(a.LogDensities, atMean-1, atMean) {
				t.Errorf("log densities %v", a.LogDensities)
			}
			if post(t, listening.URL+"/v1/anomaly", body, &a); !near(a.Scores, 1, 0) || !near(a.Percentiles, 50, 12.5) || a.Anomalies[0] || a.Anomalies[1] {
				t.Errorf("anomalies %+v", a)
			}
			var table struct {
				Coordinates    []string
				Scores, Points [][]float64
			}
			if post(t, listening.URL+"/v1/score", body, &table); !slices.Equal(table.Coordinates, []string{"a", "b"}) || !near(table.Scores[0], -1./2, -1./4) || !near(table.Scores[1], 0, 0) {
				t.Errorf("scores %v", table)
			}
			// x + σ²∇ log p: (2, −1) becomes (1.75, −1.25).
			if post(t, listening.URL+"/v1/denoise", body, &table); !near(table.Points[0], 13.5, 15) || !near(table.Points[1], 12, 12) {
				t.Errorf("denoised %v", table)
			}
		}
		var a struct{ Energies []*float64 }
		if post(t, listening.URL+"/v1/energy", `{"points": [[14, 16], [3e38, 3e38]]}`, &a); *a.Energies[0] != 1 || a.Energies[1] != nil {
			t.Errorf("an energy above single precision: %v", a.Energies)
		}
		var far struct {
			Anomalies   []bool
			Percentiles []float64
		}
		if post(t, listening.URL+"/v1/anomaly", `{"points": [[3e38, 3e38]]}`, &far); !far.Anomalies[0] || far.Percentiles[0] != 100 {
			t.Errorf("a point that single precision cannot hold the energy of: %v", far)
		}

		path := filepath.Join(t.TempDir(), "points.npy")
		if err := datasets.WriteNPY(path, datasets.Points{N: 2, Dim: 2, Values: []float64{14, 16, 12, 12}}, datasets.Float32); err != nil {
			t.Fatal(err)
		}
		array, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, contentType := range []string{npyType, bytesType} {
			response, text := ask(t, http.MethodPost, listening.URL+"/v1/energy", contentType, array)
			if response.StatusCode != http.StatusOK || string(text) != "{\"energies\":[1,0]}\n" {
				t.Errorf("%s: %s %s", contentType, response.Status, text)
			}
		}
	})
}

// However requests share batches, each gets what it would get alone.
func TestManyAtOnce(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		_, listening := serving(t, gaussian(t, backend), small())
		var group sync.WaitGroup
		for caller := range 12 {
			group.Go(func() {
				for n := 1; n < 12; n += 2 {
					var points [][]float64
					var want []float64
					for i := range n {
						x := []float64{float64(caller), float64(i)}
						points = append(points, x)
						y := transform.Apply(datasets.Points{N: 1, Dim: 2, Values: x}).Values
						want = append(want, (math.Pow(y[0]-mean[0], 2)+math.Pow(y[1]-mean[1], 2))/2)
					}
					body, _ := json.Marshal(map[string]any{"points": points})
					response, err := http.Post(listening.URL+"/v1/energy", jsonType, bytes.NewReader(body))
					if err != nil {
						t.Error(err)
						return
					}
					var got struct{ Energies []float64 }
					err = json.NewDecoder(response.Body).Decode(&got)
					response.Body.Close()
					if err != nil || !near(got.Energies, want...) {
						t.Errorf("%v, want %v, %v", got, want, err)
					}
				}
			})
		}
		group.Wait()
	})
}

// mixed has a column of numbers that may be missing, and two of categories.
func mixed(t testing.TB) *Model {
	fill := 7.0
	e := &datasets.Encoding{Columns: []datasets.EncodedColumn{{Name: "mass", Fill: &fill}, {Name: "kind", Categories: []string{"red", "green"}}, {Name: "legs", Categories: []string{"2", "4"}}}}
	model, err := models.Compile(backendtest.Open(t, "go"), &models.Quadratic{Mean: make([]float64, 5), Precision: [][]float64{
		{1, 0, 0, 0, 0}, {0, 2, 0, 0, 0}, {0, 0, 4, 0, 0}, {0, 0, 0, 8, 0}, {0, 0, 0, 0, 16}}}, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Close)
	return &Model{Info: Info{Name: "mixed", Version: "test"}, Encoding: e, Energy: model,
		Draw: func(n int, seed int64) (datasets.Points, error) {
			points := datasets.NewPoints(n, 5)
			for i := range n {
				copy(points.Row(i), []float64{float64(seed) + float64(i)/2, 0.1, 0.9, 0.6, 0.4})
			}
			return points, nil
		}}
}

// Columns of categories and missing values go both ways.
func TestColumns(t *testing.T) {
	_, listening := serving(t, mixed(t), small())
	// Of the precisions, those of mass, and of the coordinates of the categories, count half.
	for body, want := range map[string]float64{
		`{"points": [[2, "red", "4"]]}`:                             (4 + 2 + 16) / 2,
		`{"points": [[2, "green", 2]]}`:                             (4 + 4 + 8) / 2,
		`{"points": [[null, "red", 4]]}`:                            (49 + 2 + 16) / 2.,
		`{"rows": [{"kind":"red","legs":2.0,"mass":null}]}`:         (49 + 2 + 8) / 2.,
		`{"rows": [{"\u006bind":"r\u0065d","legs":"2","mass":-1}]}`: (1 + 2 + 8) / 2.,
	} {
		var a struct{ Energies []float64 }
		if post(t, listening.URL+"/v1/energy", body, &a); !near(a.Energies, want) {
			t.Errorf("%s: %v, want %v", body, a.Energies, want)
		}
	}
	if response, text := ask(t, http.MethodPost, listening.URL+"/v1/sample", jsonType, []byte(`{"n": 2, "seed": -3}`)); response.StatusCode != http.StatusOK ||
		string(text) != `{"columns":["mass","kind","legs"],"points":[[-3,"green","2"],[-2.5,"green","2"]]}`+"\n" {
		t.Errorf("%s %s", response.Status, text)
	}
	for body, want := range map[string]string{
		`{"points": [[2, "gren", 2]]}`:                         `points: row 1, column "kind": "gren" is none of the categories that the run was trained on, did you mean "green"?; it has red, green`,
		`{"points": [["2", "red", 2]]}`:                        `points: row 1, column "mass": "2" is text; want a number`,
		`{"points": [[2, null, 2]]}`:                           `points: row 1, column "kind": the value is missing, want a value; the run has nothing that stands in for one`,
		`{"rows": [{"mass":1,"kind":"red","legs":2,"leg":2}]}`: `rows: row 1: there is no column "leg"; did you mean "legs"?`,
		`{"rows": [{"mass":1,"kind":"red","kind":"red"}]}`:     `rows: row 1, column "kind": is there twice`,
		`{"rows": [{"mass":1,"kind":"red"}]}`:                  `rows: row 1, column "legs": the value is missing`,
		`{"rows": [{"mass":1,"kind":{"a":"}"},"legs":2}]}`:     `rows: row 1, column "kind": "{\"a\":\"}\"},\"legs\":2}]" is no number, text or null`,
	} {
		refused(t, listening.URL+"/v1/energy", body, http.StatusBadRequest, want)
	}
}

func TestToken(t *testing.T) {
	s := small()
	s.Token = "correct horse battery"
	_, listening := serving(t, gaussian(t, backendtest.Open(t, "go")), s)
	for _, path := range []string{"/v1/model", "/metrics"} {
		for _, wrong := range []string{"", "Bearer correct horse", "Basic correct horse battery", "Bearer"} {
			response, text := ask(t, http.MethodGet, listening.URL+path, "", nil, "Authorization", wrong)
			isProblem(t, response, text, http.StatusUnauthorized, "want the header Authorization: Bearer TOKEN with the token of this server")
			if response.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Error("it does not say how to authenticate")
			}
		}
		if response, text := ask(t, http.MethodGet, listening.URL+path, "", nil, "Authorization", "bearer correct horse battery"); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", path, response.Status, text)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.json"} {
		if response, _ := ask(t, http.MethodGet, listening.URL+path, "", nil); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}
