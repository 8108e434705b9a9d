package datasets

import (
	"reflect"
	"slices"
	"testing"

	"joule/internal/hostile"
)

func TestCSVRead(t *testing.T) {
	yes, no := true, false
	for what, c := range map[string]struct {
		content string
		columns []string
		header  *bool
		want    Points
		names   []string
	}{
		"header":                             {"a,b\n1,2\n3,4\n", nil, nil, points([]float64{1, 2}, []float64{3, 4}), []string{"a", "b"}},
		"no header":                          {"1,2\n3,4\n", nil, nil, points([]float64{1, 2}, []float64{3, 4}), []string{"x0", "x1"}},
		"no end of line":                     {"1\n2", nil, nil, points([]float64{1}, []float64{2}), []string{"x0"}},
		"byte order mark, CRLF, blank lines": {"\ufeffa,b\r\n\r\n1,2\r\n  \r\n\r\n", nil, nil, points([]float64{1, 2}), []string{"a", "b"}},
		"blank first line":                   {"   \n1,2\n", nil, nil, points([]float64{1, 2}), []string{"x0", "x1"}},
		"quotes and spaces":                  {"\"a, b\", c\n \"1\", -2e-1 \n", nil, nil, points([]float64{1, -0.2}), []string{"a, b", "c"}},
		"quoted line break":                  {"\"a\nb\",c\n1,2\n", []string{"c"}, nil, points([]float64{2}), []string{"c"}},
		"chosen by name":                     {"a,b,c\n1,2,3\n", []string{"c", "a"}, nil, points([]float64{3, 1}), []string{"c", "a"}},
		"chosen by number":                   {"1,2,3\n", []string{"2", "x0"}, nil, points([]float64{3, 1}), []string{"x2", "x0"}},
		"text left out":                      {"kind,a\nsetosa,1\nvirginica,2\n", nil, nil, points([]float64{1}, []float64{2}), []string{"a"}},
		"row numbers left out":               {",a\n1,10\n2,20\n", nil, nil, points([]float64{10}, []float64{20}), []string{"a"}},
		"header of numbers":                  {"2019,2020\n1,2\n", nil, &yes, points([]float64{1, 2}), []string{"2019", "2020"}},
		"text without header":                {"setosa,1\nvirginica,2\n", nil, &no, points([]float64{1}, []float64{2}), []string{"x1"}},
	} {
		got, names, err := parseCSV("p.csv", []byte(c.content), c.columns, c.header)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !reflect.DeepEqual(got, c.want) || !slices.Equal(names, c.names) {
			t.Errorf("%s: %v %v, want %v %v", what, got, names, c.want, c.names)
		}
	}
}

func TestCSVRefused(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		content string
		columns []string
		header  *bool
		want    string
	}{
		{"", nil, nil, "p.csv: the file is empty, want rows of comma-separated numbers"},
		{"\ufeff\r\n \n", nil, nil, "p.csv: the file is empty, want rows of comma-separated numbers"},
		{"a,b\n", nil, nil, "p.csv: there is only a header, want rows of numbers below it"},
		{"1,2\n", nil, &yes, "p.csv: there is only a header, want rows of numbers below it"},
		{"a,b\n1,2\n\n3\n", nil, nil, "p.csv:4: the row has 1 cells, want 2 as on line 1"},
		{"a,b\n1,2\n3,4,5\n", nil, nil, "p.csv:3: the row has 3 cells, want 2 as on line 1"},
		{"a,b\n1,2\n3,four\n", nil, nil, `p.csv:3: column "b": "four" is not a number`},
		{"a,b\n1,2\n3,NA\n", nil, nil, `p.csv:3: column "b": "NA" stands for a missing value, want a value; missing says what to do about it: drop, mean or median`},
		{"a,b\n1,2\n3,\n", nil, nil, `p.csv:3: column "b": the cell is empty, want a value; missing says what to do about it: drop, mean or median`},
		{"a\n1\n\"\"\n", nil, nil, `p.csv:3: column "a": the cell is empty, want a value; missing says what to do about it: drop, mean or median`},
		{"a,b\n1,NaN\n", nil, nil, `p.csv:2: column "b": "NaN" stands for a missing value, want a value; missing says what to do about it: drop, mean or median`},
		{"1,2\n3,-inf\n", nil, nil, `p.csv:2: column "x1": -inf is not a finite number of single precision`},
		{"1,2\n3,1e39\n", nil, nil, `p.csv:2: column "x1": 1e39 is not a finite number of single precision`},
		{"1,2\n3,1e999\n", nil, nil, `p.csv:2: column "x1": 1e999 is not a finite number of single precision`},
		{"id,2019\n1,2\n", nil, nil, `p.csv:1: column "x0": "id" is not a number; if this line names the columns, set header to true`},
		{"id,2019\n1,2\n", nil, &no, `p.csv:1: column "x0": "id" is not a number`},
		{"a,b,a\n1,2,3\n", nil, nil, `p.csv:1: columns 1 and 3 are both called "a", want different names`},
		{"eruptions,waiting\n1,2\n", []string{"wating"}, nil,
			`p.csv: there is no column "wating", did you mean "waiting"?; it has eruptions, waiting`},
		{"1,2\n", []string{"2"}, nil, `p.csv: there is no column "2"; it has x0, x1`},
		{"1,2\n", []string{"-1"}, nil, `p.csv: there is no column "-1", did you mean "x1"?; it has x0, x1`},
		{"a,b\n1,2\n", []string{"a", "a"}, nil, `p.csv: column "a" is asked for twice`},
		{"kind,a\nsetosa,1\n", []string{"kind"}, nil, `p.csv:2: column "kind": "setosa" is not a number`},
		{"a;b\n1;2\n", nil, nil, `p.csv: there is no column of numbers; it has a;b; if ";" separates the columns, set delimiter to it`},
		{"a,b\n1,\"2\n", nil, nil, `p.csv:2:6: extraneous or missing " in quoted-field`},
		{"a,b\n1,2\"\n", nil, nil, `p.csv:2:4: bare " in non-quoted-field`},
	} {
		_, _, err := parseCSV("p.csv", []byte(c.content), c.columns, c.header)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\n  %v\nwant\n  %s", c.content, err, c.want)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"", "a,b\n1,2\n", "\ufeff1;2\r\n", "\"a\nb\",c\n 1 ,\"2\"\n", "1,NaN\n", ",a\n1,2\n\n", "1\n2\n\"\"", "a,a\n1,1"} {
		f.Add([]byte(seed), "", byte(0))
		f.Add([]byte(seed), "a", byte(1))
		f.Add([]byte(seed), "1", byte(2))
	}
	f.Fuzz(func(t *testing.T, content []byte, column string, headed byte) {
		var columns []string
		if column != "" {
			columns = []string{column}
		}
		header := map[byte]*bool{1: new(true), 2: new(false)}[headed]
		var p Points
		var names []string
		var err error
		hostile.Bounded(t, content, bound, func() { p, names, err = parseCSV("p.csv", content, columns, header) })
		if err != nil {
			hostile.CheckError(t, content, "p.csv:", err)
			return
		}
		checkCSV(t, p, names, content)
		if columns != nil && p.Dim != 1 {
			t.Fatalf("%d columns for one name", p.Dim)
		}
	})
}
