package datasets

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file: a row of a CSV file can be two bytes long, and is a slice of
// a string.
const bound = 256

// checkPoints reports a table that is not what it claims to be.
func checkPoints(t *testing.T, p Points) {
	t.Helper()
	if p.N < 1 || p.Dim < 1 || len(p.Values) != p.N*p.Dim {
		t.Fatalf("%d×%d points, %d values", p.N, p.Dim, len(p.Values))
	}
	if slices.ContainsFunc(p.Values, func(x float64) bool { return !representable(x) }) {
		t.Fatalf("values %v", p.Values)
	}
}

// checkNPY reports points of a file that do not come back from the file that they are written to.
func checkNPY(t *testing.T, p Points, content []byte) {
	t.Helper()
	checkPoints(t, p)
	if len(p.Values) > len(content) {
		t.Fatalf("%d values from %d bytes", len(p.Values), len(content))
	}
	path := filepath.Join(t.TempDir(), "p.npy")
	if err := WriteNPY(path, p, Float64); err != nil {
		t.Fatal(err)
	}
	if again, _, err := ReadPoints(path); err != nil || !reflect.DeepEqual(again, p) {
		t.Fatalf("%v, %v; want %v", again, err, p)
	}
}

// checkCSV reports points of a file that do not come back from the table that they are written to.
func checkCSV(t *testing.T, p Points, names []string, content []byte) {
	t.Helper()
	checkPoints(t, p)
	if len(names) != p.Dim || len(p.Values) > len(content) {
		t.Fatalf("%d names and %d values of %d bytes for %d columns", len(names), len(p.Values), len(content), p.Dim)
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	header := make([]string, p.Dim)
	for j := range header {
		header[j] = fmt.Sprintf("c%d", j) // names may be empty, or change when spaces around them go
	}
	rows := [][]string{header}
	for i := range p.N {
		row := make([]string, p.Dim)
		for j, x := range p.Row(i) {
			row[j] = strconv.FormatFloat(x, 'g', -1, 64)
		}
		rows = append(rows, row)
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if again, _, err := parseCSV("again.csv", []byte(text.String()), nil, nil); err != nil || !reflect.DeepEqual(again, p) {
		t.Fatalf("%v, %v; want %v", again, err, p)
	}
}

func TestHostileCSV(t *testing.T) {
	columns := []string{"b", "a"}
	for name, read := range map[string]func(content []byte) error{
		"all columns": func(content []byte) error {
			p, names, err := parseCSV("p.csv", content, nil, nil)
			if err == nil {
				checkCSV(t, p, names, content)
			}
			return err
		},
		"two columns": func(content []byte) error {
			p, names, err := parseCSV("p.csv", content, columns, nil)
			if err == nil {
				checkCSV(t, p, names, content)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			hostile.Check(t, "p.csv:", bound, read, []byte("a,b,c\n1,2,3\n4,5,6\n-7e3,8.25,9\n"),
				[]byte("\ufeff\"a\", \"b\"\r\n\r\n 1 ,\"2\"\r\n3,4\r\n"), []byte("b,kind,a\n1,x,2\n3,\"y\n,z\",4\n"))
		})
	}
}

// Columns of categories, a label and missing values: whatever is accepted are points, and rows of the file by the encoding.
func TestHostileTable(t *testing.T) {
	s := &Table{Missing: missingMedian, Categorical: []string{"kind"}, Label: "class", Constant: constantDrop}
	path := filepath.Join(t.TempDir(), "p.csv")
	hostile.Check(t, "p.csv", bound, func(content []byte) error {
		rows, err := newCSVRows("p.csv", bytes.NewReader(content), CSVFormat{Delimiter: ";"})
		if err != nil {
			return err
		}
		table, err := readCSV(rows, s.layout, defaultTokens)
		if err != nil {
			return err
		}
		set, err := s.load(table, FileData{}, Preparation{}, 0)
		if err != nil {
			return err
		}
		checkPoints(t, set.Train)
		if err := set.Encoding.Validate(set.Columns); err != nil || len(set.Labels.Train) != set.Train.N {
			t.Fatalf("%d labels for %d points, %v", len(set.Labels.Train), set.Train.N, err)
		}
		set.Encoding.Delimiter = ";"
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		again, err := set.Encoding.Read(path)
		if err != nil || again.N != set.Train.N || again.Dim != set.Train.Dim {
			t.Fatalf("%d×%d points, and %d×%d again, %v", set.Train.N, set.Train.Dim, again.N, again.Dim, err)
		}
		return nil
	}, []byte("h;kind;w;class\n1;red;2;a\nNA;green;3;b\n4;red;?;a\n5;blue;3;b\n"), []byte("class;kind;n\nx;\"a\nb\";1\ny;?;2\ny;\"a\nb\";3\n"))
}

func TestHostileNPY(t *testing.T) {
	hostile.Check(t, "p.npy: ", bound, func(content []byte) error {
		p, err := parseNPY("p.npy", content)
		if err == nil {
			checkNPY(t, p, content)
		}
		return err
	}, npy(1, entries("<f8", "False", "(2, 3)"), make([]byte, 48)...), npy(2, entries(">f4", "True", "(2, 2)"), make([]byte, 16)...),
		npy(3, entries("|u1", "False", "(6,)"), 1, 2, 3, 4, 5, 6))
}

// What repeats takes memory in proportion.
func TestRepetitionsInCSV(t *testing.T) {
	for _, c := range []struct{ start, repeated, end string }{
		{"", "1\n", ""}, {"", "1,", "1\n"}, {"a\n", "1\n", ""}, {"", "\n", "1"}, {"1,\"", "\"\"", "\""}, {"1,\"", "\n", "\""}, {"", "9", "\n1\n"},
		{"", ",", "\n"}, {"", "\"", ""}, {"", "a", "\n"}, {"1.", "0", "\n2\n"}, {"1e", "9", ""}, {"", "\x00", ""}, {"", "\xff,", ""},
	} {
		content := []byte(c.start + strings.Repeat(c.repeated, 200_000/len(c.repeated)) + c.end)
		hostile.Bounded(t, content, bound, func() {
			if _, _, err := parseCSV("p.csv", content, nil, nil); err != nil {
				hostile.CheckError(t, content, "p.csv:", err)
			}
		})
	}
}

// Many columns asked for by name are found in a time that is not their product: 100,000 would take minutes.
func TestManyColumnsByName(t *testing.T) {
	names, ones := make([]string, 100_000), make([]string, 100_000)
	for j := range names {
		names[j], ones[j] = fmt.Sprintf("c%d", j), "1"
	}
	content := []byte(strings.Join(names, ",") + "\n" + strings.Join(ones, ",") + "\n")
	hostile.Bounded(t, content, bound, func() {
		if p, got, err := parseCSV("p.csv", content, names, nil); err != nil || p.Dim != len(names) || !slices.Equal(got, names) {
			t.Errorf("%d columns, %v", p.Dim, err)
		}
	})
}

// A header that promises more than the file holds costs nothing.
func TestPromisesOfNPY(t *testing.T) {
	for _, shape := range []string{"(1000000000000, 1)", "(1, 1000000000000)", "(3037000500, 3037000500)", "(4294967296, 4294967296)", "(9223372036854775807, 9223372036854775807)"} {
		content := npy(1, entries("<f8", "False", shape), make([]byte, 8)...)
		hostile.Bounded(t, content, bound, func() {
			if _, err := parseNPY("p.npy", content); err == nil {
				t.Errorf("%s is accepted", shape)
			}
		})
	}
	long := npy(2, entries("<f8", "False", "(1, 1)")+strings.Repeat(" ", 20000), make([]byte, 8)...)
	_, err := parseNPY("p.npy", long)
	wantError(t, err, "p.npy: a header of 20060 bytes, want at most 10000")
	long = npy(2, "", make([]byte, 8)...)
	long[8], long[11] = 0xff, 0xff
	_, err = parseNPY("p.npy", long)
	wantErrorContaining(t, err, "want at most 10000")
}

// Of a file that is none, nothing is read.
func TestDevicesAreNotRead(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	_, err := (&CSV{FileData: FileData{Path: "/dev/zero"}}).Load(Env{})
	wantError(t, err, "/dev/zero: is not a regular file")
}

// Matrices that take more memory than there is are not begun.
func TestMixturesTooLarge(t *testing.T) {
	wide := make([]float64, 50_000)
	_, err := NewIsotropic([]float64{1}, [][]float64{wide}, []float64{1})
	wantError(t, err, "means: 50000 coordinates are more than 2048")
	_, err = NewIsotropic([]float64{0.5, 0.5}, [][]float64{{0}, wide}, []float64{1, 1})
	wantError(t, err, "means: mean 2 has 50000 coordinates, mean 1 has 1")
	_, err = NewIsotropic(equalWeights(100), slices.Repeat([][]float64{wide[:2000]}, 100), slices.Repeat([]float64{1}, 100))
	wantError(t, err, "means: 100 components of 2000 coordinates are more than 16, for which there is memory")
}
