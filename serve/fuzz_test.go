package serve

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"joule/datasets"
)

// Whatever the body, decoding returns; what it accepts has the numbers that encoding/json finds there, and what it refuses it refuses
// in readable text.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"points": [[1, 2], [3e0, -4.5E-1]]}`, `{"rows": [{"a": 1, "b": 2}, {"b":null,"a":"x"}]}`, `{"points":[[1,2]],"rows":[]}`, `{"points":[]}`, `{"points":[[]]}`,
		`{"points":[[1e999,2]]}`, `{"points":[[1,[2]]]}`, `{"points":[["\ud800",2]]}`, "{\"points\"\t:\r\n[ [ 1 , 2 ] , [ 3 , 4 ] ] } ", `{"rows":[{"\u0061":1,"b":2}]}`,
		`[`, `"`, `{"points":[[`, `{"\"":1}`, "{\"points\": [[1,2]]}\x00", `{"rows":[{"a":1,"a":2,"b":3}]}`, `{"points":[[true,false]]}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	s := &Server{model: &Model{Encoding: datasets.Plain([]string{"a", "b"})}, settings: Settings{MaxPoints: 5}}
	r := &route{fields: []field{{name: "points", take: s.takePoints("points", false)}, {name: "rows", take: s.takePoints("rows", true)}}, check: (*Server).checkPoints}
	f.Fuzz(func(t *testing.T, body []byte) {
		q, p := s.decode(r, jsonType, body)
		if p != nil {
			if !utf8.ValidString(p.Detail) || strings.ContainsFunc(p.Detail, func(c rune) bool { return c < ' ' }) || p.Status != 400 && p.Status != 413 {
				t.Errorf("%d %q", p.Status, p.Detail)
			}
			return
		}
		var want struct {
			Points [][]float64
			Rows   []map[string]float64
		}
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("%q is accepted, and is no JSON of numbers: %v", body, err)
		}
		for _, row := range want.Rows {
			want.Points = append(want.Points, []float64{row["a"], row["b"]})
		}
		if got := q.points.Values; !slices.Equal(got, slices.Concat(want.Points...)) || len(got) == 0 || slices.ContainsFunc(got, func(x float64) bool { return math.Abs(x) > math.MaxFloat32 }) {
			t.Errorf("%q is %v, want %v", body, got, want.Points)
		}
	})
}
