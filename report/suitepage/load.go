package suitepage

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"joule/internal/regularfile"
	"joule/results"
	"joule/rundir"
)

// The files that a suite's directory and the directories of its runs may have, beside those of the packages results and
// rundir.
const (
	suiteFile = "suite.yaml"
	looksFile = "looks.jsonl"
	mapFile   = "figures/map.png"
	truthFile = "figures/truth.png"
)

// IsSuite reports whether a directory holds the results of a suite.
func IsSuite(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, results.JournalFile))
	return err == nil && !info.IsDir()
}

// Load reads the results in directories of suites. It is an error that one of them has none.
func Load(dirs ...string) (suites []Suite, err error) {
	for _, dir := range dirs {
		s := Suite{Dir: filepath.Clean(dir)}
		if s.Rows, err = results.Read(dir); err != nil {
			return nil, err
		}
		if len(s.Rows) == 0 {
			return nil, fmt.Errorf("%s: no run of the suite has ended yet", dir)
		}
		config, err := regularfile.ReadAtMost(filepath.Join(dir, suiteFile), maxText)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		s.Config = string(config)
		suites = append(suites, s)
	}
	return suites, nil
}

// folders read the files of runs, none outside the directories of their suites.
type folders struct {
	suites []Suite
	roots  map[int]*os.Root // by number of the suite; nil: it has no runs
	failed []string
	more   int // problems beyond the first
}

func (f *folders) close() {
	for _, root := range f.roots {
		if root != nil {
			root.Close()
		}
	}
}

// problem notes a file that could not be read. One that is not there is none.
func (f *folders) problem(err error) {
	const most = 20
	switch {
	case err == nil || errors.Is(err, fs.ErrNotExist):
	case len(f.failed) < most:
		f.failed = append(f.failed, err.Error())
	default:
		f.more++
	}
}

// problems are those that were noted.
func (f *folders) problems() []string {
	if f.more > 0 {
		return append(f.failed, fmt.Sprintf("and %d more", f.more))
	}
	return f.failed
}

// path is the directory of a run, and whether it is one inside the suite's.
func (f *folders) path(suite int, run string) (string, bool) {
	if run == "" || !filepath.IsLocal(run) {
		return "", false
	}
	return filepath.Join(f.suites[suite].Dir, results.RunsFolder, run), true
}

// root opens the directory of a suite's runs; nil: there is none.
func (f *folders) root(suite int) *os.Root {
	root, opened := f.roots[suite]
	if !opened {
		var err error
		if root, err = os.OpenRoot(filepath.Join(f.suites[suite].Dir, results.RunsFolder)); err != nil {
			f.problem(err)
			root = nil
		}
		if f.roots == nil {
			f.roots = map[int]*os.Root{}
		}
		f.roots[suite] = root
	}
	return root
}

// read reads a file of a run, up to a limit and a byte more.
func (f *folders) read(suite int, run, name string, limit int64) ([]byte, error) {
	path, ok := f.path(suite, run)
	root := f.root(suite)
	if !ok || root == nil {
		return nil, fs.ErrNotExist
	}
	return regularfile.ReadIn(root, filepath.Join(run, name), filepath.Join(path, name), limit+1)
}

// has reports whether a run has a file.
func (f *folders) has(suite int, run, name string) bool {
	_, ok := f.path(suite, run)
	root := f.root(suite)
	if !ok || root == nil {
		return false
	}
	_, err := root.Stat(filepath.Join(run, name))
	return err == nil
}

// picture is a PNG inside the page.
type picture struct {
	Source        template.URL
	Width, Height int
	Alt           string
}

// picture reads a figure of a run; nil: there is none.
func (f *folders) picture(suite int, run, name, alt string) *picture {
	content, err := f.read(suite, run, name, maxPNG)
	if err != nil {
		f.problem(err)
		return nil
	}
	size, err := png.DecodeConfig(bytes.NewReader(content))
	if err == nil && len(content) > maxPNG {
		err = fmt.Errorf("has more than %d bytes", maxPNG)
	}
	if err != nil {
		path, _ := f.path(suite, run)
		f.problem(fmt.Errorf("%s: %w", filepath.Join(path, name), err))
		return nil
	}
	return &picture{template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(content)), size.Width, size.Height, alt}
}

// losses reads the losses of a run against its steps.
func (f *folders) losses(suite int, run string) (s series) {
	path, ok := f.path(suite, run)
	if !ok {
		return s
	}
	dir, err := rundir.Open(path)
	if err != nil {
		f.problem(err)
		return s
	}
	metrics, err := dir.Metrics()
	f.problem(err)
	for _, r := range metrics.Records {
		if loss, ok := r.Values["loss"]; ok {
			s.add(float64(r.Step), loss)
		}
	}
	return s
}

// looks reads the KL of a run while it was trained: against its steps, and seconds in second place.
func (f *folders) looks(suite int, run string) (s series) {
	const limit = 16 << 20
	content, err := f.read(suite, run, looksFile, limit)
	f.problem(err)
	for line := range bytes.Lines(content) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it was being written
		}
		look := struct{ Step, Seconds, KL *float64 }{}
		if err := json.Unmarshal(line, &look); err != nil || look.Step == nil {
			path, _ := f.path(suite, run)
			f.problem(fmt.Errorf("%s: %.60q is no line of step, seconds and kl", filepath.Join(path, looksFile), line))
			break
		}
		if look.KL == nil {
			continue // it was not finite
		}
		seconds := math.NaN()
		if look.Seconds != nil {
			seconds = *look.Seconds
		}
		s.add(*look.Step, *look.KL, seconds)
	}
	return s
}
