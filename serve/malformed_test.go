package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"joule/datasets"
	"joule/internal/backendtest"
)

// refused asks what has to be a problem.
func refused(t testing.TB, url, body string, status int, detail string) {
	t.Helper()
	response, text := ask(t, http.MethodPost, url, jsonType, []byte(body))
	isProblem(t, response, text, status, detail)
}

// isProblem checks an answer that has to be a problem.
func isProblem(t testing.TB, response *http.Response, text []byte, status int, detail string) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(text, &p); err != nil || response.Header.Get("Content-Type") != problemType {
		t.Errorf("%s, %s: %s, %v", response.Status, response.Header.Get("Content-Type"), text, err)
		return
	}
	if response.StatusCode != status || p.Status != status || p.Detail != detail || p.Title != http.StatusText(status) {
		t.Errorf("%s: %s\nwant %d %s", response.Status, text, status, detail)
	}
}

func TestMalformed(t *testing.T) {
	m := gaussian(t, backendtest.Open(t, "go"))
	m.Transform = &datasets.Standardizer{Mean: []float64{0, 0}, Std: []float64{1, 1}, Logit: 0.01}
	s := small()
	s.MaxBody, s.MaxPoints = 300, 3
	_, listening := serving(t, m, s)
	for body, want := range map[string]string{
		``:                           "the body is empty; want a JSON object of points, rows",
		`{"points": [[0.5`:           "the body is not JSON: it ends too early",
		`{"points": [[NaN, 1]]}`:     "the body is not JSON: invalid character 'N' looking for beginning of value",
		`{"points": [[.5, 1]]}`:      "the body is not JSON: invalid character '.' looking for beginning of value",
		`{"points": [[0.5, 1]]`:      "the body is not JSON: it ends too early",
		`{"points": [[0.5, 0.5]]} x`: "something follows the JSON object; want nothing",
		`[[0.5, 0.5]]`:               "the body is no JSON object; want one of points, rows",
		`null`:                       "the body is no JSON object; want one of points, rows",
		`{}`:                         "there are no points; want points, a list of lists of numbers, or rows, a list of objects",
		`{"point": []}`:              `there is no field "point"; did you mean "points"?`,
		`{"Points": [[1,2]]}`:        `there is no field "Points"; did you mean "points"?`,
		`{"points": [[0.5,0.5]], "points": [[1,2]]}`:       "points: is there twice",
		`{"points": [[0.5,0.5]], "rows": [{"a":1,"b":2}]}`: "rows: there is points too; want one of the two",
		`{"points": 7}`:                                         "points: 7 is no list; want a list of lists",
		`{"points": null}`:                                      "points: null is no list; want a list of lists",
		`{"points": []}`:                                        "points: there are no rows; want one or more",
		`{"points": [0.5, 0.5]}`:                                `points: row 1 is "0.5, 0.5]"; want a list of lists`,
		`{"points": [[0.5, 0.5], [0.5]]}`:                       "points: row 2 has 1 values; want 2, one for each of the columns a, b",
		`{"points": [[0.5, 0.5, 0.5]]}`:                         "points: row 1 has more than 2 values; want one for each of the columns a, b",
		`{"points": [[0.5, 0.5], [0.5, null]]}`:                 `points: row 2, column "b": the value is missing, want a value; the run has nothing that stands in for one`,
		`{"points": [[0.5, "0.5"]]}`:                            `points: row 1, column "b": "0.5" is text; want a number`,
		`{"points": [[true, 0.5]]}`:                             `points: row 1, column "a": "true, 0.5]]" is no number, text or null`,
		`{"points": [[0.5, [0.5]]]}`:                            `points: row 1, column "b": "[0.5]]]" is no number, text or null`,
		`{"points": [[1e999, 0.5]]}`:                            `points: row 1, column "a": +Inf is not a finite number of single precision`,
		`{"points": [[0.5, -1e39]]}`:                            `points: row 1, column "b": -1e+39 is not a finite number of single precision`,
		`{"points": [[0.5, 0.5], [0.5, 2]]}`:                    `row 2, column "b": 2 is out of the range that the model can be given`,
		`{"rows": [[0.5, 0.5]]}`:                                `rows: row 1 is "[0.5, 0.5]]"; want a list of objects`,
		`{"rows": [{"a": 0.5}]}`:                                `rows: row 1, column "b": the value is missing`,
		`{"points": [[0.5, 0.5]], "extra": ` + nested(60) + `}`: `there is no field "extra"; want points, rows`,
	} {
		refused(t, listening.URL+"/v1/energy", body, http.StatusBadRequest, want)
	}
	url := listening.URL + "/v1/energy"
	refused(t, url, `{"points": [[0.5,0.5],[0.5,0.5],[0.5,0.5],[0.5,0.5]]}`, http.StatusRequestEntityTooLarge, "4 points are more than a request may have, 3; ask in parts")
	refused(t, url, strings.Repeat(" ", 301), http.StatusRequestEntityTooLarge, "the body is larger than 300 bytes; ask in parts")
	for _, c := range []struct {
		method, path, contentType string
		headers                   []string
		status                    int
		want                      string
	}{
		{"POST", "/v1/energy", "text/csv", nil, 415, `Content-Type is "text/csv"; want application/json or application/x-npy or application/octet-stream`},
		{"POST", "/v1/energy", "", nil, 415, `Content-Type is ""; want application/json or application/x-npy or application/octet-stream`},
		{"POST", "/v1/energy", "application/json; charset", nil, 415, `Content-Type is "application/json; charset"; want application/json or application/x-npy or application/octet-stream`},
		{"POST", "/v1/energy", jsonType, []string{"Content-Encoding", "gzip"}, 415, `Content-Encoding is "gzip"; want none`},
		{"POST", "/v1/energy", npyType, nil, 400, `body.npy: the file is empty, want an NPY array`},
		{"GET", "/v1/energy", "", nil, 405, `/v1/energy is answered for POST, and not for "GET"`},
		{"DELETE", "/v1/model", "", nil, 405, `/v1/model is answered for GET, HEAD, and not for "DELETE"`},
		{"GET", "/v2/energy", "", nil, 404, `there is no "/v2/energy"; /openapi.json lists what there is`},
		{"POST", "/v1/anomaly", jsonType, nil, 404, `/v1/anomaly: there is no threshold; joule serve --anomaly finds it`},
		{"POST", "/v1/denoise", jsonType, nil, 404, `/v1/denoise: the energy stands for points without noise; joule denoise takes noise off by descent`},
		{"POST", "/v1/sample", jsonType, nil, 404, `/v1/sample: points are not drawn by this server`},
	} {
		response, text := ask(t, c.method, listening.URL+c.path, c.contentType, nil, c.headers...)
		if isProblem(t, response, text, c.status, c.want); c.status == 405 && !strings.Contains(c.want, response.Header.Get("Allow")) {
			t.Errorf("Allow: %s", response.Header.Get("Allow"))
		}
	}
}

// nested is JSON that goes deep.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// Numbers and seeds of samples are whole and within their bounds.
func TestSampleSettings(t *testing.T) {
	m := mixed(t)
	m.CanDraw = func(n int) error {
		if n == 13 {
			return fmt.Errorf("the sampler does not like it")
		}
		return nil
	}
	_, listening := serving(t, m, small())
	for body, want := range map[string]string{
		`{"n": 0}`:              "n: 0 is no whole number from 1 to 1000",
		`{"n": 1001}`:           "n: 1001 is no whole number from 1 to 1000",
		`{"n": 1.5}`:            "n: 1.5 is no whole number from 1 to 1000",
		`{"n": "3"}`:            `n: "3" is no whole number; want 1 to 1000`,
		`{"n": null}`:           `n: null is no whole number; want 1 to 1000`,
		`{"n": [1]}`:            `n: [1] is no whole number; want 1 to 1000`,
		`{"n": 13}`:             "n: 13: the sampler does not like it",
		`{"seed": 3000000000}`:  "seed: 3000000000 is no whole number from -2147483648 to 2147483647",
		`{"seed": 1e300}`:       "seed: 1e300 is no whole number from -2147483648 to 2147483647",
		`{"n": 1, "chains": 2}`: `there is no field "chains"; want n, seed`,
	} {
		refused(t, listening.URL+"/v1/sample", body, http.StatusBadRequest, want)
	}
	for body, want := range map[string]int{`{}`: 1, `{"n":2e0,"seed":5.0}`: 2} {
		var a struct{ Points [][]any }
		if post(t, listening.URL+"/v1/sample", body, &a); len(a.Points) != want {
			t.Errorf("%s: %v", body, a)
		}
	}
}
