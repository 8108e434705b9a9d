package suitepage

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"joule/results"
)

// written is the page of suites, made at a time that is given.
func written(t testing.TB, p Page) string {
	t.Helper()
	p.Made, p.Joule = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), "v9"
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// pageIn makes the suite in a directory and its page beside it.
func pageIn(t testing.TB, dir string, s toy) (path, text string) {
	t.Helper()
	s.make(t, filepath.Join(dir, s.name))
	suites, err := Load(filepath.Join(dir, s.name))
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "page.html")
	text = written(t, Page{Path: path, Suites: suites})
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, text
}

func TestPageSaysWhatWasRun(t *testing.T) {
	dir := t.TempDir()
	_, text := pageIn(t, dir, small)
	for _, want := range []string{
		"<h1>toy: 4 methods on 3 data sets</h1>", "24 runs in 12 cells: 21 completed, 1 diverged, 2 refused", "2 a cell, from 0 to 1",
		"started from 4 March 2026, 05:06 UTC to 4 March 2026, 05:09 UTC", "<dd>xla:cpu</dd>", "a processor, 2 processors", "joule v0.3.0, go1.26.5, gomlx v0.28.3",
		"Made by joule v9 on 5 March 2026, 00:00 UTC.",
		`1 of 2, <b class="bad">1 diverged</b>`, `<b class="bad">2 refused</b><small>method: fisher needs the score of the data, and squares has none</small>`,
		`<b class="bad">diverged</b> step 120: the loss is NaN <small>1 run</small>`, "<code>mle/moons/seed-1</code>", "<code>fisher/squares/seed-0</code>, <code>fisher/squares/seed-1</code>",
		"0.02 of the model&#39;s probability lies at the border of the grid <small>1 run</small>",
		`alt="Energy of dsm on rings with seed 0: bright is likely."`, `alt="True density of squares: bright is likely."`,
		"<span class=\"why\">2 refused: method: fisher needs the score of the data, and squares has none</span>",
		"<summary>suite.yaml of toy</summary><pre tabindex=\"0\">name: toy\ngrid:\n", "<summary>Config of mle/rings</summary><pre tabindex=\"0\">name: mle\nseed: 0\n",
		"<summary>dsm/moons</summary><pre tabindex=\"0\">name: dsm\ndata.kind: moons\nmethod.kind: dsm\n</pre>",
		`<a href="./toy/results.csv">results.csv</a>`, `<a href="./toy/results.parquet">results.parquet</a>`, "Permission is hereby granted", "Jukka Kurkela",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if got := strings.Count(text, "<img "); got != 11+3 { // of each cell that trained, and the truths
		t.Errorf("the page has %d pictures", got)
	}
	// What a browser is allowed is what the page has, and no more.
	policy := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)
	for _, m := range regexp.MustCompile(`(?s)<(style|script)>(.*?)</(style|script)>`).FindAllStringSubmatch(text, -1) {
		if policy == nil || !strings.Contains(policy[1], hashOf(m[2])) {
			t.Errorf("the policy %q does not allow the %s", policy, m[1])
		}
	}
	if strings.Contains(policy[1], "unsafe") || strings.Contains(policy[1], "http") {
		t.Errorf("the policy is %s", policy[1])
	}
	if found := regexp.MustCompile(`(src|href)="(https?:|//)|@import|\burl\(|<link|<iframe|<object`).FindString(text); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// The CSV in the page is the file.
func TestPageHasTheTable(t *testing.T) {
	dir := t.TempDir()
	_, text := pageIn(t, dir, small)
	packed := regexp.MustCompile(`download="toy.csv.gz" href="data:application/gzip;base64,([^"]*)"`).FindStringSubmatch(text)
	if packed == nil {
		t.Fatal("there is no download")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("&#43;", "+").Replace(packed[1]))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	want, _ := os.ReadFile(filepath.Join(dir, "toy", results.CSVFile))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want the %d of the file, %v", len(got), len(want), err)
	}
}

func TestRelative(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a b", "100%", "results.csv")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ page, file, want string }{
		{filepath.Join(dir, "page.html"), file, "./a%20b/100%25/results.csv"},
		{filepath.Join(dir, "a b", "100%", "page.html"), file, "./results.csv"},
		{filepath.Join(dir, "x", "y", "page.html"), file, "../../a%20b/100%25/results.csv"},
		{"", file, ""},
		{filepath.Join(dir, "page.html"), file + ".gone", ""},
		{filepath.Join(dir, "page.html"), dir, ""},
	} {
		if got, ok := relative(c.page, c.file); got != c.want || ok != (c.want != "") {
			t.Errorf("from %s to %s: %q, %v; want %q", c.page, c.file, got, ok, c.want)
		}
	}
	_, text := pageIn(t, dir, toy{name: "100% <b>", methods: []string{"a"}, data: []string{"b"}, seeds: 1})
	if want := `<a href="./100%25%20%3Cb%3E/results.csv">`; !strings.Contains(text, want) {
		t.Errorf("the page does not have %s", want)
	}
}

// A directory that grows has no table yet; one that is none, or is empty, is refused.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	small.make(t, dir)
	for _, name := range []string{results.CSVFile, results.ParquetFile, suiteFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	suites, err := Load(dir + "/")
	if err != nil || len(suites) != 1 || len(suites[0].Rows) != 24 || suites[0].Config != "" {
		t.Fatalf("%v, %v", suites, err)
	}
	if text := written(t, Page{Path: filepath.Join(dir, "page.html"), Suites: suites}); strings.Contains(text, results.CSVFile+"</a>") || strings.Contains(text, suiteFile) {
		t.Error("the page leads to a file that is not there")
	}
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, results.JournalFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, empty); err == nil || err.Error() != empty+": no run of the suite has ended yet" {
		t.Errorf("an empty journal: %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "there are no results") {
		t.Errorf("no suite: %v", err)
	}
	if !IsSuite(empty) || IsSuite(t.TempDir()) || IsSuite("none") {
		t.Error("suites are not told by their journals")
	}
	if err := Write(io.Discard, Page{}); err == nil || err.Error() != "there are no results to report on" {
		t.Errorf("a page of nothing: %v", err)
	}
}

// Files that are no pictures, torn or somewhere else do no harm, and are said.
func TestPageOfDamagedDirectories(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	s := small
	s.spoil = func(r *results.Row) bool {
		if r.Run == "nce/squares/seed-0" {
			r.Run = "../../outside"
		}
		return true
	}
	s.make(t, filepath.Join(dir, "toy"))
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "toy", results.RunsFolder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("mle/rings/seed-0/figures/map.png", "no picture")
	put("mle/moons/seed-0/metrics.jsonl", "{\"format\":1}\nnot a record\n")
	put("mle/squares/seed-0/looks.jsonl", "{\"step\":1,\"seconds\":0.1,\"kl\":null}\n{\"step\":2,\"kl\":2}\nnonsense\n")
	put("dsm/rings/seed-0/figures/map.png", strings.Repeat("x", maxPNG+1))
	if err := os.RemoveAll(filepath.Join(dir, "toy", results.RunsFolder, "dsm/moons")); err != nil {
		t.Fatal(err)
	}
	figure := filepath.Join(dir, "toy", results.RunsFolder, "nce/rings/seed-0/figures")
	if err := os.Rename(figure, outside+"-figures"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside+"-figures", figure); err != nil {
		t.Fatal(err)
	}
	suites, err := Load(filepath.Join(dir, "toy"))
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, Page{Suites: suites})
	for _, want := range []string{
		"mle/rings/seed-0/figures/map.png: png: invalid format: not a PNG file", "mle/moons/seed-0/metrics.jsonl:2: &#34;not a record&#34; is not a JSON object",
		"mle/squares/seed-0/looks.jsonl: &#34;nonsense\\n&#34; is no line of step, seconds and kl", "nce/rings/seed-0/figures/map.png",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if strings.Contains(text, "Energy of nce on squares with seed 0") || strings.Contains(text, "Energy of nce on rings with seed 0") {
		t.Error("a picture is from outside the directory of the suite")
	}
}

// Two suites make one page, with the suite as an axis.
func TestPageOfSeveralSuites(t *testing.T) {
	dir := t.TempDir()
	one, two := small, small
	two.name, two.methods = "other", []string{"mle"}
	one.make(t, filepath.Join(dir, "one"))
	two.make(t, filepath.Join(dir, "two"))
	suites, err := Load(filepath.Join(dir, "one"), filepath.Join(dir, "two"))
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, Page{Suites: suites})
	for _, want := range []string{
		"<h1>toy, other: 5 methods on 3 data sets</h1>", "30 runs in 15 cells", `<th scope="row">toy</th><td class="axis">mle</td>`, `<th scope="row">other · mle</th>`,
		"suite.yaml of toy", "suite.yaml of other", `download="other.csv.gz"`, "<code>other: mle/moons/seed-1</code>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
}

// Of a run that a journal has twice the last state counts, and cells keep the order in which they occur.
func TestOrderOfCells(t *testing.T) {
	rows := []*results.Row{
		rowOf("s", "b", "y", 1, 1, "config", "b", "data.kind", "y"), rowOf("s", "a", "x", 0, 1, "config", "a", "data.kind", "x"),
		rowOf("s", "b", "y", 0, 1, "config", "b", "data.kind", "y"), rowOf("s", "b", "y", 0, 9, "config", "b", "data.kind", "y"),
	}
	for i, run := range []string{"b/y/seed-1", "a/x/seed-0", "b/y/seed-0", "b/y/seed-0"} {
		rows[i].Run = run
	}
	all := mustCollect(t, Suite{Rows: rows})
	if c := all.cells[0]; len(all.cells) != 2 || c.label != "b/y" || len(c.rows) != 2 || c.rows[0].Seed != 0 || c.figures["kl"].mean != 5 {
		t.Errorf("%+v", all.cells[0])
	}
	rows[3].Run = "another name"
	if _, err := collect([]Suite{{Rows: rows}}); err == nil || !strings.Contains(err.Error(), "is there twice") {
		t.Errorf("two runs of one cell and seed: %v", err)
	}
}
