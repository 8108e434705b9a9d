package rundir

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"joule/internal/hostile"
	"joule/internal/safetensors"
)

// bound is how many bytes may be allocated for each of a file: a line of metrics can be ten bytes long, and is a map.
const bound = 100

// reader reads a file of a run and writes it again. The error is that of reading; text is how the value is compared.
type reader struct {
	file  string
	read  func(*Run) (any, error)
	write func(*Run, any) error
	valid []string
}

var readers = map[string]reader{
	"environment": {
		environmentFile,
		func(r *Run) (any, error) { return r.Environment() },
		func(r *Run, v any) error { return r.WriteEnvironment(v.(Environment)) },
		[]string{
			`{"format": 1, "joule": "v0.1.0", "modules": {"gomlx": "v0.28.3", "a/b": ""}, "cpus": 2, "backend": {"spec": "xla:cpu", "plugin": "/p.so",
"devices": ["cpu 0", "cpu 1"]}, "seed": -9223372036854775808, "replicas": 3, "started": "2026-03-04T05:06:07+01:00", "finished": "2026-03-04T05:07:08.5Z", "seconds": 61.5}`,
			`{"format": 1, "started": "2026-03-04T05:06:07.123456789-23:59"}`,
		},
	},
	"dataset": {
		datasetFile,
		func(r *Run) (any, error) { return r.Dataset() },
		func(r *Run, v any) error { return r.WriteDataset(v.(Dataset)) },
		[]string{
			`{"format": 1, "columns": ["eruptions", "waiting"], "standardizer": {"mean": [3.46, 70.7], "std": [1.14, 13.5]}, "train": 218, "test": 54, "min": [1.6, 43], "max": [5.1, 96]}`,
			`{"format": 1, "columns": ["x"], "train": 1, "test": 0, "min": [-0], "max": [1e308]}`,
			`{"format": 2, "columns": ["a", "b"], "standardizer": {"mean": [0, 0], "std": [256, 256], "logit": 1e-6}, "train": 1, "test": 0, "min": [0, 0], "max": [255, 255], "image": {"height": 2, "width": 1, "channels": 1}, "classes": ["7"]}`,
			`{"format": 1, "columns": ["h", "c=red", "c=b"], "encoding": {"columns": [{"name": "h", "fill": 1.5}, {"name": "c", "categories": ["red", "b"], "fill": 1}],
"missing_tokens": ["", "?"], "delimiter": ";"}, "train": 4, "validation": 2, "test": 0, "min": [0, 0, 0], "max": [1, 1, 1]}`,
		},
	},
	"result": {
		resultFile,
		func(r *Run) (any, error) { return r.Result() },
		func(r *Run, v any) error { return r.WriteResult(v.(Result)) },
		[]string{
			`{"format": 1, "status": "completed", "step": 20000, "seconds": 58.25, "compile_seconds": 1.75, "startup_seconds": 2.5, "peak_memory_bytes": 245366784}`,
			`{"format": 1, "status": "completed", "step": 60, "stopped": "early_stopping", "best": {"metric": "validation_loss", "value": -1.5, "step": 20, "since": 2}}`,
			`{"format": 1, "status": "failed", "step": 0, "error": "it \"broke\" at σ"}`,
		},
	},
	"metrics": {
		metricsFile,
		func(r *Run) (any, error) { return r.Metrics() },
		func(r *Run, v any) error {
			if err := os.WriteFile(r.path(metricsFile), nil, 0o644); err != nil {
				return err
			}
			for _, record := range v.(Metrics).Records {
				if err := r.AppendMetrics(record); err != nil {
					return err
				}
			}
			return nil
		},
		[]string{"{\"format\":1}\n{\"step\":0,\"a\":1e-07,\"loss\":2.5}\n{\"step\":100,\"high\":\"Infinity\",\"loss\":\"NaN\",\"low\":\"-Infinity\"}\n"},
	},
	"parameters": {
		parametersFile,
		func(r *Run) (any, error) { return r.Parameters() },
		func(r *Run, v any) error { return r.WriteParameters(v.(Parameters)) },
		nil, // written below
	},
	"config": {
		configFile,
		func(r *Run) (any, error) { return r.Config() },
		func(r *Run, v any) error { return r.WriteConfig(v.([]byte)) },
		[]string{"name: a\n"},
	},
}

// validFiles are texts that the reader accepts.
func (d reader) validFiles(t testing.TB) (valid [][]byte) {
	for _, text := range d.valid {
		valid = append(valid, []byte(text))
	}
	if valid == nil {
		path := filepath.Join(t.TempDir(), parametersFile)
		tensors := []safetensors.Tensor{safetensors.New("layers.0.weight", []int{2, 1}, []float32{1, 2}), safetensors.New("log_z", nil, []float32{0.5})}
		if err := safetensors.Write(path, tensors, map[string]string{"format": "1", "step": "20000", "model": "mlp"}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		valid = append(valid, text)
	}
	return valid
}

// try reads a file with the content given. What is accepted has to be the same when it is written and read again.
func (d reader) try(t testing.TB, run *Run, content []byte) error {
	if err := os.WriteFile(run.path(d.file), content, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := d.read(run)
	if err != nil {
		return err
	}
	if metrics, ok := got.(Metrics); ok {
		metrics.Torn = 0
		for _, r := range metrics.Records {
			delete(r.Values, "") // a reader is content with a name that the writer refuses
		}
		got = metrics
	}
	if err := d.write(run, got); err != nil {
		t.Fatalf("what was read cannot be written: %v, from %.300q", err, content)
	}
	again, err := d.read(run)
	if err != nil || !reflect.DeepEqual(again, got) && fmt.Sprint(again) != fmt.Sprint(got) { // NaN is not equal to itself
		t.Fatalf("%+v, %v; want %+v, from %.300q", again, err, got, content)
	}
	return nil
}

func TestHostileFiles(t *testing.T) {
	for name, d := range readers {
		t.Run(name, func(t *testing.T) {
			run := newRun(t)
			for _, content := range d.validFiles(t) {
				if err := d.try(t, run, content); err != nil {
					t.Fatal(err)
				}
			}
			if name == "config" {
				return // any text is one here; package configs reads it
			}
			hostile.Check(t, run.path(d.file), bound, func(content []byte) error { return d.try(t, run, content) }, d.validFiles(t)...)
		})
	}
}

func fuzz(f *testing.F, name string) {
	d := readers[name]
	for _, content := range d.validFiles(f) {
		f.Add(content)
	}
	run, err := Create(filepath.Join(f.TempDir(), "run"), "", start)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var err error
		put(t, run, d.file, string(content))
		hostile.Bounded(t, content, bound, func() { _, err = d.read(run) })
		if err != nil {
			hostile.CheckError(t, content, run.path(d.file), err)
		} else if err := d.try(t, run, content); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzEnvironment(f *testing.F) { fuzz(f, "environment") }
func FuzzDataset(f *testing.F)     { fuzz(f, "dataset") }
func FuzzResult(f *testing.F)      { fuzz(f, "result") }
func FuzzParameters(f *testing.F)  { fuzz(f, "parameters") }

// What repeats takes memory in proportion.
func TestRepetitions(t *testing.T) {
	run := newRun(t)
	for _, c := range []struct{ name, start, repeated, end string }{
		{"metrics", "{\"format\":1}\n", "{\"step\":1}\n", ""}, {"metrics", "{\"format\":1}\n{\"step\":1", `,"a":1`, "}\n"},
		{"metrics", "{\"format\":1}\n{\"step\":1,\"a\":", "[", "\n"}, {"metrics", "{\"format\":1}\n", "\n", ""}, {"metrics", "", "\x00", "\n"},
		{"result", `{"format": 1, "status": "failed", "x": `, "[", "]}"}, {"result", `{"format": 1, "status": "failed", "x": `, "{\"a\":", "}"},
		{"result", `{"format": 1, "status": "`, "a", `"}`}, {"result", `{"format": 1`, "0", `}`}, {"result", `{"format": 1, "seconds": 1`, "0", `}`},
		{"result", `{"format": 1, "status": "failed", "x": [1`, ",1", `]}`}, {"environment", `{"format": 1, "started": "`, "1", `"}`},
		{"environment", `{"format": 1, "backend": {"devices": [""`, `,""`, `]}}`}, {"environment", `{"format": 1, "modules": {"":""`, `,"":""`, `}}`},
		{"dataset", `{"format": 1, "columns": [""`, `,""`, `]}`}, {"dataset", `{"format": 1, "columns": ["`, `\u001b`, `"], "train": 1, "min": [2], "max": [1]}`},
		{"dataset", `{"format": 1, "train": 1, "columns": ["a"], "min": [1`, `,1`, `]}`},
	} {
		d, content := readers[c.name], []byte(c.start+strings.Repeat(c.repeated, 200_000/len(c.repeated))+c.end)
		put(t, run, d.file, string(content))
		hostile.Bounded(t, content, bound, func() {
			if _, err := d.read(run); err != nil {
				hostile.CheckError(t, content, run.path(d.file), err)
			}
		})
	}
}

// A file of a stranger's run may be a link that leads anywhere, and is read only where it leads into the run.
func TestNothingIsReadThroughLinks(t *testing.T) {
	for name, d := range readers {
		run, outside := newRun(t), filepath.Join(t.TempDir(), "secret")
		content := d.validFiles(t)[0]
		if err := os.WriteFile(outside, content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, target := range []string{outside, "../../" + filepath.Base(filepath.Dir(outside)) + "/secret"} {
			os.Remove(run.path(d.file))
			if err := os.Symlink(target, run.path(d.file)); err != nil {
				t.Skip(err)
			}
			_, err := d.read(run)
			if want := "read " + run.path(d.file) + ": path escapes from parent"; message(err) != want {
				t.Errorf("%s: error %v; want %s", name, err, want)
			}
		}
		put(t, run, "elsewhere", string(content))
		os.Remove(run.path(d.file))
		if err := os.Symlink("elsewhere", run.path(d.file)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.read(run); err != nil {
			t.Errorf("%s: a link within the run: %v", name, err)
		}
	}
}

// What is no file is not read: a pipe would keep the program waiting, a device would never end.
func TestWhatIsNoFileIsNotRead(t *testing.T) {
	for name, d := range readers {
		run := newRun(t)
		os.Remove(run.path(d.file))
		if err := os.Mkdir(run.path(d.file), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := d.read(run); message(err) != run.path(d.file)+": is a directory" {
			t.Errorf("%s: error %v", name, err)
		}
		os.Remove(run.path(d.file))
		if err := syscall.Mkfifo(run.path(d.file), 0o600); err != nil {
			t.Skip(err)
		}
		if _, err := d.read(run); message(err) != run.path(d.file)+": is not a regular file" {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
