package mlflow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"joule/results"
	"joule/rundir"
	"joule/watch"
	"joule/watch/tracked"
)

// MeasuredTag says of which parameters, by their checksum, a run has its figures and results.
const MeasuredTag = "joule.measured"

// parametersFile is the model in a run directory.
const parametersFile = "parameters.safetensors"

// statusOf is a state as MLflow knows it. A run that was killed, or stopped, can be gone on with.
func statusOf(s watch.State) Status {
	switch s {
	case watch.Running:
		return Running
	case watch.Done:
		return Finished
	case watch.Diverged, watch.Failed:
		return Failed
	}
	return Killed
}

// What says what is told of runs.
type What struct {
	// Model takes in the parameters file of a run that has ended.
	Model bool
	// KeepFigures leaves the figures alone that are there.
	KeepFigures bool
	// Measured is the checksum of the parameters whose results and figures are told; empty: none are, or they are told already.
	Measured string
}

// RunOf is what is told of a run that has been read, by its identity. What of it cannot be read, such as its data set's description, is
// left out, and the error says so.
func RunOf(t *tracked.Run, identity string, what What) (r Run, err error) {
	state := t.State()
	r = Run{Identity: identity, Name: t.Name, Status: statusOf(state), Started: t.Started, Ended: t.Ended(),
		Tags:  map[string]string{"mlflow.source.name": "joule", "mlflow.source.type": "LOCAL"},
		Marks: map[string]string{"joule.state": string(state)}}
	if t.Started.Unix() == 0 { // it never was: these settings do not go together
		r.Started, r.Ended = time.Time{}, time.Time{}
	}
	if r.Params, err = paramsOf(t); err != nil {
		return r, fmt.Errorf("%s: %w", t.Dir, err)
	}
	put := func(tag, value string) {
		if value != "" {
			r.Tags[tag] = value
		}
	}
	version, backend := t.Environment.Joule, t.Environment.Backend.Spec
	if version == "" && t.Row != nil {
		version, backend = t.Row.Joule, t.Row.Backend
	}
	put("joule.version", version)
	put("joule.backend", backend)
	put("joule.group", t.Group)
	r.Marks["joule.problem"] = ""
	if state.IsFailure() {
		r.Marks["joule.problem"] = t.Problem()
	}
	if what.Measured != "" {
		r.Marks[MeasuredTag] = what.Measured
	}
	r.Points = pointsOf(t)
	if t.Config != "" {
		r.Files = append(r.Files, File{Name: "config.yaml", Content: []byte(t.Config)})
	}
	run, problem := rundir.Open(t.Dir)
	if problem != nil { // a suite need not keep its runs
		return r, nil
	}
	if r.Dataset, err = datasetOf(run, r.Params); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if state != watch.Running {
		files, problem := filesOf(t, what)
		r.Files, err = append(r.Files, files...), errors.Join(err, problem)
	}
	return r, err
}

// paramsOf are the settings of a run by their paths: its config, and of a suite the axes.
func paramsOf(t *tracked.Run) (map[string]string, error) {
	params, err := tracked.Settings([]byte(t.Config))
	if t.Config == "" {
		params, err = map[string]string{}, nil
	}
	if t.Row != nil && err == nil {
		for _, axis := range t.Row.Axes {
			if _, is := params[axis.Key]; !is {
				params[axis.Key] = axis.Value
			}
		}
	}
	return params, err
}

// pointsOf is all that was logged, and what was measured once the run has ended.
func pointsOf(t *tracked.Run) (points []Point) {
	for i, record := range t.Records {
		for name, value := range record.Values {
			points = append(points, Point{name, record.Step, value, t.Clock.Times[i]})
		}
	}
	if t.State() != watch.Running {
		for name, value := range t.Figures {
			points = append(points, Point{tracked.ResultTag + name, t.Step, value, t.Clock.At(t.Step)})
		}
	}
	return points
}

// filesOf are the figures that were drawn now, those on the disk beside them, and the model.
func filesOf(t *tracked.Run, what What) (files []File, err error) {
	has := map[string]bool{}
	for _, p := range t.Pictures {
		name := "figures/" + p.Name + ".png"
		has[name] = true
		files = append(files, File{Name: name, Content: p.PNG})
	}
	entries, err := os.ReadDir(filepath.Join(t.Dir, "figures"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	for _, e := range entries {
		name := path.Join("figures", e.Name())
		kind := path.Ext(name)
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") && (kind == ".png" || kind == ".svg") && !has[name] {
			files = append(files, File{Name: name, Dir: t.Dir, Path: filepath.FromSlash(name), IsKept: what.KeepFigures})
		}
	}
	if _, problem := os.Stat(filepath.Join(t.Dir, parametersFile)); problem == nil && what.Model {
		files = append(files, File{Name: parametersFile, Dir: t.Dir, Path: parametersFile})
	}
	return files, err
}

// SumOfParameters is the checksum of a run's parameters; an error: it has none that can be read.
func SumOfParameters(dir string) (string, error) {
	f := File{Dir: dir, Path: parametersFile}
	return f.Sum()
}

// columnsLimit is the most columns that are named.
const columnsLimit = 1000

// datasetOf is what a run was trained on, by its own description and the settings of its data.
func datasetOf(run *rundir.Run, params map[string]string) (*Dataset, error) {
	data, err := run.Dataset()
	if err != nil {
		return nil, err
	}
	source := map[string]string{}
	for name, value := range params {
		if key, is := strings.CutPrefix(name, "data."); is {
			source[key] = value
		}
	}
	d := &Dataset{Name: source["kind"], SourceType: "joule"}
	if file := source["path"]; file != "" {
		d.Name, d.SourceType = path.Base(filepath.ToSlash(file)), "local"
	}
	if d.Name == "" {
		d.Name = "data"
	}
	d.Name, _ = cut(d.Name, 500)
	profile := map[string]any{"num_rows": data.Train + data.Validation + data.Test, "train": data.Train, "validation": data.Validation, "test": data.Test,
		"columns": len(data.Columns)}
	texts := make([]string, 3)
	for i, document := range []any{source, profile, schemaOf(data)} {
		text, err := json.Marshal(document)
		if err != nil {
			return nil, err
		}
		texts[i] = string(text)
	}
	d.Source, d.Profile, d.Schema = texts[0], texts[1], texts[2]
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%v\n%v", d.Source, d.Profile, data.Min, data.Max))
	d.Digest = hex.EncodeToString(sum[:4])
	return d, nil
}

// schemaOf is what MLflow shows of the columns, or of images.
func schemaOf(data rundir.Dataset) map[string]any {
	if i := data.Image; i != nil {
		tensor := map[string]any{"dtype": "float64", "shape": []int{-1, i.Height, i.Width, i.Channels}}
		return map[string]any{"mlflow_tensorspec": map[string]any{"features": []any{map[string]any{"type": "tensor", "tensor-spec": tensor}}}}
	}
	type column struct {
		Type     string `json:"type"`
		Name     string `json:"name"`
		Required bool   `json:"required"`
	}
	columns := []column{}
	for _, name := range data.Columns[:min(len(data.Columns), columnsLimit)] {
		columns = append(columns, column{"double", name, true})
	}
	return map[string]any{"mlflow_colspec": columns}
}

// SuiteOf is what is told of a suite: the parent of its runs.
func SuiteOf(s *tracked.Suite, identity string) (Run, error) {
	r := Run{Identity: identity, Name: s.Name, Status: Running, Tags: map[string]string{"mlflow.source.name": "joule", "mlflow.source.type": "LOCAL"},
		Marks: map[string]string{}}
	var err error
	r.Started, err = results.Begun(s.Dir)
	for _, name := range []string{"suite.yaml", results.CSVFile} {
		if name == results.CSVFile && s.IsRunning {
			continue
		}
		if _, problem := os.Stat(filepath.Join(s.Dir, name)); problem == nil {
			r.Files = append(r.Files, File{Name: name, Dir: s.Dir, Path: name})
		}
	}
	for _, status := range slices.Sorted(maps.Keys(s.Status)) {
		r.Marks["joule.runs."+status] = fmt.Sprint(s.Status[status])
	}
	if s.IsRunning {
		return r, err
	}
	r.Status = Finished
	if r.Ended = s.LastEnd(); r.Ended.Before(r.Started) { // tables have whole seconds
		r.Ended = r.Started
	}
	if s.Ended() < s.Planned {
		r.Status = Killed
	}
	return r, err
}
