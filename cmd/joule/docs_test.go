package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The picture of the packages in docs/architecture.md shows them all, and imports point downward in it.
func TestArchitecture(t *testing.T) {
	text := read(t, "../../docs/architecture.md")
	picture := regexp.MustCompile("(?s)```text\n(.*?)```").FindStringSubmatch(text)
	if picture == nil {
		t.Fatal("there is no picture")
	}
	level := map[string]int{}
	for i, line := range strings.Split(picture[1], "\n") {
		for _, name := range strings.Fields(line) {
			if !slices.Contains([]string{"programs", "commands", "packages"}, name) {
				level["joule/"+name] = i
			}
		}
	}
	list := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name, imports := words[0], words[1:]
		if strings.HasPrefix(name, "joule/benchmarks/") { // programs on their own
			continue
		}
		found = append(found, name)
		if _, shown := level[name]; !shown {
			t.Errorf("the picture does not show %s", name)
		}
		if !strings.Contains(text, "`"+strings.TrimPrefix(name, "joule/")+"`") && name != "joule/internal/backendtest" {
			t.Errorf("the table has nothing on %s", name)
		}
		for _, other := range imports {
			if strings.HasPrefix(other, "joule/") && level[other] <= level[name] {
				t.Errorf("%s imports %s, which is not below it in the picture", name, other)
			}
		}
	}
	for name := range level {
		if !slices.Contains(found, name) {
			t.Errorf("the picture shows %s, which does not exist", name)
		}
	}
}

// The code in the documentation is what the program accepts, and what it links to is there.
func TestDocumentation(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "penguins.csv", "bill_length_mm,body_mass_g,island,species\n39.1,3750,Torgersen,Adelie\n")
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text := read(t, page)
		for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(text, -1) {
			put(t, dir, "x.yaml", m[1])
			what := "configs"
			if filepath.Base(page) == "suites.md" {
				what = "bench"
			}
			succeed(t, dir, what, "validate", "x.yaml")
		}
		for _, m := range regexp.MustCompile("(?s)`(joule [a-z][^`]*)`").FindAllStringSubmatch(text, -1) {
			checkLine(t, strings.Join(strings.Fields(m[1]), " "))
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "https://") {
				read(t, filepath.Dir(page), m[1])
			}
		}
	}
}

// What commands have printed into the documentation they still print. With JOULE_UPDATE_DOCS set it is put there.
func TestPrintedDocumentation(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	printed := regexp.MustCompile("(?s)(<!-- (joule [^\n]*) prints: -->\n\n)(.*?)(\n<!-- end -->)")
	count := 0
	for _, page := range pages {
		text := read(t, page)
		if begun := strings.Count(text, " prints: -->"); begun != len(printed.FindAllString(text, -1)) {
			t.Errorf("%s: of %d parts that commands print not all are framed by empty lines and an end", page, begun)
		}
		now := printed.ReplaceAllStringFunc(text, func(part string) string {
			count++
			m := printed.FindStringSubmatch(part)
			return m[1] + succeed(t, "../..", strings.Fields(m[2])[1:]...) + m[4]
		})
		switch {
		case now == text:
		case os.Getenv("JOULE_UPDATE_DOCS") != "":
			if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s does not have what its commands print; JOULE_UPDATE_DOCS=1 go test ./cmd/joule -run PrintedDocumentation puts it there", page)
		}
	}
	if count == 0 {
		t.Error("no command prints anything")
	}
}

func TestDocumentedCase(t *testing.T) {
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindStringSubmatch(read(t, "../../docs/conformance.md"))
	path := put(t, t.TempDir(), "case.json", example[1])
	if out := succeed(t, "", "verify", path, "--backend", "go"); strings.Count(out, "PASS") != 4 {
		t.Errorf("verify prints\n%s", out)
	}
}
