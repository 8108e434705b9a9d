package report

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/png"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"joule/metrics"
	"joule/rundir"
)

func pointer(x float64) *float64 { return &x }

// smallPNG is a picture of 3 by 2 pixels.
func smallPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// example is a run on data whose density is known.
func example(t *testing.T, name string, nll float64) Run {
	return Run{
		Dir: "runs/" + name, Name: name, Method: "dsm", Data: "two_gaussians",
		Dataset: rundir.Dataset{Columns: []string{"x0", "x1"}, Train: 8, Test: 2},
		Environment: rundir.Environment{
			Joule: "v1.2.3", Go: "go1.26.1", Modules: map[string]string{"gomlx": "v0.28.3"}, OS: "linux", Arch: "amd64", CPU: "a processor", CPUs: 2,
			Backend: rundir.Backend{Spec: "xla:cpu", PluginAPI: "0.77"}, Seed: 5, Started: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		},
		Result: &rundir.Result{Status: rundir.Completed, Step: 20000, Seconds: 12, CompileSeconds: 2}, Step: 20000,
		Evaluation: &metrics.Evaluation{
			TestNLL: &nll, Entropy: pointer(2.8), KL: pointer(0.0123), Fisher: pointer(0.5), LogZ: pointer(-1.5), BorderMass: pointer(2e-7),
		},
		Config:  "name: " + name + "\n",
		Figures: []Figure{{Alt: "an alternative <text>", Caption: "a caption", PNG: smallPNG(t)}},
	}
}

// write renders a page and checks that it is well-formed and refers to nothing outside itself.
func write(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, p); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	decoder := xml.NewDecoder(strings.NewReader(text))
	decoder.Entity = xml.HTMLEntity
	ids, links := map[string]bool{}, []string{}
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		element, _ := token.(xml.StartElement)
		for _, a := range element.Attr {
			switch a.Name.Local {
			case "id":
				ids[a.Value] = true
			case "href":
				links = append(links, a.Value)
			case "src":
				if !strings.HasPrefix(a.Value, "data:image/png;base64,") {
					t.Errorf("a picture comes from %.60s", a.Value)
				}
			}
		}
	}
	for _, link := range links {
		if !ids[strings.TrimPrefix(link, "#")] {
			t.Errorf("%s leads nowhere in the page", link)
		}
	}
	if found := regexp.MustCompile(`(?i)https?:|//[a-z]|@import|url\(|<script|<link`).FindString(regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(text, "")); found != "" {
		t.Errorf("the page has %q", found)
	}
	return text
}

func TestPageSaysWhatWasRun(t *testing.T) {
	text := write(t, Page{Made: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), Joule: "v9", Backend: "go", Runs: []Run{example(t, "a", 2.8123456), example(t, "b", 3)}})
	for _, want := range []string{
		"<h1>2 models of two_gaussians</h1>", "2.8123<span class=\"hidden\"> (best)</span></td>", "3.0000</td>", "2.8000</td>", "0.0123</td>", "0.5000</td>", "−1.500</td>",
		"20\u202f000</td>", "12.0</td>", "2\u202f000</td>", "xla:cpu</td>",
		"two_gaussians (x0, x1): 8 training and 2 held-out points", "xla:cpu (PJRT API 0.77)", "joule v1.2.3, go1.26.1, gomlx v0.28.3",
		"a processor, 2 processors, linux/amd64", "Made by joule v9 on 5 March 2026, 00:00 UTC.",
		`width="3" height="2" alt="an alternative &lt;text&gt;"`, "<figcaption>a caption</figcaption>", "<pre>name: b\n</pre>",
		"no grid has more than 2.0e-07", "completed after 20000 steps in 12.0 s, of which 2.0 s went to compiling",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
	if strings.Contains(text, "†") {
		t.Error("the page marks a known density as fitted")
	}
}

func TestPageOfOneRunIsNamedAfterIt(t *testing.T) {
	text := write(t, Page{Runs: []Run{example(t, `<i>&"x"`, 1)}})
	if !strings.Contains(text, "<h1>&lt;i&gt;&amp;&#34;x&#34;</h1>") || strings.Contains(text, "best</span>") {
		t.Error("the page is not named after its run, or calls it the best of one")
	}
}

func TestPageWarns(t *testing.T) {
	leaky, killed, failed := example(t, "leaky", 1), example(t, "killed", 1), example(t, "failed", 1)
	leaky.Evaluation.BorderMass = pointer(0.25)
	killed.Result, killed.Step = nil, 700
	failed.Result = &rundir.Result{Status: rundir.Failed, Step: 3, Error: "training diverged"}
	fitted := example(t, "fitted", 1)
	fitted.Fitted = true
	text := write(t, Page{Runs: []Run{leaky, killed, failed, fitted}})
	for _, want := range []string{
		"<li>leaky: 0.25 of the model&#39;s probability lies at the border",
		"<li>killed: not yet, or it was killed; the parameters are those of step 700",
		"<li>failed: failed after 3 steps in 0.0 s, of which 0.0 s went to compiling: training diverged",
		"0.0123\u00a0†</td>", "† The density of this data is not known",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
	if strings.Contains(text, "No warnings") {
		t.Error("the page says that there are no warnings")
	}
}

func TestPageRefuses(t *testing.T) {
	run := example(t, "a", 1)
	run.Figures[0].PNG = []byte("no picture")
	for _, c := range []struct {
		page Page
		want string
	}{
		{Page{}, "there is no run to report on"},
		{Page{Runs: []Run{run}}, `runs/a: figure "a caption": png: invalid format: not a PNG file`},
	} {
		if err := Write(io.Discard, c.page); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
