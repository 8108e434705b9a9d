// Package report makes one HTML page of several runs: what was run, how good each model is, and its figures.
//
// The page is a single file that needs nothing else: styles and pictures are inside it, and it refers to no other place.
package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"time"

	"joule/metrics"
	"joule/rundir"
)

// Page is what a page shows.
type Page struct {
	// Made is when, Joule the version of the program that made it, and Backend what it measured the models on.
	Made           time.Time
	Joule, Backend string
	// Runs are in the order in which they are to be shown.
	Runs []Run
	// Comparisons are figures of several runs together.
	Comparisons []Figure
}

// Run is one run of a page.
type Run struct {
	Dir    string
	Name   string // of the config
	Method string // kind of the method
	Data   string // a short name of the data
	// Group is the same number for runs on the same data: only those are compared.
	Group int
	// Fitted says that the density which KL and Fisher divergence refer to is no known truth but was fitted to the data.
	Fitted      bool
	Dataset     rundir.Dataset
	Environment rundir.Environment
	Result      *rundir.Result // nil: the run has not ended
	Step        int64          // of the parameters
	Evaluation  *metrics.Evaluation
	Problems    []string // what could not be measured or drawn
	Config      string   // the resolved config
	Figures     []Figure
}

// Figure is a picture with its words.
type Figure struct {
	Alt     string // what it shows, for those who do not see it
	Caption string
	PNG     []byte
}

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Write writes the page as HTML. It is an error if there is no run, or a figure is no PNG.
func Write(w io.Writer, p Page) error {
	if len(p.Runs) == 0 {
		return fmt.Errorf("there is no run to report on")
	}
	view, err := viewOf(p)
	if err != nil {
		return err
	}
	return page.Execute(w, view)
}

// view is what the template is filled with.
type view struct {
	Title       string
	Facts       []fact
	Header      []cell
	Rows        []row
	Notes       []string
	Warnings    []string
	Reassurance string // in place of warnings
	Comparisons []picture
	Runs        []section
	Footer      string
}

// fact is something about all the runs.
type fact struct{ Name, Value string }

// row is a run in the table.
type row struct {
	Anchor string
	Name   string
	Cells  []cell
}

// section is a run below the table.
type section struct {
	Anchor   string
	Name     string
	Facts    []fact
	Pictures []picture
	Config   string
}

// picture is a figure inside the page.
type picture struct {
	Source        template.URL
	Width, Height int
	Alt, Caption  string
}

func viewOf(p Page) (view, error) {
	v := view{
		Title: title(p.Runs), Facts: facts(p), Warnings: warnings(p.Runs), Notes: notes(p.Runs),
		Footer: fmt.Sprintf("Made by joule %s on %s.", p.Joule, moment(p.Made)),
	}
	if len(v.Warnings) == 0 {
		v.Reassurance = reassurance(p.Runs)
	}
	v.Header, v.Rows = table(p.Runs)
	var err error
	if v.Comparisons, err = pictures(p.Comparisons); err != nil {
		return view{}, err
	}
	for i, r := range p.Runs {
		s := section{Anchor: anchor(i), Name: r.Name, Facts: factsOf(r), Config: r.Config}
		if s.Pictures, err = pictures(r.Figures); err != nil {
			return view{}, fmt.Errorf("%s: %w", r.Dir, err)
		}
		v.Runs = append(v.Runs, s)
	}
	return v, nil
}

func anchor(i int) string { return fmt.Sprintf("run-%d", i+1) }

func pictures(figures []Figure) (shown []picture, err error) {
	for _, f := range figures {
		size, err := png.DecodeConfig(bytes.NewReader(f.PNG))
		if err != nil {
			return nil, fmt.Errorf("figure %q: %w", f.Caption, err)
		}
		shown = append(shown, picture{
			Source: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(f.PNG)),
			Width:  size.Width, Height: size.Height, Alt: f.Alt, Caption: f.Caption,
		})
	}
	return shown, nil
}
