package rundir

import (
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"joule/datasets"
)

func TestDatasetRoundTrip(t *testing.T) {
	run := newRun(t)
	for _, standardizer := range []*Standardizer{nil, {Mean: []float64{1.0 / 3, 70.9}, Std: []float64{1.1, 13.6}}, {Mean: []float64{0, 0}, Std: []float64{256, 256}, Logit: 1e-6}} {
		want := Dataset{Columns: []string{"eruptions", "waiting"}, Standardizer: standardizer, Train: 218, Test: 54, Min: []float64{1.6, 43}, Max: []float64{5.1, 96},
			Image: &Image{1, 2, 1}, Classes: []string{"short", "long"}}
		if err := run.WriteDataset(want); err != nil {
			t.Fatal(err)
		}
		if got, err := run.Dataset(); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}

// Only a description that an older reader would misunderstand has another format.
func TestDatasetFormats(t *testing.T) {
	run := newRun(t)
	for logit, want := range map[float64]string{0: "\n  \"format\": 1,", 0.01: "\n  \"format\": 2,"} {
		d := Dataset{Columns: []string{"a"}, Train: 1, Min: []float64{0}, Max: []float64{1}, Standardizer: &Standardizer{[]float64{0}, []float64{1}, logit}}
		if err := run.WriteDataset(d); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(run.path(datasetFile)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("logit %v: %s, %v", logit, text, err)
		}
	}
}

func TestBadDatasetsAreRefused(t *testing.T) {
	run := newRun(t)
	for _, test := range []struct {
		change func(*Dataset)
		want   string
	}{
		{func(d *Dataset) { d.Columns = nil }, "columns: there are none"},
		{func(d *Dataset) { d.Train = 0 }, "train: 0 training and 2 test points; want at least 1 and 0"},
		{func(d *Dataset) { d.Validation = -1 }, "validation: -1 points; want 0 or more"},
		{func(d *Dataset) { d.Encoding = datasets.Plain([]string{"a", "c"}) }, "encoding: its 2 columns are not those of the 2 coordinates"},
		{func(d *Dataset) { d.Min = []float64{1} }, "min: 1 numbers for 2 columns"},
		{func(d *Dataset) { d.Max[1] = math.Inf(1) }, "max: +Inf in column b; want a finite number"},
		{func(d *Dataset) { d.Min[1] = 5 }, "min: 5 in column b is above its max, 1"},
		{func(d *Dataset) { d.Standardizer.Mean[0] = math.NaN() }, "standardizer.mean: NaN in column a; want a finite number"},
		{func(d *Dataset) { d.Standardizer.Std[1] = 0 }, "standardizer.std: 0 in column b; want a positive number"},
		{func(d *Dataset) { d.Standardizer.Std = nil }, "standardizer.std: 0 numbers for 2 columns"},
		{func(d *Dataset) { d.Standardizer.Logit = 0.5 }, "standardizer.logit: 0.5; want a number in [0, 0.5)"},
		{func(d *Dataset) { d.Image = &Image{2, 2, 1} }, "image: 2 rows of 2 pixels with 1 channels are not the 2 columns"},
		{func(d *Dataset) { d.Image = &Image{1 << 40, 1 << 40, 1 << 40} }, "image: 1099511627776 rows of 1099511627776 pixels with 1099511627776 channels are not the 2 columns"},
	} {
		d := Dataset{
			Columns: []string{"a", "b"}, Train: 8, Test: 2, Min: []float64{0, 0}, Max: []float64{1, 1},
			Standardizer: &Standardizer{Mean: []float64{0, 0}, Std: []float64{1, 1}},
		}
		test.change(&d)
		if err := run.WriteDataset(d); message(err) != run.path(datasetFile)+": "+test.want {
			t.Errorf("error %v; want %s", err, test.want)
		}
	}
	if _, err := os.Stat(run.path(datasetFile)); err == nil {
		t.Error("a refused description was written")
	}
}
