package rundir

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// same compares records, with NaN equal to itself.
func same(a, b []Record) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func appendAll(t *testing.T, run *Run, records ...Record) {
	t.Helper()
	for _, r := range records {
		if err := run.AppendMetrics(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMetricsRoundTrip(t *testing.T) {
	run := newRun(t)
	if got, err := run.Metrics(); err != nil || len(got.Records) != 0 || got.Torn != 0 {
		t.Errorf("a new run has metrics %+v, %v", got, err)
	}
	want := []Record{
		{0, map[string]float64{"loss": 1.0 / 3, "steps_per_second": 1e21}},
		{100, map[string]float64{"loss": math.NaN(), "energy": math.Inf(1), "log_z": math.Inf(-1)}},
		{200, map[string]float64{"\"σ\"\n": math.SmallestNonzeroFloat64, "zero": math.Copysign(0, -1)}},
		{200, nil},
	}
	appendAll(t, run, want...)
	got, err := run.Metrics()
	if err != nil || got.Torn != 0 || !same(got.Records, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestMetricsText(t *testing.T) {
	run := newRun(t)
	appendAll(t, run, Record{0, map[string]float64{"loss": 2.5, "a": 1e-7}}, Record{100, map[string]float64{"loss": math.NaN(), "high": math.Inf(1), "low": math.Inf(-1)}})
	want := `{"format":1}
{"step":0,"a":1e-07,"loss":2.5}
{"step":100,"high":"Infinity","loss":"NaN","low":"-Infinity"}
`
	if got, _ := os.ReadFile(run.path(metricsFile)); string(got) != want {
		t.Errorf("wrote\n%swant\n%s", got, want)
	}
}

func TestTornMetrics(t *testing.T) {
	const whole = "{\"format\":1}\n{\"step\":1,\"loss\":2}\n"
	for _, test := range []struct {
		text    string
		records int
		torn    int
	}{
		{"", 0, 0},
		{`{"for`, 0, 1},
		{`{"format":1}`, 0, 1},
		{whole, 1, 0},
		{whole + `{"step":2,"lo`, 1, 3},
		{whole + `{"step":2}`, 1, 3}, // its number may have been longer
		{whole + strings.Repeat("\x00", 10000), 1, 3},
	} {
		run := newRun(t)
		put(t, run, metricsFile, test.text)
		got, err := run.Metrics()
		if err != nil || len(got.Records) != test.records || got.Torn != test.torn {
			t.Errorf("%.60q: %+v, %v; want %d records and torn line %d", test.text, got, err, test.records, test.torn)
		}
		appendAll(t, run, Record{Step: 7})
		got, err = run.Metrics()
		if err != nil || got.Torn != 0 || len(got.Records) != test.records+1 || got.Records[test.records].Step != 7 {
			t.Errorf("%.60q, continued: %+v, %v; want %d records and one more", test.text, got, err, test.records)
		}
	}
}

func TestBadMetricsLines(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"{\"format\":2}\n", `1: has format 2, and this version of joule reads up to format 1: use a newer joule`},
		{"{\"step\":1}\n", `1: has no format number, and should have format 1`},
		{"{\"format\":1}\n{\"step\":1}\n{\"step\":2,\"lo\n{\"step\":3}\n", `3: "{\"step\":2,\"lo" is not a JSON object`},
		{"{\"format\":1}\n\n", `2: "" is not a JSON object`},
		{"{\"format\":1}\nnull\n", `2: "null" is not a JSON object`},
		{"{\"format\":1}\n[1]\n", `2: "[1]" is not a JSON object`},
		{"{\"format\":1}\n{\"loss\":1}\n", `2: step: "" is not a whole number from 0`},
		{"{\"format\":1}\n{\"step\":1.5}\n", `2: step: "1.5" is not a whole number from 0`},
		{"{\"format\":1}\n{\"step\":-1}\n", `2: step: "-1" is not a whole number from 0`},
		{"{\"format\":1}\n{\"step\":1,\"loss\":null}\n", `2: loss: "null" is not a number, "NaN", "Infinity" or "-Infinity"`},
		{"{\"format\":1}\n{\"step\":1,\"loss\":\"nan\"}\n", `2: loss: "\"nan\"" is not a number, "NaN", "Infinity" or "-Infinity"`},
		{"{\"format\":1}\n{\"step\":1,\"loss\":[1]}\n", `2: loss: "[1]" is not a number, "NaN", "Infinity" or "-Infinity"`},
		{"{\"format\":1}\n{\"step\":1,\"loss\":1e999}\n", `2: loss: "1e999" is not a number, "NaN", "Infinity" or "-Infinity"`},
	} {
		run := newRun(t)
		put(t, run, metricsFile, test.text)
		if _, err := run.Metrics(); message(err) != run.path(metricsFile)+":"+test.want {
			t.Errorf("%q: error %v; want %s", test.text, err, test.want)
		}
	}
}

func TestBadRecordsAreRefused(t *testing.T) {
	run := newRun(t)
	for _, test := range []struct {
		record Record
		want   string
	}{
		{Record{Step: -1}, "step: -1 is negative"},
		{Record{Values: map[string]float64{"step": 1}}, `"step" cannot be the name of a metric`},
		{Record{Values: map[string]float64{"": 1}}, `"" cannot be the name of a metric`},
		{Record{Values: map[string]float64{"\xff": 1}}, `"\xff" cannot be the name of a metric`},
	} {
		if err := run.AppendMetrics(test.record); message(err) != run.path(metricsFile)+": "+test.want {
			t.Errorf("error %v; want %s", err, test.want)
		}
	}
	if info, err := os.Stat(run.path(metricsFile)); err != nil || info.Size() != 0 {
		t.Errorf("a refused record was written: %v, %v", info, err)
	}
}

func FuzzMetrics(f *testing.F) {
	f.Add([]byte("{\"format\":1}\n{\"step\":1,\"loss\":2.5}\n{\"step\":2,\"loss\":\"NaN\"}\n{\"st"))
	f.Add([]byte("{\"format\":1}\n{\"step\":9223372036854775807,\"\\ud800\":-0,\"a\":\"-Infinity\"}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		metrics, err := parseMetrics(text)
		if err != nil {
			return
		}
		again := []byte("{\"format\":1}\n")
		for _, r := range metrics.Records {
			delete(r.Values, "") // a reader is content with a name that the writer refuses
			line, err := r.encode()
			if err != nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
			again = append(again, line...)
		}
		reread, err := parseMetrics(again)
		if err != nil || reread.Torn != 0 || !same(reread.Records, metrics.Records) {
			t.Errorf("%v turned into %v, %v", metrics.Records, reread, err)
		}
	})
}
