package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"joule/internal/python"
	"joule/internal/safetensors"
	"joule/rundir"
)

// eventFiles is what tests/python/event_files.py finds.
type eventFiles struct {
	Runs map[string]struct {
		Scalars    map[string][]datum
		Histograms map[string][]stepped[struct {
			Min, Max, Num, Sum, Squares float64
			Limits, Counts              []float64
		}]
		Images map[string][]stepped[struct {
			Size           [2]int
			Corner, Middle [3]int
			Colours        int
			SHA256         string
		}]
		Texts map[string][]string
	}
	Served  map[string]map[string][]datum
	Hparams map[string]struct {
		Infos map[string]struct {
			Type    string
			Differs bool
			Domain  []any
		}
		Metrics map[string]string
		Groups  map[string]struct {
			Hparams  map[string]any
			Metrics  map[string]any
			Sessions map[string]struct {
				Status     string
				Start, End float64
			}
		}
	}
}

// datum is a number at a step, and the time of day.
type datum struct {
	step        int64
	value, time float64
}

func (d *datum) UnmarshalJSON(text []byte) error {
	var value any
	err := json.Unmarshal(text, &[]any{&d.step, &value, &d.time})
	if err == nil {
		d.value, err = strconv.ParseFloat(fmt.Sprint(value), 64)
	}
	return err
}

type stepped[T any] struct {
	step  int64
	value T
}

func (s *stepped[T]) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&s.step, &s.value})
}

// readEvents reads a log directory with TensorBoard's own readers.
func readEvents(t *testing.T, logdir string) (found eventFiles) {
	t.Helper()
	if err := json.Unmarshal([]byte(python.Run(t, "event_files.py", logdir)), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// sameScalars compares what is told of a run, by either reader, with its metrics.
func (e *eventFiles) sameScalars(t *testing.T, name, run string) {
	t.Helper()
	opened, err := rundir.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	logged, err := opened.Metrics()
	if err != nil || len(logged.Records) == 0 {
		t.Fatal(len(logged.Records), err)
	}
	want := map[string][]datum{}
	for _, r := range logged.Records {
		for metric, v := range r.Values {
			want[metric] = append(want[metric], datum{step: r.Step, value: v})
		}
	}
	for reader, got := range map[string]map[string][]datum{"Python": e.Runs[name].Scalars, "server": e.Served[name]} {
		got = maps.Clone(got)
		maps.DeleteFunc(got, func(tag string, _ []datum) bool { return strings.HasPrefix(tag, "result/") })
		for metric, list := range want {
			if len(got[metric]) != len(list) {
				t.Errorf("%s, %s: %d values of %s, want %d", name, reader, len(got[metric]), metric, len(list))
				continue
			}
			last := 0.
			for i, d := range got[metric] {
				is, should := float32(d.value), float32(list[i].value)
				if d.step != list[i].step || is != should && !(math.IsNaN(float64(is)) && math.IsNaN(float64(should))) || d.time < last {
					t.Errorf("%s, %s: value %d of %s is %+v, want %+v", name, reader, i, metric, d, list[i])
				}
				last = d.time
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s, %s: %v, want %v", name, reader, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

// sameParameters compares the last histograms with the parameters.
func (e *eventFiles) sameParameters(t *testing.T, name, run string) {
	t.Helper()
	opened, err := rundir.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	p, err := opened.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Runs[name].Histograms) != len(p.Tensors) {
		t.Errorf("%s: %d histograms of %d tensors", name, len(e.Runs[name].Histograms), len(p.Tensors))
	}
	for _, tensor := range p.Tensors {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			t.Fatal(err)
		}
		list := e.Runs[name].Histograms["parameters/"+tensor.Name]
		if len(list) == 0 {
			t.Errorf("%s: there is no histogram of %s", name, tensor.Name)
			continue
		}
		last, sum, squares, counted := list[len(list)-1], 0., 0., 0.
		for _, x := range numbers {
			sum, squares = sum+x, squares+x*x
		}
		for _, c := range last.value.Counts {
			counted += c
		}
		h := last.value
		if n := float64(len(numbers)); last.step != p.Step || h.Num != n || counted != n || h.Sum != sum || h.Squares != squares || h.Min != slices.Min(numbers) || h.Max != slices.Max(numbers) {
			t.Errorf("%s: %s at step %d: %+v", name, tensor.Name, last.step, h)
		}
	}
}

// samePicture compares the last picture of a tag with a file.
func (e *eventFiles) samePicture(t *testing.T, name, tag, path string) {
	t.Helper()
	sum := sha256.Sum256([]byte(read(t, path)))
	list := e.Runs[name].Images[tag]
	if len(list) == 0 || list[len(list)-1].value.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: %s is %+v, not %s", name, tag, list, path)
	}
}
