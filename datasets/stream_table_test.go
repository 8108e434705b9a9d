package datasets

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A stream keeps validation points as well, which no window has, and its columns become coordinates by an encoding as those in
// memory do.
func TestStreamOfATable(t *testing.T) {
	var text strings.Builder
	text.WriteString("\"kind; of\";x;y\n")
	for i := range 100 {
		fmt.Fprintf(&text, "%q;%d;%d\n", "a;b", i, 2*i)
	}
	dir := written(t, map[string]string{"p.csv": text.String()})
	s := NewCSV()
	s.Path, s.Delimiter, s.Standardize, s.TestFraction, s.ValidationFraction = "p.csv", ";", true, 0.2, 0.1
	s.MissingTokens = []string{"?", "-1"}
	inMemory := streamed(t, s, dir, 1)
	s.Stream = &Streaming{Window: 70, Block: 9}
	set := streamed(t, s, dir, 1)
	if set.Validation.N != 10 || set.Test.N != 20 || set.Stream.N != 70 {
		t.Fatalf("%d points for validation, %d for testing, and %d to train on", set.Validation.N, set.Test.N, set.Stream.N)
	}
	if !slices.Equal(set.Columns, inMemory.Columns) || !reflect.DeepEqual(set.Encoding, inMemory.Encoding) {
		t.Errorf("columns %v by %+v, and in memory %v by %+v", set.Columns, set.Encoding, inMemory.Columns, inMemory.Encoding)
	}
	all := firsts(set.Transform.Undo(window(t, set, 0)))
	for _, part := range []Points{set.Validation, set.Test} {
		all = append(all, firsts(set.Transform.Undo(part))...)
	}
	slices.Sort(all)
	for i, x := range all {
		if x < float64(i)-1e-9 || x > float64(i)+1e-9 {
			t.Fatalf("the parts have %v", all)
		}
	}
	mean, std := window(t, set, 0).Moments()
	for k := range mean {
		if mean[k] < -1e-12 || mean[k] > 1e-12 || std[k] < 1-1e-12 || std[k] > 1+1e-12 {
			t.Errorf("coordinate %d of what is trained on has the mean %v and the deviation %v", k, mean[k], std[k])
		}
	}

	s.MissingTokens = []string{"?", "57"}
	_, err := s.Load(Env{Dir: dir})
	if want := filepath.Join(dir, `p.csv:59: column "x": "57" stands for a missing value, want a number; correct the row, or take it out`); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	s.MissingTokens, s.ValidationFraction = nil, 0.9
	if _, err = s.Load(Env{Dir: dir}); err == nil || !strings.HasSuffix(err.Error(), "p.csv: test_fraction 0.2 and validation_fraction 0.9 of 100 points leave 0 for training, 90 for validation and 20 for testing, want at least one each") {
		t.Errorf("error %v", err)
	}
	s.Delimiter = ","
	if _, err = s.Load(Env{Dir: dir}); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, "p.csv:")) {
		t.Errorf("error %v of another delimiter", err)
	}
	packed := written(t, map[string]string{"p.csv": "\x1f\x8b\x08" + strings.Repeat("\"", 100)})
	if _, err = streamedCSV("p.csv", Streaming{Window: 10}).Load(Env{Dir: packed}); err == nil || !strings.HasSuffix(err.Error(), "p.csv: the file is compressed by gzip, want its text: gunzip unpacks it") {
		t.Errorf("error %v of a compressed file", err)
	}
}

// Of an array some columns are taken, in the order that is asked for.
func TestStreamOfColumns(t *testing.T) {
	points, dir := NewPoints(50, 3), t.TempDir()
	for i := range points.Values {
		points.Values[i] = float64(i)
	}
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float32); err != nil {
		t.Fatal(err)
	}
	s := NewNPY()
	s.Path, s.Columns, s.TestFraction, s.Stream = "p.npy", []string{"x2", "0"}, 0, &Streaming{Window: 50, Block: 7}
	set := streamed(t, s, dir, 1)
	epoch := window(t, set, 0)
	if !slices.Equal(set.Columns, []string{"x2", "x0"}) || epoch.Dim != 2 {
		t.Fatalf("columns %v of %d coordinates", set.Columns, epoch.Dim)
	}
	seen := map[float64]bool{}
	for i := range epoch.N {
		x := epoch.Row(i)
		if seen[x[1]] = true; x[0] != x[1]+2 {
			t.Errorf("a point is %v", x)
		}
	}
	if len(seen) != 50 || !seen[147] {
		t.Errorf("an epoch has %d points", len(seen))
	}
	s.Columns = []string{"x3"}
	if _, err := s.Load(Env{Dir: dir}); err == nil || !strings.HasSuffix(err.Error(), `p.npy: there is no column "x3", did you mean "x0"?; it has x0, x1, x2`) {
		t.Errorf("error %v", err)
	}
}

// What needs a table in memory is refused by its key.
func TestStreamRefusesTables(t *testing.T) {
	of := func(change func(*Table)) (problems []string) {
		csv, npy := NewCSV(), NewNPY()
		csv.Stream, npy.Stream = &Streaming{Window: 10}, &Streaming{Window: 10}
		change(&csv.Table)
		change(&npy.Table)
		for _, s := range []interface {
			Check(func(key, problem string))
		}{csv, npy} {
			s.Check(func(key, problem string) { problems = append(problems, key+": "+problem) })
		}
		return problems
	}
	if got := of(func(s *Table) { s.Columns = []string{"a"} }); got != nil {
		t.Errorf("named columns: %q", got)
	}
	for key, change := range map[string]func(*Table){
		"label":          func(s *Table) { s.Label = "a" },
		"categorical":    func(s *Table) { s.Categorical = []string{"a"} },
		"category_noise": func(s *Table) { s.CategoryNoise = 0.1 },
		"missing":        func(s *Table) { s.Missing = missingDrop },
		"constant":       func(s *Table) { s.Constant = constantDrop },
	} {
		want := key + ": does not go with stream, which takes columns of numbers as they are: leave one of the two out"
		if got := of(change); !slices.Equal(got, []string{want, want}) {
			t.Errorf("%q, want %q twice", got, want)
		}
	}
}
