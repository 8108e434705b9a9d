package suitepage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"joule/results"
)

// Names and reasons are text, whatever they are, in the page and in the data of its program.
func testHostile(t *testing.T, open func(string) *tab) {
	const evil = `</script></style><img src=x onerror="window.hacked=1"><script>window.hacked=2</script>&lt;!--"'{{.}}` + "\u2028"
	dir := t.TempDir()
	s := small
	s.name, s.methods, s.looks = "evil"+strings.NewReplacer("/", "∕").Replace(evil), []string{"mle", "dsm"}, 0
	s.pixels = 0
	s.spoil = func(r *results.Row) bool {
		r.Axes[0].Value += evil
		r.Axes[1].Key, r.Method, r.Device, r.CPU, r.Config = "data."+evil, evil, evil, evil, "name: x\n# "+evil+"\n"
		r.Warnings = []string{evil}
		if r.Data == "moons" {
			fail(r, results.Failed, evil)
		}
		return true
	}
	s.make(t, filepath.Join(dir, "suite"))
	if err := os.WriteFile(filepath.Join(dir, "suite", suiteFile), []byte(evil), 0o644); err != nil {
		t.Fatal(err)
	}
	suites, err := Load(filepath.Join(dir, "suite"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "page.html")
	if err := os.WriteFile(path, []byte(written(t, Page{Path: path, Suites: suites})), 0o644); err != nil {
		t.Fatal(err)
	}
	p := open("file://" + path)
	painted(p, "scatter", "#0072b2")
	p.do(chromedp.SendKeys(chromedp.CSS("#filter input"), "x"), chromedp.Click(chromedp.CSS("#reset")))
	if got := ask[string](p, `[typeof window.hacked, document.images.length, document.scripts.length].join()`); got != "undefined,0,3" {
		t.Errorf("foreign text is markup: %s", got)
	}
	for _, place := range []string{
		`document.title`, `document.querySelector('#table tbody th').textContent`, `document.querySelector('#failures .groups').textContent`, `document.querySelector('#warnings .groups').textContent`,
		`document.querySelector('#about pre').textContent`, `document.querySelector('#scatterlegend button').textContent`, `document.querySelector('#filter select option:nth-child(2)').textContent`,
		`JSON.parse(document.getElementById('data').textContent).methods[0]`, `document.querySelector('#losses figcaption').textContent`,
	} {
		if got := ask[string](p, place); !strings.Contains(got, `<img src=x onerror="window.hacked=1"><`) {
			t.Errorf("%s is %q", place, got)
		}
	}
	p.isQuiet("file://" + path)
}
