package main

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// numeral matches the numbers of what commands print.
var numeral = regexp.MustCompile(`-?\d+(\.\d+)?(e[-+]?\d+)?`)

// The commands of the tutorial run one after the other in an empty folder, print what it says, and make its pictures. With
// JOULE_UPDATE_DOCS set, what they print and draw is put there.
func TestTutorialCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("trains ten models")
	}
	const page = "../../docs/tutorial.md"
	text, dir := read(t, page), t.TempDir()
	update := os.Getenv("JOULE_UPDATE_DOCS") != ""
	block := regexp.MustCompile("(?s)```(yaml|sh)\n(.*?)```(?:\n\n```text\n(.*?)```)?")
	// To measure and draw all runs once more takes a third of the time of the whole page.
	const reportOfAll, reportOfTwo = "joule report runs/* ", "joule report runs/fisher runs/nce "
	if !strings.Contains(text, reportOfAll) {
		t.Errorf("the tutorial has no command %q", reportOfAll)
	}
	commands, printed := 0, 0
	now := block.ReplaceAllStringFunc(text, func(whole string) string {
		m := block.FindStringSubmatch(whole)
		language, code, want := m[1], m[2], m[3]
		if language == "yaml" {
			name, found := strings.CutPrefix(strings.SplitN(code, "\n", 2)[0], "# ")
			if !found || !strings.HasSuffix(name, ".yaml") {
				t.Errorf("a YAML block does not begin with the name of its file:\n%s", code)
			}
			put(t, dir, name, code)
			return whole
		}
		commands += strings.Count("\n"+code, "\njoule ")
		got := inShell(t, dir, strings.Replace(code, reportOfAll, reportOfTwo, 1))
		if !strings.Contains(whole, "```text") {
			return whole
		}
		printed++
		if !alike(got, want) && !update {
			t.Errorf("%sprints\n%sand the tutorial says\n%sJOULE_UPDATE_DOCS=1 go test ./cmd/joule -run Tutorial puts it there", code, got, want)
		}
		return strings.Replace(whole, "```text\n"+want, "```text\n"+got, 1)
	})
	if commands < 20 || printed < 8 {
		t.Errorf("%d commands were run, and what %d of the blocks print was compared", commands, printed)
	}
	pictures := regexp.MustCompile(`!\[[^\]]+\]\((images/([^)]+))\)`).FindAllStringSubmatch(text, -1)
	if len(pictures) < 4 {
		t.Errorf("the tutorial has %d pictures", len(pictures))
	}
	for _, m := range pictures {
		checkPicture(t, filepath.Join(dir, m[2]))
		if update {
			put(t, "../../docs", m[1], read(t, dir, m[2]))
		}
	}
	if update && now != text {
		if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// inShell runs commands in a folder, with the program under test in the PATH, and returns what they print.
func inShell(t *testing.T, dir, code string) string {
	t.Helper()
	sh := command(dir)
	sh.Path, sh.Args = "/bin/sh", []string{"sh", "-e", "-c", code}
	sh.Env = append(sh.Env, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	out, err := sh.Output()
	if err != nil {
		stderr := []byte(nil)
		if exit, ok := err.(*exec.ExitError); ok {
			stderr = exit.Stderr
		}
		t.Fatalf("%s\n%v\n%s%s", code, err, out, stderr)
	}
	return string(out)
}

// alike says whether two texts differ in their numbers alone, and in those no more than other processors may make them.
func alike(a, b string) bool {
	words := func(s string) []string { return strings.Fields(numeral.ReplaceAllString(s, "#")) }
	if strings.Join(words(a), " ") != strings.Join(words(b), " ") {
		return false
	}
	others := numeral.FindAllString(b, -1)
	for i, s := range numeral.FindAllString(a, -1) {
		x, errX := strconv.ParseFloat(s, 64)
		y, errY := strconv.ParseFloat(others[i], 64)
		if errX != nil || errY != nil || math.Abs(x-y) > 0.03+0.25*math.Abs(y) {
			return false
		}
	}
	return true
}

func TestAlike(t *testing.T) {
	const text = "KL  0.0086 nats\nlog Z  -1.5\n"
	for other, want := range map[string]bool{
		text:                                true,
		"KL 0.0091 nats\nlog Z -1.4":        true,
		"KL 0.0486 nats\nlog Z -1.5":        false,
		"KL 0.0086 nats\nlog Z 1.5":         false,
		"KL 0.0086 nats":                    false,
		"KL 0.0086 bits\nlog Z -1.5":        false,
		"KL 0.0086 nats\nlog Z -1.5 -1.5\n": false,
	} {
		if got := alike(other, text); got != want {
			t.Errorf("alike(%q): %t", other, got)
		}
	}
}
