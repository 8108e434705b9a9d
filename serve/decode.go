package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"

	"joule/datasets"
	"joule/internal/cutjson"
	"joule/internal/strictyaml"
)

// request is what a request asks, as far as its route has such fields.
type request struct {
	points datasets.Points // coordinates in the units of the data
	given  string          // the field that points came by; empty: none did
	n      int
	seed   int64
}

// field is a member of the JSON object that a route takes.
type field struct {
	name   string
	schema schema
	// take reads the value, which is valid JSON.
	take func(q *request, value []byte) error
}

// The media types of bodies.
const (
	jsonType  = "application/json"
	npyType   = "application/x-npy"
	bytesType = "application/octet-stream"
)

// decode reads the body of a request.
func (s *Server) decode(r *route, mediaType string, body []byte) (*request, *problem) {
	q := r.defaults
	var err error
	switch {
	case mediaType == jsonType:
		err = decodeFields(&q, r.fields, body)
	case slices.Contains(r.types(), mediaType):
		if q.points, err = s.model.Encoding.ParseNPY("body.npy", body); err == nil && q.points.N > s.settings.MaxPoints {
			err = s.tooMany(q.points.N)
		}
		q.given = "the body"
	default:
		return nil, problemf(http.StatusUnsupportedMediaType, "Content-Type is %.60q; want %s", mediaType, strings.Join(r.types(), " or "))
	}
	if err == nil {
		err = r.check(s, &q)
	}
	if p, ok := errors.AsType[*problem](err); ok {
		return nil, p
	}
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "%v", err)
	}
	return &q, nil
}

// decodeFields reads a JSON object of some of the fields, each at most once, and nothing else.
func decodeFields(q *request, fields []field, body []byte) error {
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	token, err := decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("the body is empty; want a JSON object of %s", strings.Join(names, ", "))
	case err != nil:
		return notJSON(err)
	case token != json.Delim('{'):
		return fmt.Errorf("the body is no JSON object; want one of %s", strings.Join(names, ", "))
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return notJSON(err)
		}
		name := token.(string) // the keys of objects are nothing else
		i := slices.Index(names, name)
		if i < 0 {
			hint := strictyaml.Suggest(name, names, "want "+strings.Join(names, ", "))
			return fmt.Errorf("there is no field %.60q; %s", name, hint)
		}
		if seen[name] {
			return fmt.Errorf("%s: is there twice", name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return notJSON(err)
		}
		if err := fields[i].take(q, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := decoder.Token(); err != nil { // the end of the object
		return notJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object; want nothing")
	}
	return nil
}

// notJSON is the error of a body that is none.
func notJSON(err error) error {
	if cutjson.Is(err) {
		err = errors.New("it ends too early")
	}
	return fmt.Errorf("the body is not JSON: %w", err)
}

// tooMany is the problem of more points than a request may have.
func (s *Server) tooMany(n int) *problem {
	return problemf(http.StatusRequestEntityTooLarge, "%d points are more than a request may have, %d; ask in parts", n, s.settings.MaxPoints)
}

// whole takes a whole number within bounds.
func whole(value []byte, low, high int64) (int64, error) {
	var number json.Number
	if err := json.Unmarshal(value, &number); err != nil || value[0] == '"' || value[0] == 'n' {
		return 0, fmt.Errorf("%.60s is no whole number; want %d to %d", value, low, high)
	}
	n, err := number.Int64()
	if x, _ := number.Float64(); err != nil && x == math.Trunc(x) && math.Abs(x) < 1<<53 { // as 1e3 and 5.0 are
		n, err = int64(x), nil
	}
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("%.60s is no whole number from %d to %d", value, low, high)
	}
	return n, nil
}

// takePoints is a field of rows that are arrays, with a value for each column in order, or where isNamed objects by the columns'
// names.
func (s *Server) takePoints(name string, isNamed bool) func(q *request, value []byte) error {
	return func(q *request, value []byte) error {
		if q.given != "" {
			return fmt.Errorf("there is %s too; want one of the two", q.given)
		}
		q.given = name
		c := cells{text: value, rows: s.model.Encoding.GivenRows(), names: s.model.Encoding.Names(), most: s.settings.MaxPoints}
		if err := c.read(isNamed); err != nil {
			return err
		}
		if c.tooMany {
			return s.tooMany(c.rows.N() + 1)
		}
		q.points = c.rows.Points()
		return nil
	}
}

// checkPoints reports points that are missing, or have no place in the coordinates of the model, such as one that is no pixel where a
// logit is taken.
func (s *Server) checkPoints(q *request) error {
	if q.given == "" {
		return errors.New("there are no points; want points, a list of lists of numbers, or rows, a list of objects")
	}
	y := s.model.Transform.Apply(q.points)
	for i, v := range y.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("row %d, column %.60q: %v is out of the range that the model can be given",
				i/y.Dim+1, s.model.Encoding.Coordinates()[i%y.Dim], q.points.Values[i])
		}
	}
	return nil
}
