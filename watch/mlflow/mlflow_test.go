package mlflow

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var start = time.UnixMilli(1700000000123)

// full is a run with everything, and more than fits in one request.
func full(steps int) Run {
	r := Run{Identity: "abc", Name: "a run", Status: Finished, Started: start, Ended: start.Add(time.Hour), Params: map[string]string{}, Tags: map[string]string{"a": "b"},
		Marks: map[string]string{"joule.state": "done", "joule.problem": ""}, Dataset: &Dataset{Name: "d", Digest: "1", SourceType: "joule", Source: "{}"},
		Files: []File{{Name: "config.yaml", Content: []byte("name: x\n")}, {Name: "figures/ä b?.png", Content: []byte{1, 0, 2}}, {Name: "empty"}}}
	for i := range 250 {
		r.Params[fmt.Sprintf("section.key%d", i)] = fmt.Sprint(i)
	}
	for step := range steps {
		for _, name := range []string{"loss", "result/kl", "b"} {
			r.Points = append(r.Points, Point{name, int64(step), float64(step) / 3, start.Add(time.Duration(step) * time.Second)})
		}
	}
	return r
}

// same compares what two servers have but the numbers of their requests.
func same(t *testing.T, what string, got, want *fake) {
	t.Helper()
	if !reflect.DeepEqual(got.runs, want.runs) || !reflect.DeepEqual(got.files, want.files) || len(got.experiments) != len(want.experiments) {
		t.Errorf("%s: the server has another state:\n%d runs, %d points, %d files, %v", what, len(got.runs), len(got.runs[0].points), len(got.files), got.requests)
	}
}

func TestTell(t *testing.T) {
	f := newFake(t)
	e := f.experiment("x")
	r := full(400)
	told, err := e.Tell(t.Context(), r)
	if err != nil || !told.IsNew || told.Points != 1200 || told.Params != 250 || told.Files != 3 || len(told.Warnings) > 0 {
		t.Fatalf("%+v, %v", told, err)
	}
	run := f.runs[0]
	if told.URL != f.URL+"/#/experiments/1/runs/"+run.id || run.status != "FINISHED" || run.start != start.UnixMilli() || run.end != start.Add(time.Hour).UnixMilli() {
		t.Errorf("%+v of %+v", told, run)
	}
	if !reflect.DeepEqual(run.params, r.Params) || run.tags["mlflow.runName"] != "a run" || run.tags["a"] != "b" || run.tags["joule.state"] != "done" || len(run.datasets) != 1 {
		t.Errorf("params %v, tags %v", run.params, run.tags)
	}
	if _, is := run.tags["joule.problem"]; is {
		t.Error("there is an empty mark")
	}
	for i, p := range run.points {
		if want := r.Points[i/3*3]; p.Step != want.Step || p.Timestamp != want.At.UnixMilli() || p.Value != want.Value {
			t.Fatalf("point %d is %+v, want %+v", i, p, want)
		}
	}
	for _, file := range r.Files {
		if got, is := f.files["1/"+run.id+"/artifacts/"+file.Name]; !is || got != string(file.Content) {
			t.Errorf("%s is %q, %v", file.Name, got, is)
		}
	}

	// The same again asks for the run alone, from another process, or nothing.
	for _, e := range []*Experiment{f.experiment("x"), e} {
		f.requests = nil
		told, err = e.Tell(t.Context(), r)
		if err != nil || told.IsNew || told.Points+told.Params+told.Files > 0 || strings.Trim(strings.Join(f.requests, ","), ",") != map[bool]string{true: "", false: "runs/search"}[len(f.requests) == 0] {
			t.Errorf("the same again: %+v, %v, %v", told, err, f.requests)
		}
	}
	if n := len(f.runs[0].points); n != 1200 {
		t.Errorf("there are %d points", n)
	}
}

// Whichever request fails, before or after it has had its effect: at the end everything is there, and once.
func TestNothingTwice(t *testing.T) {
	want := newFake(t)
	r := full(400)
	if _, err := want.experiment("x").Tell(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for n := range want.requests {
		for _, kind := range []fault{before, after, lost} {
			f := newFake(t)
			f.fault = func(i int, _ string) fault {
				if i == n || i == n+2 { // and the second one after it, too
					return kind
				}
				return none
			}
			if _, err := f.experiment("x").Tell(t.Context(), r); err != nil {
				t.Fatalf("request %d, %s: %v", n, kind, err)
			}
			same(t, fmt.Sprintf("request %d, %s", n, kind), f, want)
		}
	}
}

// A process that was stopped at any request leaves nothing that another one would double.
func TestStoppedAnywhere(t *testing.T) {
	want := newFake(t)
	r := full(400)
	if _, err := want.experiment("x").Tell(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < len(want.requests); n++ { // the first two are of the experiment
		for _, kind := range []fault{before, after} {
			f := newFake(t)
			f.fault = func(i int, _ string) fault {
				if i >= n {
					return kind
				}
				return none
			}
			e := f.experiment("x")
			_, err := e.Tell(t.Context(), r)
			if !IsTemporary(err) {
				t.Fatalf("stopped at request %d: %v", n, err)
			}
			f.fault = nil
			if n%2 == 0 {
				e = f.experiment("x")
			}
			if _, err := e.Tell(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			same(t, fmt.Sprintf("stopped at request %d, %s", n, kind), f, want)
		}
	}
}

// What goes on adds what is above the last step of each metric: steps that are made again are there already.
func TestGoesOn(t *testing.T) {
	f := newFake(t)
	e := f.experiment("x")
	first := full(100)
	first.Status, first.Ended = Running, time.Time{}
	again := full(160)
	again.Points = again.Points[3*50:] // rolled back to 50
	again.Points = append(again.Points, Point{"new", 10, math.NaN(), start}, Point{"new", 11, math.Inf(1), start}, Point{"new", 12, math.Inf(-1), start}, Point{"new", 12, 7, start})
	again.Params["section.key0"], again.Tags["a"], again.Marks["joule.state"] = "other", "c", "stopped"
	again.Files[0].Content, again.Files[2].Content, again.Files[2].IsKept = []byte("name: y\n"), []byte("z"), true
	if _, err := e.Tell(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if run := f.runs[0]; run.status != "RUNNING" || run.end != 0 {
		t.Errorf("%+v", run)
	}
	told, err := e.Tell(t.Context(), again)
	if err != nil || told.Points != 3*60+3 || told.Files != 1 {
		t.Fatalf("%+v, %v", told, err)
	}
	if len(told.Warnings) != 1 || told.Warnings[0] != `the parameter section.key0 is "0" there, and "other" now; MLflow keeps the first` {
		t.Errorf("warnings %q", told.Warnings)
	}
	run := f.runs[0]
	seen := map[string]bool{}
	for _, p := range run.points {
		key := fmt.Sprint(p.Key, p.Step)
		if seen[key] {
			t.Errorf("%s is there twice", key)
		}
		seen[key] = true
	}
	if n := len(run.points); n != 3*160+3 || fmt.Sprint(run.points[n-1].Value, run.points[0].Value) == "" {
		t.Errorf("there are %d points", n)
	}
	if run.params["section.key0"] != "0" || run.tags["a"] != "b" || run.tags["joule.state"] != "stopped" || run.status != "FINISHED" || run.end == 0 {
		t.Errorf("%+v", run.tags)
	}
	folder := "1/" + run.id + "/artifacts/"
	if f.files[folder+"config.yaml"] != "name: y\n" || f.files[folder+"empty"] != "" {
		t.Errorf("the files are %v", f.files)
	}

	// One that was deleted is made anew, and one in another experiment is another one.
	run.stage = "deleted"
	again.Marks["joule.state"] = "done"
	if told, err = e.Tell(t.Context(), again); err != nil || !told.IsNew || len(f.runs) != 2 {
		t.Errorf("%+v, %v", told, err)
	}
	if told, err = f.experiment("y").Tell(t.Context(), again); err != nil || !told.IsNew || len(f.runs) != 3 {
		t.Errorf("%+v, %v", told, err)
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("ä<", 4000)
	f := newFake(t)
	r := Run{Identity: "abc", Parent: "p", Status: Running, Params: map[string]string{strings.Repeat("k", 300): "1", strings.Repeat("k", 299): "2", "data[0].größe": "3", "../x": "4", "//": "5"},
		Tags: map[string]string{"long": long}}
	for i := range 200 {
		r.Params[fmt.Sprint("long", i)] = long
		r.Points = append(r.Points, Point{strings.Repeat("m", 240) + fmt.Sprint(i), 1, 2, time.Time{}})
	}
	told, err := f.experiment("x").Tell(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	run := f.runs[0]
	if len(run.params) != 205 || len(run.points) != 200 || len(told.Warnings) != 201 || told.Warnings[0] != "the parameter long0 has 8000 characters, of which MLflow gets 6000" {
		t.Errorf("%d parameters, %d points, warnings %.200q", len(run.params), len(run.points), told.Warnings)
	}
	if got := []rune(run.params["long7"]); len(got) != 6000 || string(got[:5999]) != string([]rune(long)[:5999]) || got[5999] != '…' {
		t.Errorf("%d characters are there", len(got))
	}
	if run.params["data_0_.gr__e"] != "3" || run.params["x"] != "4" || run.params["_"] != "5" || run.tags["mlflow.parentRunId"] != "p" {
		t.Errorf("%v", run.tags)
	}
	for _, text := range []string{"", "a", strings.Repeat("ä", 6000)} {
		if got, isCut := cut(text, 6000); got != text || isCut {
			t.Errorf("%.20q is cut", text)
		}
	}
	parts, err := batches(make([]int, 2500), 1000)
	if err != nil || len(parts) != 3 || len(parts[0]) != 1000 || len(parts[2]) != 500 {
		t.Errorf("%d parts, %v", len(parts), err)
	}
}

// The runs that belong to one are looked up together.
func TestLearn(t *testing.T) {
	f := newFake(t)
	e := f.experiment("x")
	runs := make([]Run, 2*aPage+3)
	for i := range runs {
		runs[i] = Run{Identity: fmt.Sprint(i), Parent: "p", Status: Finished, Points: []Point{{"a", 1, 2, start}}}
		if _, err := e.Tell(t.Context(), runs[i]); err != nil {
			t.Fatal(err)
		}
	}
	e = f.experiment("x")
	f.requests = nil
	if err := e.Learn(t.Context(), "p"); err != nil {
		t.Fatal(err)
	}
	for _, r := range runs {
		if told, err := e.Tell(t.Context(), r); err != nil || told.IsNew || told.Points > 0 {
			t.Errorf("%s: %+v, %v", r.Identity, told, err)
		}
	}
	if len(f.requests) != 3 || len(f.runs) != len(runs) {
		t.Errorf("%d requests, %d runs", len(f.requests), len(f.runs))
	}
}

// What leads outside of a run's directory, is away or is no file is left out.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "secret"), []byte("s"), 0o644), os.Mkdir(filepath.Join(dir, "run"), 0o755),
		os.Symlink("../secret", filepath.Join(dir, "run", "link")), os.Mkdir(filepath.Join(dir, "run", "folder"), 0o755), os.WriteFile(filepath.Join(dir, "run", "file"), []byte("f"), 0o644)); err != nil {
		t.Fatal(err)
	}
	r := Run{Identity: "abc", Status: Running}
	for _, name := range []string{"link", "folder", "none", "file"} {
		r.Files = append(r.Files, File{Name: name, Dir: filepath.Join(dir, "run"), Path: name})
	}
	f := newFake(t)
	told, err := f.experiment("x").Tell(t.Context(), r)
	if err != nil || told.Files != 1 || len(told.Warnings) != 3 || len(f.files) != 1 {
		t.Errorf("%+v, %v, %v", told, err, f.files)
	}
	for _, uri := range []string{"s3://bucket/", "file:///x/", "mlflow-artifacts://other:5000/"} {
		f := newFake(t)
		f.artifacts = uri
		told, err := f.experiment("x").Tell(t.Context(), r)
		if err != nil || told.Files != 0 || len(told.Warnings) != 1 || !strings.Contains(told.Warnings[0], uri) || slices.Contains(f.requests, "PUT") {
			t.Errorf("%s: %+v, %v", uri, told, err)
		}
	}
}

func TestStatusOfAnswers(t *testing.T) {
	for status, isTemporary := range map[int]bool{400: false, 401: false, 403: false, 404: false, 409: false, 429: true, 500: true, 501: false, 502: true, 503: true, 504: true} {
		if (&Error{Status: status}).IsTemporary() != isTemporary {
			t.Errorf("%d: want %v", status, isTemporary)
		}
		f := newFake(t)
		n := 0
		f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n++
			w.WriteHeader(status)
		})
		if _, err := f.open().Experiment(t.Context(), "x"); err == nil || n != map[bool]int{true: tries, false: 1}[isTemporary] {
			t.Errorf("%d: %d requests, %v", status, n, err)
		}
	}
}
