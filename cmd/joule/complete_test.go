package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/spf13/cobra"

	"joule/cmd"
	"joule/launch"
)

// complete returns the candidates for the last of some words, without their descriptions, and the directive's number.
func complete(t *testing.T, dir string, args ...string) (list []string, directive string) {
	t.Helper()
	for line := range strings.Lines(succeed(t, dir, append([]string{"__complete"}, args...)...)) {
		name, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if number, isDirective := strings.CutPrefix(name, ":"); isDirective {
			return list, number
		}
		list = append(list, name)
	}
	t.Fatalf("%v: there is no directive", args)
	return nil, ""
}

// What completes is what can be given: configs, files, run directories, keys and their values, of the config at hand.
func TestCompletion(t *testing.T) {
	run := faithfulRun(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "my.yaml", "extends: old-faithful/nce\nname: mine\n")
	put(t, dir, "broken.yaml", "method: [\n")
	put(t, dir, "points.csv", "a,b\n1,2\n")
	put(t, dir, ".hidden.yaml", "")
	if err := os.Symlink(run, filepath.Join(dir, "run")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string // with "_" for the empty word
		want string // all candidates
	}{
		{"train two-gaussians/fi", "two-gaussians/fisher"},
		{"train two-g", "two-gaussians/"},
		{"train m", "mnist/ my.yaml"},
		{"train my.yaml _", ""},
		{"configs validate .h", ".hidden.yaml"},
		{"configs show p", "planar/"},
		{"configs diff my.yaml m", "mnist/"},
		{"configs diff my.yaml r", "run"},
		{"eval _", "folder/ run"},
		{"plot run _", "folder/"},
		{"eval run _", ""},
		{"eval run --checkpoint _", "best 60"},
		{"energy run --in p", "points.csv"},
		{"energy run --backend _", "auto go xla:cpu xla:cuda"},
		{"train --resume a", "auto"},
		{"configs init --data ri", "rings"},
		{"configs init --method fi", "fisher"},
		{"bench validate qu", "quick"},
		{"launch --on s", "slurm"},
		{"export run --to o", "onnx"},
		{"import x.safetensors --config my.yaml --set method.noise.k", "method.noise.kind="},
		{"data fetch _", "mnist"},
		{"train two-gaussians/dsm --set method.", "method.kind= method.sigma= method.weighting="},
		{"train two-gaussians/dsm --set method.kind=ssm --set method.p", "method.projections="},
		{"train --set method.kind=f", "method.kind=fdsm method.kind=fisher method.kind=flow_nce"},
		{"train my.yaml --set method.noise.k", "method.noise.kind="},
		{"train my.yaml --set method.noise.kind=u", "method.noise.kind=uniform"},
		{"train broken.yaml --set method.si", "method.sigma="},
		{"train my.yaml --set data.standardize=", "data.standardize=true data.standardize=false"},
		{"train my.yaml --set train.devices=", "train.devices=0 train.devices=all"},
		{"train my.yaml --set train.ste", "train.steps="},
		{"train my.yaml --set train.steps=", "train.steps=4000"},
		{"train my.yaml --set train.h", "train.health."},
		{"train my.yaml --set data=", ""},
		{"train my.yaml --set nothing=", ""},
		{"train my.yaml --set backend=xla", "backend=xla:cpu backend=xla:cuda"},
		{"sample run --set _", "sampler. sampling."},
		{"inpaint run --set _", "sampler."},
		{"sample run --set sampler.kind=m", "sampler.kind=mala"},
		{"bench quick --set se", "seeds= set."},
		{"bench quick --set keep=", "keep=runs keep=rows"},
		{"launch quick --set grid.data.k", "grid.data.kind="},
		{"launch two-gaussians/dsm --set method.s", "method.sigma="},
	} {
		words := strings.Fields(c.args)
		for i, word := range words {
			words[i] = strings.TrimPrefix(word, "_")
		}
		got, _ := complete(t, dir, words...)
		last := words[len(words)-1]
		got = slices.DeleteFunc(got, func(name string) bool { return !strings.HasPrefix(name, last) }) // as shells do
		slices.Sort(got)
		want := strings.Fields(c.want)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("joule %s completes %q, want %q", c.args, got, want)
		}
	}
	for args, want := range map[string]string{"train two-g": "6", "train two-gaussians/fi": "4", "train --set seed": "38", "train --set method.kind=": "36"} {
		if _, got := complete(t, dir, strings.Fields(args)...); got != want {
			t.Errorf("joule %s: directive %s, want %s", args, got, want)
		}
	}
}

// A launch directory is told by its file.
func TestCompletionOfLaunches(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "x.yaml", "name: x\nconfig: two-gaussians/dsm\n")
	succeed(t, dir, "launch", "x.yaml", "--on", "local", "--out", "launched", "--set", "set.train.steps=1", "--set", "set.model.hidden=[4]", "--set", "metrics=[test_nll]",
		"--backend", "go", "--quiet")
	if got, _ := complete(t, dir, "launch", "status", "l"); !slices.Equal(got, []string{"launched"}) {
		t.Errorf("launch status completes %q", got)
	}
	if _, err := launch.Open(filepath.Join(dir, "launched")); err != nil {
		t.Error(err)
	}
}

// Every command that takes arguments completes them, or says that there is nothing to complete.
func TestEveryArgumentIsCompleted(t *testing.T) {
	visit(cmd.New(), func(c *cobra.Command) {
		_, takes, _ := strings.Cut(strings.TrimSuffix(c.Use, " [flags]"), " ")
		if takes != "" && !strings.HasPrefix(takes, "-") && !c.Hidden && c.ValidArgsFunction == nil && c.ValidArgs == nil && c.Name() != "help" {
			t.Errorf("%s takes %s, and completes nothing", c.CommandPath(), takes)
		}
	})
}

// The script works in a real bash: a line is completed as it is when the tab key is pressed, also behind an equals sign and a colon.
func TestCompletionInBash(t *testing.T) {
	const library = "/usr/share/bash-completion/bash_completion"
	if _, err := os.Stat(library); err != nil {
		if os.Getenv("JOULE_REQUIRE_BASH_COMPLETION") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no bash-completion")
	}
	dir := t.TempDir()
	put(t, dir, "my.yaml", "extends: old-faithful/nce\nname: mine\n")
	put(t, dir, "joule.bash", succeed(t, dir, "completion", "bash"))
	put(t, dir, "rc", "PS1='"+prompt+"'; source "+library+"; source joule.bash\nbind -x '\"\\C-g\": printf \"%s\\n\" \"$READLINE_LINE\" > line.new; mv line.new line'\n")
	for line, want := range map[string]string{
		"joule configs va":                                          "joule configs validate ",
		"joule train two-gaussians/fi":                              "joule train two-gaussians/fisher ",
		"joule train two-g":                                         "joule train two-gaussians/",
		"joule train my":                                            "joule train my.yaml ",
		"joule train --backend xla:cu":                              "joule train --backend xla:cuda ",
		"joule train my.yaml --set method.noi":                      "joule train my.yaml --set method.noise",
		"joule train my.yaml --set method.kind=ran":                 "joule train my.yaml --set method.kind=ranking_nce ",
		"joule train my.yaml --set method.kind=dsm --set method.we": "joule train my.yaml --set method.kind=dsm --set method.weighting=",
		"joule train --seed 3 my.yaml --set data.standardize=t":     "joule train --seed 3 my.yaml --set data.standardize=true ",
		"joule train my.yaml --set backend=xla:cu":                  "joule train my.yaml --set backend=xla:cuda ",
	} {
		if got := typed(t, dir, line); got != want+"\n" {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}

const prompt = "your turn: "

// typed is what a line becomes in bash when the tab key is pressed at its end.
func typed(t *testing.T, dir, line string) string {
	bash := exec.Command("bash", "--noprofile", "--rcfile", "rc", "-i")
	bash.Dir, bash.Env = dir, append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "HOME="+home, "TERM=dumb", "INPUTRC=/dev/null")
	terminal, err := pty.Start(bash)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	defer time.AfterFunc(time.Minute, func() { _ = bash.Process.Kill() }).Stop() // rather than to wait for ever
	// Ctrl-G writes the line to a file, Ctrl-U removes it, Ctrl-D ends bash. Bash listens once it has shown its prompt.
	var shown []byte
	for buffer := make([]byte, 1024); ; {
		n, err := terminal.Read(buffer)
		if err != nil { // as there is when bash has ended
			break
		}
		isFirst := !bytes.Contains(shown, []byte(prompt))
		shown = append(shown, buffer[:n]...)
		if isFirst && bytes.Contains(shown, []byte(prompt)) {
			if _, err := terminal.WriteString(line + "\t\x07\x15\x04"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := bash.Wait(); err != nil {
		t.Errorf("bash: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "line"))
	if err != nil {
		t.Fatalf("%v\n%s", err, shown)
	}
	if err := os.Remove(filepath.Join(dir, "line")); err != nil {
		t.Fatal(err)
	}
	return string(text)
}
