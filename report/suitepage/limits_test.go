package suitepage

import (
	"fmt"
	"strings"
	"testing"

	"joule/results"
)

// What a page leaves out it says.
func TestPageOfManyRuns(t *testing.T) {
	s := toy{name: "many", seeds: 1}
	for i := range 100 {
		s.methods, s.data = append(s.methods, fmt.Sprint("method", i)), append(s.data, fmt.Sprint("data", i))
	}
	var rows []*results.Row
	for m := range s.methods {
		for d := range s.data {
			r := s.row(m, d, 0)
			if m == 7 {
				fail(r, results.Failed, fmt.Sprintf("reason %d of %d", d, m))
			}
			if d < 3 {
				fail(r, results.Crashed, fmt.Sprintf("signal %d in %d", d, m))
			}
			r.Config += strings.Repeat("# what a config has beside these lines\n", 70)
			rows = append(rows, r)
		}
	}
	text := written(t, Page{Suites: []Suite{{Dir: t.TempDir(), Rows: rows}}})
	for _, want := range []string{
		"10\u202f000 runs in 10\u202f000 cells", "<li>Table, pictures and scatter show the first 2000 of 10000 cells.</li>", "<li>The table has 12 of 19 figures.</li>",
		"<li>There is no grid of methods and data: it would have 10000 fields.</li>", "<li>There are 397 different reasons; the first 200 are listed.</li>",
		"<li>The configs of the first 300 cells are compared, of 10000.</li>", "<li>The CSV file has everything.</li>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if got := strings.Count(text, "<tr data-c="); got != maxCells {
		t.Errorf("the table has %d rows", got)
	}
	if len(text) > 6e6 {
		t.Errorf("the page has %d bytes", len(text))
	}
}

// A suite of 18 methods on 10 data sets with 5 seeds, with pictures and curves of all cells, makes a page that can be sent.
func TestPageOfALargeSuite(t *testing.T) {
	large := large
	large.kept, large.copied = 1, true
	_, text := pageIn(t, t.TempDir(), large)
	if got := strings.Count(text, "<img "); got < 180 {
		t.Errorf("the page has %d pictures", got)
	}
	if len(text) > 6e6 {
		t.Errorf("the page has %d bytes", len(text))
	}
	if strings.Contains(text, "<ul class=\"left\">") {
		t.Error("the page leaves something out")
	}
}

// The first 400 pictures are in the page.
func TestPicturesAreLimited(t *testing.T) {
	dir := t.TempDir()
	s := toy{name: "p", seeds: 1, pixels: 2, records: 1, copied: true}
	for i := range 21 {
		s.methods = append(s.methods, fmt.Sprint("m", i))
	}
	for i := range 20 {
		s.data = append(s.data, fmt.Sprint("d", i))
	}
	_, text := pageIn(t, dir, s)
	if got := strings.Count(text, `alt="Energy of`); got != maxPictures {
		t.Errorf("the page has %d energies", got)
	}
	for _, want := range []string{"<li>20 energy maps beyond the first 400 are not shown.</li>", "<li>Curves are of the first 200 cells that have some.</li>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}
