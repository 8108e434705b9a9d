package strictyaml

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// The settings that the tests decode: one of everything.

type shape interface{ area() float64 }

type square struct {
	Side float64 `yaml:"side" check:"> 0"`
}

type polygon struct {
	Corners [][]float64 `yaml:"corners" check:"len >= 3, each len >= 2"`
	Weights []float64   `yaml:"weights" check:"each > 0, each <= 1"`
	Fill    string      `yaml:"fill" check:"in none|solid"`
	//lint:ignore U1000 it is there to be no key
	inner int
}

type point struct{}

func (square) area() float64  { return 0 }
func (polygon) area() float64 { return 0 }
func (point) area() float64   { return 0 }

func (p *polygon) Check(report func(key, problem string)) {
	if p.Weights != nil && len(p.Weights) != len(p.Corners) {
		report("weights", fmt.Sprintf("has %d entries for %d corners", len(p.Weights), len(p.Corners)))
	}
	if p.Fill == "solid" && p.Weights != nil {
		report("", "a solid polygon has no weights")
	}
}

type common struct {
	Fraction float64 `yaml:"fraction" check:">= 0, < 1"`
	Exact    bool    `yaml:"exact"`
}

type pen struct {
	Kind  string `yaml:"kind" check:"in round|flat"`
	Width int    `yaml:"width" check:"> 0"`
}

type drawing struct {
	Name    string `yaml:"name" check:"required"`
	Seed    int64  `yaml:"seed" check:">= 0"`
	common  `yaml:",inline"`
	Shape   shape    `yaml:"shape" check:"required"`
	Cursor  shape    `yaml:"cursor"`
	Extra   shape    `yaml:"extra"`
	Pen     pen      `yaml:"pen"`
	Pens    []pen    `yaml:"pens"`
	Shapes  []shape  `yaml:"shapes"`
	Frame   *pen     `yaml:"frame"`
	Opaque  *bool    `yaml:"opaque"`
	Labels  []string `yaml:"labels" check:"each len <= 5"`
	Ignored string
}

func newDrawing() *drawing {
	return &drawing{Pen: pen{"round", 1}, Cursor: &square{Side: 2}}
}

func shapes() *Registry {
	r := NewRegistry()
	Register(r, map[string]func() shape{
		"square":  func() shape { return &square{Side: 1} },
		"polygon": func() shape { return &polygon{Fill: "none"} },
		"point":   func() shape { return &point{} },
	})
	return r
}

// files is an Open for files in memory, in one folder.
type files map[string]string

func (fs files) open(_, name string) (string, []byte, error) {
	text, ok := fs[name]
	if !ok {
		return name, nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return name, []byte(text), nil
}

// decode loads x.yaml and decodes it over the defaults.
func decode(fs files, sets ...string) (*drawing, error) {
	document, err := Load(fs.open, "x.yaml")
	if err != nil {
		return nil, err
	}
	for _, assignment := range sets {
		document.Set(assignment)
	}
	into := newDrawing()
	return into, document.Decode(into, shapes())
}

// one is a drawing with nothing but what it must have, and text.
func one(text string) files {
	return files{"x.yaml": "name: n\nshape: {kind: point}\n" + text}
}

// wantErrors checks the whole message, line by line.
func wantErrors(t *testing.T, err error, want ...string) {
	t.Helper()
	if len(want) == 0 {
		if err != nil {
			t.Errorf("unexpected error:\n%v", err)
		}
		return
	}
	var list Errors
	if !errors.As(err, &list) {
		t.Fatalf("got error %v of type %T, want Errors:\n%s", err, err, strings.Join(want, "\n"))
	}
	if got := err.Error(); got != strings.Join(want, "\n") {
		t.Errorf("got errors\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
