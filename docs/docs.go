// Package docs holds the pages of this folder whose tables say what keys mean, so that the program can say it too.
package docs

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed configs.md suites.md scaling.md
var pages embed.FS

// Table is a table of a page whose first column names keys.
type Table struct {
	Heading string // that it stands under, as written in the page
	First   string // the title of the first column, such as key
	Rows    []Row
}

// Row is what a table says of a key.
type Row struct{ Key, What string }

// Page is what a page says of keys.
type Page struct {
	// Intros are the first paragraphs under the headings, by heading; a heading that is followed by something else has none.
	Intros map[string]string
	Tables []Table
}

var (
	cellEnd = regexp.MustCompile(`[^\\]\|`)
	link    = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	quoted  = regexp.MustCompile("`([^`]+)`")
)

// Read returns what a page says, such as configs.md. Links are left out of the texts, and code is in backquotes. It panics where
// there is no such page, which is a mistake in the program.
func Read(name string) *Page {
	known, _ := read.LoadOrStore(name, sync.OnceValue(func() *Page { return parse(name) }))
	return known.(func() *Page)()
}

var read sync.Map // of functions that read pages, by name

func parse(name string) *Page {
	text, err := pages.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("docs: %v", err))
	}
	p := &Page{Intros: map[string]string{}}
	heading := ""
	for block := range strings.SplitSeq(string(text), "\n\n") {
		block = strings.TrimSpace(block)
		title, isHeading := strings.CutPrefix(block, "#")
		_, hasIntro := p.Intros[heading]
		switch {
		case isHeading:
			heading = strings.TrimSpace(strings.TrimLeft(title, "#"))
		case strings.HasPrefix(block, "|"):
			if t, ok := table(block); ok {
				t.Heading = heading
				p.Tables = append(p.Tables, t)
			}
			fallthrough
		case strings.HasPrefix(block, "```"), strings.HasPrefix(block, "- "):
			if !hasIntro {
				p.Intros[heading] = "" // what comes after is no introduction
			}
		case !hasIntro:
			p.Intros[heading] = plain(block)
		}
	}
	return p
}

// table reads a table with a column that says what keys are.
func table(block string) (t Table, ok bool) {
	lines := strings.Split(block, "\n")
	head := cells(lines[0])
	what := slices.Index(head, "what")
	if what < 1 || len(lines) < 3 {
		return Table{}, false
	}
	t.First = head[0]
	for _, line := range lines[2:] {
		row := cells(line)
		if len(row) != len(head) {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(row[0], -1) {
			t.Rows = append(t.Rows, Row{m[1], row[what]})
		}
	}
	return t, true
}

// cells are those of a line of a table.
func cells(line string) (list []string) {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	for {
		cut := cellEnd.FindStringIndex(line)
		if cut == nil {
			return append(list, plain(line))
		}
		list = append(list, plain(line[:cut[1]-1]))
		line = line[cut[1]:]
	}
}

// plain is text without links and line breaks.
func plain(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.ReplaceAll(link.ReplaceAllString(text, "$1"), `\|`, "|")
}

// What is what the first of the tables under a heading that has a key says of it. first is the title of the first column; empty:
// any.
func (p *Page) What(heading, first, key string) string {
	for _, t := range p.Tables {
		if t.Heading != heading || first != "" && t.First != first {
			continue
		}
		if i := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Key == key }); i >= 0 {
			return t.Rows[i].What
		}
	}
	return ""
}
