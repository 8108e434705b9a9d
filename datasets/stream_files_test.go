package datasets

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Several files are one set, in the order of their names, wherever they are cut.
func TestStreamOfSeveralFiles(t *testing.T) {
	_, text := squares(60)
	lines := strings.SplitAfter(text, "\n")
	part := func(from, to int) string { return lines[0] + strings.Join(lines[1+from:1+to], "") }
	dir := written(t, map[string]string{"all.csv": text, "part-0.csv": part(0, 11), "part-1.csv": part(11, 12), "part-2.csv": part(12, 60)})
	how := Streaming{Window: 10, Block: 4}
	whole, parts := streamed(t, streamedCSV("all.csv", how), dir, 1), streamed(t, streamedCSV("part-*.csv", how), dir, 1)
	if whole.Checksum() != parts.Checksum() || !reflect.DeepEqual(whole.Test, parts.Test) || whole.Stream.N != parts.Stream.N {
		t.Error("three files with the rows of one are another set")
	}
	epoch := func(set *Set) (x []float64) {
		for k := range 12 {
			x = append(x, firsts(window(t, set, k))...)
		}
		return slices.Sorted(slices.Values(x))
	}
	how.Window = 4
	if a, b := epoch(streamed(t, streamedCSV("all.csv", how), dir, 1)), epoch(streamed(t, streamedCSV("part-*.csv", how), dir, 1)); !slices.Equal(a, b) {
		t.Errorf("an epoch has %v, and of the rows in one file %v", b, a)
	}
	for what, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":         {nil, "*.csv: no file matches this pattern"},
		"other columns":   {map[string]string{"a.csv": "x,y\n1,2\n", "b.csv": "x,z\n1,2\n"}, `b.csv: there is no column "y", did you mean "x"?; it has x, z`},
		"no header":       {map[string]string{"a.csv": "x,y\n1,2\n", "b.csv": "1,2\n"}, `b.csv: there is no column "x", did you mean "x0"?; it has x0, x1`},
		"an empty one":    {map[string]string{"a.csv": "x,y\n1,2\n", "b.csv": ""}, "b.csv: the file is empty, want rows of comma-separated numbers"},
		"one row in all":  {map[string]string{"a.csv": "x,y\n1,2\n"}, "a.csv: 1 row of numbers, want at least 2"},
		"constant column": {map[string]string{"a.csv": "x,y\n1,2\n2,2\n", "b.csv": "x,y\n3,2\n"}, `a.csv: column "y" is constant (2 in all 2 training points), so it cannot be standardised: leave the column out or set standardize to false`},
	} {
		dir := written(t, c.files)
		source := streamedCSV("*.csv", how)
		source.Standardize, source.TestFraction = true, 0.3
		_, err := source.Load(Env{Dir: dir})
		if want := filepath.Join(dir, c.want); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", what, err, want)
		}
	}
}

// What is wrong in any row is found before there is a set, and the error says where it is and what to do.
func TestStreamFindsBadRows(t *testing.T) {
	_, text := squares(5000)
	lines := strings.SplitAfter(text, "\n")
	with := func(at int, line string) string {
		return strings.Join(lines[:at-1], "") + line + strings.Join(lines[at:], "")
	}
	for _, c := range []struct{ content, want string }{
		{with(3001, "12,oops\n"), `p.csv:3001: column "square": "oops" is not a number; correct the row, or take it out`},
		{with(3001, "12,\n"), `p.csv:3001: column "square": the cell is empty, want a number; correct the row, or take it out`},
		{with(3001, "12,NaN\n"), `p.csv:3001: column "square": NaN is not a finite number of single precision; correct the row, or take it out`},
		{with(3001, "12\n"), `p.csv:3001: the row has 1 cells, want 2 as in the first row; correct the row, or take it out`},
		{with(3001, "12,1\"2\n"), `p.csv:3001:5: bare " in non-quoted-field; correct the row, or take it out`},
		{with(3001, "\n\n12,a\n"), `p.csv:3003: column "square": "a" is not a number; correct the row, or take it out`},
		{with(1, "5,a\n"), `p.csv:1: column "x1": "a" is not a number; if this line names the columns, set header to true`},
		{with(3001, "12,\"2\n"), `p.csv:5001:…`},
	} {
		dir := written(t, map[string]string{"p.csv": c.content})
		_, err := streamedCSV("p.csv", Streaming{Window: 640}).Load(Env{Dir: dir})
		want, open := strings.CutSuffix(filepath.Join(dir, c.want), "…")
		if err == nil || err.Error() != want && !(open && strings.HasPrefix(err.Error(), want)) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	points := squarePoints(5000)
	points.Row(2999)[1] = math.NaN()
	dir := t.TempDir()
	if err := WriteNPY(filepath.Join(dir, "p.npy"), points, Float64); err != nil {
		t.Fatal(err)
	}
	_, err := (&NPY{FileData: FileData{Path: "p.npy"}, Stream: &Streaming{Window: 640}}).Load(Env{Dir: dir})
	if want := filepath.Join(dir, "p.npy: row 3000, column \"x1\": NaN is not a finite number of single precision; correct the row, or take it out"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A column in which the first rows have no number is no coordinate. That a later row has one there is an error, and not left out.
func TestStreamColumns(t *testing.T) {
	text := "a,note,b\n" + strings.Repeat("1,,2\n3,x,4\n", 1000)
	dir := written(t, map[string]string{"p.csv": text, "late.csv": text + "1,5,2\n"})
	if set := streamed(t, streamedCSV("p.csv", Streaming{Window: 100}), dir, 1); !slices.Equal(set.Columns, []string{"a", "b"}) {
		t.Errorf("the columns are %v", set.Columns)
	}
	_, err := streamedCSV("late.csv", Streaming{Window: 100}).Load(Env{Dir: dir})
	if want := filepath.Join(dir, `late.csv:2002: column "note": "5" is a number, and the first 1000 rows have none there: name the columns to be taken (columns)`); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
	named := streamedCSV("late.csv", Streaming{Window: 100})
	named.Columns = []string{"b", "a"}
	if set := streamed(t, named, dir, 1); !slices.Equal(set.Columns, named.Columns) || set.Stream.High[0] != 4 || set.Stream.High[1] != 3 {
		t.Errorf("the columns are %v up to %v", set.Columns, set.Stream.High)
	}
}

// Cut into blocks of any size, a CSV file gives the rows that it gives at one go, or is refused as it is then.
func TestStreamParsesAsInMemory(t *testing.T) {
	yes := true
	for _, delimiter := range []string{",", ";", "tab"} {
		comma, _ := CSVFormat{Delimiter: delimiter}.comma()
		for _, content := range csvTexts {
			content = strings.ReplaceAll(content, ",", string(comma))
			for _, header := range []*bool{nil, &yes} {
				checkScanned(t, content, CSVFormat{Header: header, Delimiter: delimiter})
			}
		}
	}
	// White space is nothing but where it is the delimiter.
	checkScanned(t, "a\tb\n \n1\t 2\n\t\n3\t4\n", CSVFormat{Delimiter: "tab"})
	checkScanned(t, "a b\n\t\n1 2\n3 4\n", CSVFormat{Delimiter: " "})
}

// csvTexts are tables that are right, and others that are not.
var csvTexts = []string{
	"a,b\n1,2\n3,4\n5,6\n", "1\n2", "\ufeffa,b\r\n\r\n1,2\r\n  \r\n\r\n3,4\r\n", "   \n\n\n1,2\n3,4\n", "\"a, b\", c\n \"1\", -2e-1 \n",
	"\"a\nb\",c\n1,2\n\"3\",4\n", "kind,a\n\"set\nosa\",1\n\"virgi\"\"nica\",2\n", ",a\n1,10\n2,20\n", "2019,2020\n1,2\n",
	"", "\n\n", "a,b\n", "a,b\n1,2\n\n3\n", "a\n1\n\"\"\n", "a,b\n1,\"2\n3,4\n", "a,b\n1,2\"\n3,4\n", "a,b\n1,2\n3,\"4\n\"5\n",
}

// checkScanned compares a text read block by block with what it is at one go.
func checkScanned(t *testing.T, content string, format CSVFormat) {
	t.Helper()
	read := func() (Points, []string, error) {
		rows, err := newCSVRows("p.csv", strings.NewReader(content), format)
		if err != nil {
			return Points{}, nil, err
		}
		return pointsOf(readCSV(rows, (&Table{Missing: missingError}).layout, defaultTokens))
	}
	want, names, wantErr := read()
	dir := written(t, map[string]string{"p.csv": content})
	for _, rows := range []int{1, 2, 3, 100} {
		got, columns, err := scanned(filepath.Join(dir, "p.csv"), rows, format)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%q in blocks of %d: error %v, and at one go %v", content, rows, err, wantErr)
		} else if err == nil && (!slices.Equal(got, want.Values) || !slices.Equal(columns, names)) {
			t.Errorf("%q in blocks of %d: %v of columns %v, want %v of %v", content, rows, got, columns, want.Values, names)
		}
	}
}

// scanned are the values of a CSV file, read twice: in scanning and again block by block.
func scanned(path string, rows int, format CSVFormat) (values []float64, columns []string, err error) {
	s, err := openCSVShard(path, nil, format, defaultTokens)
	if err != nil {
		return nil, nil, err
	}
	var again []float64
	err = s.scan(rows, func(b block, own []float64) (err error) {
		values = append(values, own...)
		again, err = s.read(b, again)
		return err
	})
	if err == nil && !slices.Equal(values, again) {
		err = fmt.Errorf("%v is read as %v again", values, again)
	}
	return values, s.columns(), err
}

// A quote that is not closed does not bring the rest of a large file into memory.
func TestStreamBoundsRows(t *testing.T) {
	dir := written(t, map[string]string{"p.csv": "a,b\n1,2\n3,\"" + strings.Repeat("4,5\n", maxRecord/4) + "\n"})
	_, err := streamedCSV("p.csv", Streaming{Window: 10}).Load(Env{Dir: dir})
	if want := filepath.Join(dir, "p.csv:3: a row of more than 16777216 bytes, as where a quote is opened and not closed; correct the row, or take it out"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// An array in Fortran order is refused, unless it has one column.
func TestStreamRefusesFortranOrder(t *testing.T) {
	file := func(shape string, values []byte) string {
		entries := "{'descr': '<f8', 'fortran_order': True, 'shape': " + shape + ", }"
		return npyMagic + string([]byte{1, 0, byte(len(entries)), 0}) + entries + string(values)
	}
	dir := written(t, map[string]string{"two.npy": file("(100, 2)", make([]byte, 1600)), "one.npy": file("(200,)", make([]byte, 1600))})
	_, err := openNPYShard(filepath.Join(dir, "two.npy"), nil)
	if want := "two.npy: the array is in Fortran order, column by column, and cannot be read in rows: save numpy.ascontiguousarray of it, or leave out stream"; err == nil || err.Error() != filepath.Join(dir, want) {
		t.Errorf("error %v, want %s", err, want)
	}
	if _, err := openNPYShard(filepath.Join(dir, "one.npy"), nil); err != nil {
		t.Error(err)
	}
}
