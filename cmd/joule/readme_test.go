package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readme is the README, and blocks are its code in a language.
func readme(t *testing.T) (text string, blocks func(language string) []string) {
	text = read(t, "../../README.md")
	return text, func(language string) (code []string) {
		for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
			code = append(code, m[1])
		}
		return code
	}
}

// shorter are pieces of the README's commands, and what the test has in their place, so that they make less of the same.
var shorter = [][2]string{
	{"joule bench quick ", "joule bench quick --set budget.gradient_evaluations=2e4 --set measure.grid=61 --set measure.samples=200 " +
		"--set set.data.size=5000 --set set.sampler.steps=5 --backend go "},
	{"train.replicas=8 --set train.steps=2000", "train.replicas=3 --set train.steps=200"},
	{"train.steps=1500", "train.steps=150"},
	{"train.steps=2000", "train.steps=200"},
	{"--checkpoint 2000", "--checkpoint 200"},
}

// The commands of the README do what it says, one after the other in one folder, on the backend that this machine has: all of them, but for
// shorter trainings.
func TestReadmeCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three models")
	}
	dir := t.TempDir()
	_, blocks := readme(t)
	for _, code := range blocks("yaml") {
		name, found := strings.CutPrefix(strings.SplitN(code, "\n", 2)[0], "# ")
		if !found || !strings.HasSuffix(name, ".yaml") {
			t.Errorf("a YAML block does not begin with the name of its file:\n%s", code)
		}
		put(t, dir, name, code)
	}
	ran, shortened := 0, map[string]bool{}
	for _, code := range blocks("sh") {
		var script strings.Builder
		for line := range strings.Lines(code) {
			if strings.HasPrefix(line, "joule ") && !strings.HasPrefix(line, "joule backend install") {
				for _, s := range shorter {
					shortened[s[0]] = shortened[s[0]] || strings.Contains(line, s[0])
					line = strings.ReplaceAll(line, s[0], s[1])
				}
				script.WriteString(line)
				ran++
			} else if !strings.HasPrefix(line, "make ") && !strings.HasPrefix(line, "docker ") {
				t.Errorf("the README has a command that is not run: %s", line)
			}
		}
		sh := exec.Command("sh", "-e", "-c", script.String())
		sh.Dir, sh.Env = dir, append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
		if out, err := sh.CombinedOutput(); err != nil {
			t.Fatalf("%s\n%v\n%s", &script, err, out)
		}
	}
	for _, s := range shorter {
		if !shortened[s[0]] {
			t.Errorf("no command of the README has %q", s[0])
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands of the README were run", ran)
	}
	for _, path := range []string{"runs/dsm/figures/energy.png", "runs/blurred/result.json", "runs/mine/parameters.safetensors", "dsm.json", "energies.npy", "report.html"} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Commands that the text mentions parse, and what it refers to in the repository is there.
func TestReadmeReferences(t *testing.T) {
	text, _ := readme(t)
	for _, m := range regexp.MustCompile("(?s)`(joule [^`]*)`").FindAllStringSubmatch(text, -1) {
		checkLine(t, strings.Join(strings.Fields(m[1]), " "))
	}
	for _, m := range regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		if target := m[1]; !strings.HasPrefix(target, "https://") {
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("the README refers to %s: %v", target, err)
			}
		}
	}
	targets := read(t, "../../Makefile")
	for _, m := range regexp.MustCompile(`make ([a-z-]+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(targets, "\n"+m[1]+":") {
			t.Errorf("the README says make %s, and the Makefile has no such target", m[1])
		}
	}
	for _, code := range []string{"| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 4 |", "| 130 |"} {
		if !strings.Contains(text, "\n"+code) {
			t.Errorf("the README does not explain exit code %s", code)
		}
	}
}
