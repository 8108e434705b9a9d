package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"joule/cmd"
)

// unescaped makes text of what man pages have for it.
var unescaped = strings.NewReplacer(`\e`, `\`, `\-`, "-", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\&`, "")

// Every command that is shown has a page, with its flags and its example.
func TestMan(t *testing.T) {
	dir := t.TempDir()
	printed := strings.Fields(succeed(t, dir, "man", "--dir", "share/man1"))
	var want []string
	root := cmd.New()
	root.InitDefaultHelpCmd()
	visit(root, func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		path := filepath.Join("share", "man1", strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
		want = append(want, path)
		text := read(t, filepath.Join(dir, path))
		for _, part := range []string{".SH NAME\n", c.Short, ".SH SYNOPSIS\n\\fB" + c.CommandPath() + "\\fR", c.Example, "\\fB--quiet\\fR"} {
			if !strings.Contains(unescaped.Replace(text), part) {
				t.Errorf("%s does not have %q", path, part)
			}
		}
	})
	slices.Sort(want)
	slices.Sort(printed)
	if !slices.Equal(printed, want) {
		t.Errorf("the pages are %q, and should be %q", printed, want)
	}
	if text := read(t, filepath.Join(dir, "share/man1/joule-train.1")); !strings.Contains(text, ".TP\n\\fB\\-\\-grace\\fR=\\fIduration\\fR\n") {
		t.Errorf("joule-train.1 is\n%s", text)
	}
	if text := read(t, filepath.Join(dir, "share/man1/joule-bench.1")); strings.Contains(text, `bench\-worker`) || !strings.Contains(text, "\\fBjoule\\-bench\\-table\\fR(1)") {
		t.Errorf("joule-bench.1 is\n%s", text)
	}
	refuse(t, dir, exitUsage, "--dir names the folder that the pages are written to; it has to be given", "man")
}

// The pages are well-formed. The date is that of the commit, which a program that was built for tests may not know.
func TestManLint(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		if os.Getenv("JOULE_REQUIRE_MANDOC") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no mandoc")
	}
	dir := t.TempDir()
	pages := strings.Fields(succeed(t, dir, "man", "--dir", "."))
	lint := exec.Command("mandoc", append([]string{"-Tlint", "-W", "warning"}, pages...)...)
	lint.Dir = dir
	out, _ := lint.Output() // which exits with another code for each level of what it finds
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "missing date") {
			t.Error(strings.TrimSpace(line))
		}
	}
	if len(pages) == 0 {
		t.Error("there are no pages")
	}
}
