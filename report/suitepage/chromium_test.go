package suitepage

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"joule/results"
)

var (
	desktop = screen{"light", 1280, 900}
	phone   = screen{"light", 390, 844}
	night   = screen{"dark", 1280, 900}
)

// The page does what it should in a browser, from disk.
func TestInBrowser(t *testing.T) {
	ctx := chromium(t)
	dir := t.TempDir()
	path, _ := pageIn(t, dir, small)
	address := "file://" + path
	p := open(t, ctx, desktop, address)
	for _, test := range []struct {
		name string
		do   func(*testing.T, *tab, string)
	}{
		{"table", testTable}, {"sorting", testSorting}, {"choosing figures", testChoice}, {"filtering", testFiltering}, {"charts", testCharts},
		{"closer look", testCloserLook}, {"download", testDownload},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.t = t
			test.do(t, p, dir)
		})
	}
	p.t = t
	p.isQuiet(address)

	t.Run("phone", func(t *testing.T) {
		p := open(t, ctx, phone, address)
		if got := ask[[]float64](p, `[document.documentElement.scrollWidth, innerWidth]`); got[0] != 390 || got[1] != 390 {
			t.Errorf("the page is %v wide", got)
		}
		if !ask[bool](p, `(() => { const box = document.querySelector('#grid .wide'); box.scrollLeft = 1000; return box.scrollWidth > box.clientWidth && box.scrollLeft > 0 })()`) {
			t.Error("the grid does not scroll in its box")
		}
		testCharts(t, p, dir)
		p.isQuiet(address)
	})
	t.Run("dark", func(t *testing.T) {
		p := open(t, ctx, night, address)
		colors := ask[[]string](p, `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]`)
		if paper, ink := lightness(t, colors[0]), lightness(t, colors[1]); paper > 0.02 || (ink+0.05)/(paper+0.05) < 7 {
			t.Errorf("ink and paper are %v", colors)
		}
		if painted(p, "scatter", "#4aa3df") == 0 {
			t.Error("the first series is not in the colour for the dark")
		}
		// On paper it is bright, with all its charts, and afterwards as before.
		before := ask[int](p, `document.querySelectorAll('canvas[aria-label]').length`)
		ask[int](p, `window.areDrawn = false, addEventListener('beforeprint', () => { window.areDrawn = [...document.querySelectorAll('canvas')].every((c) => c.getAttribute('aria-label')) }), 0`)
		pdf := get(p, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 50_000 {
			t.Errorf("the PDF has %d bytes", len(pdf))
		}
		if !ask[bool](p, `window.areDrawn`) || before == 8 {
			t.Errorf("of 8 charts %d were drawn before printing, and not all for it", before)
		}
		if painted(p, "scatter", "#4aa3df") == 0 {
			t.Error("after printing the charts are not dark")
		}
		p.isQuiet(address)
	})
	t.Run("without program", func(t *testing.T) {
		p := open(t, ctx, screen{"light", 1280, 900}, "about:blank")
		p.withoutScripts()
		p.do(chromedp.Navigate(address))
		text := get(p, chromedp.OuterHTML(chromedp.CSS("main")))
		if strings.Contains(text, "<button type=\"button\"") || !strings.Contains(text, "<td class=\"axis\">rings</td>") {
			t.Error("without JavaScript the table is not there, or has buttons that do nothing")
		}
	})
	t.Run("hostile", func(t *testing.T) {
		testHostile(t, func(address string) *tab { return open(t, ctx, desktop, address) })
	})
}

// isQuiet reports what a page asked for beside itself, and what it complained of.
func (p *tab) isQuiet(address string) {
	p.t.Helper()
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, r := range p.requests {
		if r != address && !strings.HasPrefix(r, "data:") && !strings.HasPrefix(r, "blob:") {
			p.t.Errorf("the page asks for %.80s", r)
		}
	}
	if len(p.requests) == 0 || len(p.complaints) > 0 {
		p.t.Errorf("of %d requests came %q", len(p.requests), p.complaints)
	}
}

// meansOf are the means of a figure over the completed runs of each cell of a CSV file, by method and data.
func meansOf(t *testing.T, path, figure string) map[string]float64 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(lines[0], name) }
	sum, count := map[string]float64{}, map[string]float64{}
	for _, line := range lines[1:] {
		cell := line[at("config")] + "/" + line[at("data.kind")]
		if _, known := count[cell]; !known {
			count[cell] = 0
		}
		if x, err := strconv.ParseFloat(line[at(figure)], 64); err == nil && line[at("status")] == "completed" {
			sum[cell], count[cell] = sum[cell]+x, count[cell]+1
		}
	}
	means := map[string]float64{}
	for cell, n := range count {
		means[cell] = sum[cell] / n // NaN of none
	}
	return means
}

// column are the cells of the table in their order, and the text and value of a figure in it.
type column struct {
	Cells, Texts []string
	Values       []*float64
}

func columnOf(p *tab, figure string) (c column) {
	p.t.Helper()
	text := ask[string](p, fmt.Sprintf(`(() => {
		const at = [...document.querySelectorAll('#table thead th')].findIndex((th) => th.dataset.f === %q);
		const rows = [...document.querySelectorAll('#table tbody tr')].filter((tr) => tr.offsetParent);
		const value = (td) => td.dataset.v === undefined ? null : Number(td.dataset.v);
		return JSON.stringify({ Cells: rows.map((tr) => tr.cells[0].textContent + '/' + tr.cells[1].textContent),
			Texts: rows.map((tr) => tr.cells[at].innerText.trim()), Values: rows.map((tr) => value(tr.cells[at])) });
	})()`, figure))
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		p.t.Fatal(err)
	}
	return c
}

// The table says what the CSV file says.
func testTable(t *testing.T, p *tab, dir string) {
	for _, figure := range []string{"kl", "seconds"} {
		want := meansOf(t, filepath.Join(dir, "toy", results.CSVFile), figure)
		got := columnOf(p, figure)
		if len(got.Cells) != 12 || len(want) != 12 {
			t.Fatalf("%d rows, want %d", len(got.Cells), len(want))
		}
		decimals := map[string]int{"kl": 4, "seconds": 2}[figure]
		for i, cell := range got.Cells {
			mean := want[cell]
			if math.IsNaN(mean) {
				if got.Values[i] != nil || got.Texts[i] != "refused" {
					t.Errorf("%s of %s is %q, and no run has it", figure, cell, got.Texts[i])
				}
				continue
			}
			if got.Values[i] == nil || math.Abs(*got.Values[i]-mean) > 1e-5*math.Abs(mean) || !strings.HasPrefix(got.Texts[i], strconv.FormatFloat(mean, 'f', decimals, 64)) {
				t.Errorf("%s of %s is %q, want %v", figure, cell, got.Texts[i], mean)
			}
		}
	}
}

// A click or a key on a head sorts, the better end first, what is missing last.
func testSorting(t *testing.T, p *tab, _ string) {
	head := func(figure string) string { return fmt.Sprintf(`#table th[data-f=%q]`, figure) }
	sorted := func(figure, direction string) {
		t.Helper()
		c := columnOf(p, figure)
		if last := len(c.Values) - 1; c.Values[0] == nil || c.Values[last] != nil || c.Values[last-1] == nil {
			t.Errorf("by %s what is missing is not last", figure)
		}
		for i := 1; i < len(c.Values) && c.Values[i] != nil; i++ {
			if down := direction == "descending"; down && *c.Values[i] > *c.Values[i-1] || !down && *c.Values[i] < *c.Values[i-1] {
				t.Errorf("by %s, %s: %v after %v", figure, direction, *c.Values[i], *c.Values[i-1])
			}
		}
		if got := ask[[]string](p, `[...document.querySelectorAll('#table th[aria-sort]:not([aria-sort="none"])')].map((th) => th.dataset.f + ' ' + th.getAttribute('aria-sort'))`); len(got) != 1 || got[0] != figure+" "+direction {
			t.Errorf("the heads say %v, want %s %s", got, figure, direction)
		}
	}
	first := columnOf(p, "kl").Cells
	p.do(chromedp.Click(chromedp.CSS(head("kl") + " button")))
	sorted("kl", "ascending")
	p.do(chromedp.Focus(chromedp.CSS(head("kl")+" button")), chromedp.KeyEvent(kb.Enter))
	sorted("kl", "descending")
	p.do(chromedp.KeyEvent(" "))
	if got := columnOf(p, "kl").Cells; !slices.Equal(got, first) {
		t.Errorf("the third time the order is %v", got)
	}
	p.do(chromedp.Click(chromedp.CSS(head("mode_coverage") + " button")))
	sorted("mode_coverage", "descending") // more is better
	p.do(chromedp.Click(chromedp.CSS("#table th:nth-child(2) button")))
	if got := columnOf(p, "kl").Cells; got[0] != "mle/moons" || !strings.HasSuffix(got[11], "/squares") {
		t.Errorf("by data the order is %v", got)
	}
	p.do(chromedp.Click(chromedp.CSS("#table th:nth-child(2) button")), chromedp.Click(chromedp.CSS("#table th:nth-child(2) button")))
}

func testChoice(t *testing.T, p *tab, _ string) {
	shown := func() []string {
		return ask[[]string](p, `[...document.querySelectorAll('#table thead th')].filter((th) => th.offsetParent).map((th) => th.innerText.trim())`)
	}
	if got := shown(); !slices.Equal(got, []string{"config", "data.kind", "KL nats", "Fisher", "KSD", "MMD²", "modes", "time to target s", "seconds s", "runs"}) {
		t.Errorf("shown are %q", got)
	}
	p.do(chromedp.Click(chromedp.CSS("#choice summary")))
	ask[int](p, `[...document.querySelectorAll('#choice label')].find((l) => l.textContent.trim() === 'parameters').querySelector('input').click(), 0`)
	if got := shown(); !slices.Contains(got, "parameters") || columnOf(p, "parameters").Texts[0] != "33\u202f537" {
		t.Errorf("shown are %q, with %q", got, columnOf(p, "parameters").Texts)
	}
	ask[int](p, `[...document.querySelectorAll('#choice label')].find((l) => l.textContent.trim() === 'parameters').querySelector('input').click(), 0`)
	if got := shown(); slices.Contains(got, "parameters") {
		t.Errorf("shown are %q", got)
	}
}

func testFiltering(t *testing.T, p *tab, _ string) {
	state := func() string {
		return ask[string](p, `[document.getElementById('count').value,
			[...document.querySelectorAll('#grid tbody:not(.truth) tr')].filter((x) => x.offsetParent).length,
			[...document.querySelectorAll('#grid thead th')].filter((x) => x.offsetParent).length - 1].join(', ')`)
	}
	choose := func(axis int, value string) {
		t.Helper()
		ask[int](p, fmt.Sprintf(`(() => { const s = document.querySelector('#filter select[data-axis="%d"]'); s.value = %q; s.dispatchEvent(new Event('change', { bubbles: true })); return 0 })()`, axis, value))
	}
	choose(1, "=rings")
	if got := state(); got != "4 of 12 cells, 4, 1" {
		t.Errorf("rings alone: %s", got)
	}
	choose(0, "=dsm")
	if got := columnOf(p, "kl").Cells; state() != "1 of 12 cells, 1, 1" || got[0] != "dsm/rings" {
		t.Errorf("dsm on rings: %s, %v", state(), got)
	}
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	if got := ask[string](p, `new Promise((done) => setTimeout(() => done(document.getElementById('count').value), 50))`); got != "12 cells" || state() != "12 cells, 4, 3" {
		t.Errorf("all again: %s, %s", got, state())
	}
	p.do(chromedp.SendKeys(chromedp.CSS("#filter input"), "SQUARES Refused"))
	if got := ask[string](p, `new Promise((done) => setTimeout(() => done(document.getElementById('count').value), 300))`); got != "1 of 12 cells" || columnOf(p, "kl").Cells[0] != "fisher/squares" {
		t.Errorf("found %s", got)
	}
	p.do(chromedp.Click(chromedp.CSS("#reset")))
	ask[bool](p, `new Promise((done) => setTimeout(() => done(true), 50))`)
	// The grid has what is chosen in place of the KL.
	ask[int](p, `(() => { const s = document.getElementById('gridfigure'); s.value = 'auroc'; s.dispatchEvent(new Event('change')); return 0 })()`)
	got := ask[string](p, `document.querySelector('#grid td[data-c="0"] .figure').innerText`)
	if want := columnOf(p, "auroc").Texts[0]; strings.Join(strings.Fields(got), " ") != want {
		t.Errorf("the grid has %q, want %q", got, want)
	}
}
