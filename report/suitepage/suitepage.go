// Package suitepage makes one HTML page of the results of suites: what was run, a table of all figures, the learned
// energies side by side, cost against quality, how training went, and what failed.
//
// The page is a single file that needs nothing else and asks no network: styles, pictures, the table as CSV and the
// program that sorts, filters and draws are inside it. Its content security policy allows no other program and no
// connection. Without JavaScript the tables and the pictures are still there.
package suitepage

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"time"

	"joule/results"
)

// Page is what a page shows.
type Page struct {
	// Made is when, and Joule the version of the program that makes it.
	Made  time.Time
	Joule string
	// Path is where the page will be, for links to the files of the suites; empty: not known, and there are no links.
	Path string
	// Suites are in the order in which they are to be shown.
	Suites []Suite
}

// Suite is a directory of results.
type Suite struct {
	Dir  string
	Rows []*results.Row
	// Config is the text of the suite as it was run; empty: it is not there.
	Config string
}

// Limits of what a page shows, so that it opens fast whatever the suite; what they leave out is said.
const (
	maxCells    = 2000    // rows of the table
	maxFields   = 24_000  // figures in it, those of all cells together
	maxPictures = 400     // energy maps
	maxCurves   = 200     // cells with a training curve
	maxPoints   = 150     // of a curve
	maxConfigs  = 300     // cells whose config is compared with the first
	maxReasons  = 200     // different reasons for runs to fail, and different warnings
	maxNamed    = 100     // runs that are named with one of them
	maxPNG      = 1 << 17 // bytes of a picture
	maxText     = 1 << 20 // bytes of the text of a suite
)

//go:embed page.html page.css script vendored
var files embed.FS

var page = newPage()

// Write writes the page as HTML. It is an error that there is no row.
func Write(w io.Writer, p Page) error {
	if !slices.ContainsFunc(p.Suites, func(s Suite) bool { return len(s.Rows) > 0 }) {
		return errors.New("there are no results to report on")
	}
	v, err := viewOf(p)
	if err != nil {
		return err
	}
	return page.Execute(w, v)
}

// view is what the template is filled with.
type view struct {
	Style     template.CSS
	Library   template.JS
	Script    template.JS
	Licences  []string
	Title     string
	Facts     []fact
	Table     table
	Grid      *grid // nil: there is nothing that a table would not show
	Curves    bool
	Looks     bool
	Failures  []group
	Warnings  []group
	Left      []string // what the page leaves out
	Problems  []string // files that could not be read
	Texts     []text
	Base      *text // config of the first cell
	Changes   []text
	Downloads []download
	Data      data
	Footer    string
}

// fact is something about all the runs.
type fact struct{ Name, Value string }

// text is a file shown as it is.
type text struct{ Name, Text string }

// data is what the program in the page reads beside the table.
type data struct {
	Figures []figureData `json:"figures"`
	Methods []string     `json:"methods"`
	Data    []string     `json:"data"`
	Losses  []curve      `json:"losses"`
	Looks   []curve      `json:"looks"`
}

// figureData is a figure as the program needs it.
type figureData struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Unit     string `json:"unit"`
	Prefer   string `json:"prefer"` // least, most, or nothing
	Cost     bool   `json:"cost"`
	Telling  bool   `json:"telling"` // shown unless the reader chooses
	Decimals int    `json:"decimals"`
}

func viewOf(p Page) (view, error) {
	all, err := collect(p.Suites)
	if err != nil {
		return view{}, err
	}
	figures := figuresOf(all)
	shown := figures.within(min(len(all.cells), maxCells))
	v := view{
		Style: style, Library: library, Script: script, Licences: licences,
		Title: all.title(), Facts: factsOf(all),
		Table:    tableOf(all, shown),
		Failures: failuresOf(all), Warnings: warningsOf(all),
		Footer: fmt.Sprintf("Made by joule %s on %s.", p.Joule, moment(p.Made)),
		Data:   data{Methods: all.methods, Data: all.data},
	}
	for _, f := range shown.list {
		v.Data.Figures = append(v.Data.Figures, figureData{f.Name, f.Title, f.Unit, preferences[f.Prefer], f.Cost, shown.isTelling(f.Name), f.Decimals})
	}
	f := &folders{suites: p.Suites}
	defer f.close()
	v.Grid = gridOf(all, shown, f)
	v.Data.Losses, v.Data.Looks = curvesOf(all, f)
	v.Curves, v.Looks = len(v.Data.Losses) > 0, len(v.Data.Looks) > 0
	v.Problems = f.problems()
	for _, s := range p.Suites {
		if s.Config != "" {
			v.Texts = append(v.Texts, text{"suite.yaml of " + all.suiteName(s), s.Config})
		}
	}
	v.Base, v.Changes = changesOf(all)
	if v.Downloads, err = downloadsOf(p, all); err != nil {
		return view{}, err
	}
	v.Left = leftOut(all, figures, shown, &v)
	return v, nil
}

var preferences = map[results.Preference]string{results.Neither: "", results.Least: "least", results.Most: "most"}
