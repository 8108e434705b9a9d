package suitepage

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"joule/results"
)

// painted is how many pixels of the first chart in an element have a colour.
func painted(p *tab, id, color string) int {
	p.t.Helper()
	return ask[int](p, fmt.Sprintf(`new Promise((done) => {
		const box = document.getElementById(%q);
		box.scrollIntoView();
		setTimeout(() => {
			const canvas = box.querySelector('canvas');
			const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
			const context = copy.getContext('2d', { willReadFrequently: true });
			context.drawImage(canvas, 0, 0);
			const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
			const want = [1, 3, 5].map((i) => parseInt(%q.slice(i, i + 2), 16));
			let count = 0;
			for (let i = 0; i < data.length; i += 4) count += data[i + 3] === 255 && want.every((v, k) => data[i + k] === v);
			done(count);
		}, 250);
	})`, id, color))
}

// Charts are drawn, in the colours of their series, and hidden series are not.
func testCharts(t *testing.T, p *tab, _ string) {
	for _, id := range []string{"scatter", "looks", "losses"} {
		for _, color := range []string{"#0072b2", "#d55e00"} {
			if n := painted(p, id, color); n < 10 {
				t.Errorf("%s has %d pixels of %s", id, n, color)
			}
		}
	}
	if got := ask[[]int](p, `['looks', 'losses'].map((id) => document.querySelectorAll('#' + id + ' canvas').length)`); got[0] != 3 || got[1] != 4 {
		t.Errorf("there are %v panels, want one a data set and one a method", got)
	}
	click := `document.querySelector('#scatterlegend button').click(), document.querySelector('#scatterlegend button').getAttribute('aria-pressed')`
	if ask[string](p, click) != "false" || painted(p, "scatter", "#0072b2") > 0 {
		t.Error("a hidden method is still drawn")
	}
	if ask[string](p, click) != "true" || painted(p, "scatter", "#0072b2") < 10 {
		t.Error("a method that is shown again is not drawn")
	}
	if got := ask[string](p, `document.getElementById('scatternote').textContent`); got != "11 cells; bars are 95 % intervals over the seeds. 1 without both figures." {
		t.Errorf("the note is %q", got)
	}
	// What has no logarithm is left out, and said.
	ask[int](p, `(() => { const s = document.getElementById('up'); s.value = [...s.options].find((o) => o.textContent === 'MMD²').value; s.dispatchEvent(new Event('change')); return 0 })()`)
	painted(p, "scatter", "#0072b2")
	below := 0
	for _, v := range columnOf(p, "mmd").Values {
		if v != nil && *v <= 0 {
			below++
		}
	}
	if got := ask[string](p, `document.getElementById('scatternote').textContent`); below == 0 || !strings.Contains(got, fmt.Sprintf("%d not above zero", below)) {
		t.Errorf("of %d values below zero the note is %q", below, got)
	}
}

// A click on a map shows it beside the truth.
func testCloserLook(t *testing.T, p *tab, _ string) {
	p.do(chromedp.Click(chromedp.CSS(`#grid td[data-c="3"] button`)))
	got := ask[string](p, `(() => { const d = document.getElementById('closer'); return [d.open, d.querySelector('h2').textContent, d.querySelectorAll('img').length, d.querySelector('dd').textContent].join('; ') })()`)
	if want := "true; dsm / rings; 2; " + columnOf(p, "kl").Texts[3]; got != want {
		t.Errorf("the dialog says %q, want %q", got, want)
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	if ask[bool](p, `document.getElementById('closer').open`) {
		t.Error("the dialog does not close")
	}
}

// The CSV in the page is saved as the file is.
func testDownload(t *testing.T, p *tab, dir string) {
	if _, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny}); err != nil {
		t.Fatal(err)
	}
	got := ask[string](p, `new Promise((done) => {
		const make = URL.createObjectURL;
		URL.createObjectURL = (blob) => { blob.text().then(done); URL.createObjectURL = make; return make.call(URL, blob) };
		document.querySelector('a.packed').click();
	})`)
	want, err := os.ReadFile(filepath.Join(dir, "toy", results.CSVFile))
	if err != nil || got != string(want) {
		t.Errorf("saved are %d bytes, want %d, %v", len(got), len(want), err)
	}
	if got := ask[string](p, `document.querySelector('a.packed').textContent`); got != "toy.csv" {
		t.Errorf("the file is called %q", got)
	}
}

// lightness is the relative luminance of a colour such as rgb(24, 24, 24).
func lightness(t *testing.T, color string) (y float64) {
	t.Helper()
	var rgb [3]float64
	if _, err := fmt.Sscanf(color, "rgb(%f, %f, %f)", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatal(err)
	}
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := rgb[i] / 255
		if c <= 0.04045 {
			y += weight * c / 12.92
		} else {
			y += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return y
}
