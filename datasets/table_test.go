package datasets

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pointsOf are those of a table, and the names of its columns.
func pointsOf(t *table, err error) (Points, []string, error) {
	if err != nil {
		return Points{}, nil, err
	}
	e := t.encoding()
	return e.encode(t.columns, t.whole(true)), e.Names(), nil
}

// parseCSV reads the columns of numbers of a text, or those named.
func parseCSV(name string, content []byte, columns []string, header *bool) (Points, []string, error) {
	rows, err := newCSVRows(name, bytes.NewReader(content), CSVFormat{Header: header})
	if err != nil {
		return Points{}, nil, err
	}
	return pointsOf(readCSV(rows, (&Table{Columns: columns, Missing: missingError}).layout, defaultTokens))
}

// parseNPY reads all columns of an array.
func parseNPY(name string, content []byte) (Points, error) {
	p, _, err := pointsOf(readNPY(name, content, (&Table{Missing: missingError}).layout))
	return p, err
}

// inFile writes a file and returns its path.
func inFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// csvOf is a source of a text, split without shuffling anything but the rows.
func csvOf(t *testing.T, content string, change func(*CSV)) *CSV {
	t.Helper()
	s := NewCSV()
	s.Path, s.TestFraction = inFile(t, "p.csv", content), 0
	change(s)
	return s
}

func mustLoad(t *testing.T, s Source, seed int64) *Set {
	t.Helper()
	set, err := s.Load(Env{Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// inOrder are the points of a part as text, in an order that does not depend on the split.
func inOrder(p Points) string {
	rows := make([]string, p.N)
	for i := range rows {
		rows[i] = fmt.Sprint(p.Row(i))
	}
	slices.Sort(rows)
	return strings.Join(rows, " ")
}

const mixed = "id,colour,height,class,weight\n1,red,1.5,b,10\n2,green,2.5,a,20\n3,red,NA,a,30\n4,,4.5,b,40\n5,blue,5.5,b,?\n"

func TestCategories(t *testing.T) {
	set := mustLoad(t, csvOf(t, mixed, func(s *CSV) {
		s.Columns, s.Categorical, s.Label, s.Missing = []string{"weight", "colour"}, []string{"colour"}, "class", "drop"
	}), 0)
	if want := []string{"weight", "colour=blue", "colour=green", "colour=red"}; !slices.Equal(set.Columns, want) {
		t.Errorf("coordinates %v, want %v", set.Columns, want)
	}
	if got, want := inOrder(set.Train), "[10 0 0 1] [20 0 1 0] [30 0 0 1]"; got != want { // rows 4 and 5 have a missing value
		t.Errorf("points %s, want %s", got, want)
	}
	for i, class := range set.Labels.Train {
		if want := map[float64]string{10: "b", 20: "a", 30: "a"}[set.Train.Row(i)[0]]; set.Labels.Classes[class] != want {
			t.Errorf("point %v has class %v, want %s", set.Train.Row(i), set.Labels.Classes[class], want)
		}
	}
	given := mustLoad(t, csvOf(t, mixed, func(s *CSV) {
		s.Columns, s.Categorical, s.Missing = []string{"colour"}, []string{"colour"}, "drop"
		s.Categories = [][]string{{"violet", "red", "green", "blue"}}
	}), 0)
	if got, want := inOrder(given.Train), "[0 0 0 1] [0 0 1 0] [0 1 0 0] [0 1 0 0]"; got != want {
		t.Errorf("with categories given: points %s, want %s", got, want)
	}
	numbers := mustLoad(t, csvOf(t, "a\n10\n9\n10\n-1\n", func(s *CSV) { s.Categorical = []string{"a"} }), 0)
	if want := []string{"a=-1", "a=9", "a=10"}; !slices.Equal(numbers.Columns, want) {
		t.Errorf("categories that are numbers: coordinates %v, want %v", numbers.Columns, want)
	}
}

// What stands in for a missing value is fitted on the training part alone.
func TestImputation(t *testing.T) {
	var text strings.Builder
	text.WriteString("x,c\n")
	for i := range 40 {
		text.WriteString(map[bool]string{true: "NaN", false: fmt.Sprint(i * i)}[i%4 == 1])
		text.WriteString("," + []string{"a", "b", "", "b", "a"}[i%5] + "\n")
	}
	for _, missing := range []string{"mean", "median"} {
		set := mustLoad(t, csvOf(t, text.String(), func(s *CSV) {
			s.Missing, s.TestFraction, s.ValidationFraction, s.Categorical = missing, 0.25, 0.25, []string{"c"}
		}), 3)
		fill := *set.Encoding.Columns[0].Fill
		var there []float64
		for i := range set.Train.N {
			if v := set.Train.Row(i)[0]; v != fill {
				there = append(there, v)
			}
		}
		slices.Sort(there)
		want := (there[len(there)/2] + there[(len(there)-1)/2]) / 2
		if missing == "mean" {
			want, _ = mean(there), 0
		}
		wantNear(t, missing, fill, want, 1e-9*math.Abs(want))
		if len(there) == set.Train.N || set.Train.N != 20 || set.Validation.N != 10 || set.Test.N != 10 {
			t.Errorf("%s: %d, %d and %d points, %d of the first filled in", missing, set.Train.N, set.Validation.N, set.Test.N, set.Train.N-len(there))
		}
		counts := map[string]int{}
		for i := range set.Train.N {
			counts[fmt.Sprint(set.Train.Row(i)[1:])]++
		}
		if often := *set.Encoding.Columns[1].Fill; counts["[1 0]"]+counts["[0 1]"] != 20 || often == 1 && counts["[0 1]"] <= counts["[1 0]"] {
			t.Errorf("%s: categories %v, filled in by number %v", missing, counts, often)
		}
	}
}

func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v / float64(len(values))
	}
	return sum
}

// Columns of numbers are standardised, and the coordinates of categories are not; constant ones can be left out.
func TestConstantColumns(t *testing.T) {
	const text = "a,b,c\n1,5,x\n3,5,y\n"
	_, err := csvOf(t, text, func(s *CSV) { s.Standardize = true }).Load(Env{})
	wantErrorContaining(t, err, `p.csv: column "b" is constant (5 in all 2 training points), so it cannot be standardised: `+
		`leave the column out, as constant: drop does, or set standardize to false`)
	_, err = csvOf(t, "a,c\n1,x\n3,x\n", func(s *CSV) { s.Standardize, s.Categorical = true, []string{"c"} }).Load(Env{})
	wantErrorContaining(t, err, `p.csv: column "c" is constant ("x" in all 2 training points)`)
	set := mustLoad(t, csvOf(t, text, func(s *CSV) { s.Standardize, s.Constant, s.Categorical = true, "drop", []string{"c"} }), 0)
	if got, want := inOrder(set.Train)+fmt.Sprint(set.Columns, set.Transform), "[-1 1 0] [1 0 1][a c=x c=y] &{[2 0 0] [1 1 1] 0}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, err = csvOf(t, "a\n1\n1\n", func(s *CSV) { s.Constant = "drop" }).Load(Env{})
	wantErrorContaining(t, err, "p.csv: all columns are constant over the training part, and constant is drop: nothing is left")
}

func TestTablesRefused(t *testing.T) {
	for _, c := range []struct {
		content string
		change  func(*CSV)
		want    string
	}{
		{mixed, func(s *CSV) {}, `:4: column "height": "NA" stands for a missing value, want a value; missing says what to do about it: drop, mean or median`},
		{mixed, func(s *CSV) { s.Categorical, s.Columns = []string{"colour"}, []string{"colour"} }, `:5: column "colour": the cell is empty, want a value; missing says`},
		{mixed, func(s *CSV) { s.Columns, s.Label = []string{"weight"}, "colour"; s.Missing = "mean" }, `:5: column "colour": the cell is empty, want a value; missing: drop leaves out its row`},
		{mixed, func(s *CSV) { s.Columns, s.MissingTokens = []string{"weight"}, nil }, `:6: column "weight": "?" is not a number`},
		{mixed, func(s *CSV) { s.Label = "klass" }, `there is no column "klass", did you mean "class"?; it has id, colour, height, class, weight`},
		{mixed, func(s *CSV) { s.Categorical = []string{"color"} }, `there is no column "color", did you mean "colour"?`},
		{mixed, func(s *CSV) { s.Columns, s.Categorical = []string{"weight"}, []string{"colour"} }, `column "colour" is categorical, and not among the columns`},
		{mixed, func(s *CSV) { s.Columns, s.Label = []string{"id"}, "id" }, `column "id" is the label, which is no coordinate`},
		{mixed, func(s *CSV) {
			s.Categorical, s.Categories, s.Missing = []string{"colour"}, [][]string{{"red", "greem"}}, "mean"
		}, `:3: column "colour": "green" is no category, did you mean "greem"?; it has red, greem`},
		{"a,b\n1,\n2,\n", func(s *CSV) { s.Missing, s.Columns = "mean", []string{"a", "b"} }, `column "b": all 2 training points miss the value, so that nothing can stand in for it: leave the column out`},
		{"a\n1\n?\n", func(s *CSV) { s.Missing = "drop" }, "1 of 2 rows have no missing value, want at least 2: missing can be mean or median instead of drop"},
		{"a;b\n1;2\n3;4\n", func(s *CSV) {}, `there is no column of numbers; it has a;b; if ";" separates the columns, set delimiter to it`},
		{"a;b\n1;2\n3;4\n", func(s *CSV) { s.Delimiter = ";;" }, `p.csv: delimiter: ";;" is no delimiter, want one character such as ";", or tab`},
		{"k\xe4se,a\n1,2\n3,4\n", func(s *CSV) {}, `p.csv:1: the name of column 1: "k\xe4se" is not UTF-8: iconv -f LATIN1 -t UTF-8 converts the file, if it is in Latin-1`},
		{"k,a\nk\xe4se,2\n3,4\n", func(s *CSV) { s.Categorical = []string{"k"} }, `p.csv:2: column "k": "k\xe4se" is not UTF-8`},
		{"\xff\xfea\x00,\x00", func(s *CSV) {}, "p.csv: the text is UTF-16, want UTF-8: iconv -f UTF-16 -t UTF-8 converts it"},
		{"a\x00,\x00b\x00\n\x00", func(s *CSV) {}, "p.csv: the text is UTF-16, want UTF-8"},
		{"\x1f\x8b\x08", func(s *CSV) {}, "p.csv: the file is compressed by gzip"},
		{"PAR1", func(s *CSV) {}, "p.csv: the file is Parquet, want text: that is data of kind parquet"},
		{"a,b\n1," + strings.Repeat("x", 2000) + "\n", func(s *CSV) { s.Categorical = []string{"b"} }, `x"… is 2000 bytes long, want at most 1000`},
	} {
		_, err := csvOf(t, c.content, c.change).Load(Env{})
		wantErrorContaining(t, err, c.want)
	}
	var many strings.Builder
	many.WriteString("a\n")
	for i := range maxCategories + 1 {
		fmt.Fprintf(&many, "v%d\n", i)
	}
	_, err := csvOf(t, many.String(), func(s *CSV) { s.Categorical = []string{"a"} }).Load(Env{})
	wantErrorContaining(t, err, `p.csv:1002: column "a": "v1000" is one category more than 1000: is it a column of categories?`)
}

// One bad row among very many is found, and named.
func TestOneBadRow(t *testing.T) {
	text := []byte("a,b\n" + strings.Repeat("1,2\n", 200_000))
	at := len(text)/2 + bytes.Index(text[len(text)/2:], []byte(",2")) + 1
	text[at] = 'x'
	line := bytes.Count(text[:at], []byte("\n")) + 1
	_, _, err := parseCSV("p.csv", text, nil, nil)
	wantError(t, err, fmt.Sprintf(`p.csv:%d: column "b": "x" is not a number`, line))
}

// A quote that is not closed does not take the file into memory.
func TestRowWithoutEnd(t *testing.T) {
	rows, err := newCSVRows("p.csv", strings.NewReader("a\n1\n\""+strings.Repeat("1\n", maxRow)), CSVFormat{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = readCSV(rows, (&Table{}).layout, nil)
	wantError(t, err, "p.csv:3: the row is longer than 64 MiB: is a quote not closed?")
}

func TestDelimiters(t *testing.T) {
	for delimiter, text := range map[string]string{";": "a;b\n1;2\n", "tab": "a\tb\n\t\n1\t2\n", " ": "a b\n1 2\n", "|": "a|b\n 1 | 2\n"} {
		rows, err := newCSVRows("p.csv", strings.NewReader(text), CSVFormat{Delimiter: delimiter})
		if err != nil {
			t.Fatal(err)
		}
		table, err := readCSV(rows, (&Table{Missing: missingDrop}).layout, defaultTokens)
		if err != nil {
			t.Fatal(err)
		}
		e := table.encoding()
		if got := e.encode(table.columns, table.whole(true)); !slices.Equal(got.Values, []float64{1, 2}) || !slices.Equal(e.Names(), []string{"a", "b"}) {
			t.Errorf("%q: %v %v", delimiter, got, e.Names())
		}
	}
}
