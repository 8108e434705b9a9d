package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// Without a terminal flags say everything, or what is usual is taken: the config is the nearest one with these data, and is valid.
func TestConfigsInit(t *testing.T) {
	dir := t.TempDir()
	var table strings.Builder
	table.WriteString("a,b,c\n")
	for i := range 300 {
		fmt.Fprintf(&table, "%d,%g,%g\n", i, float64(i%7)/3, float64(i%11))
	}
	put(t, dir, "points.csv", table.String())
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, path string
		want       []string
	}{
		{"--data rings", "rings-nce.yaml", []string{"extends: planar/nce ", "\n  kind: rings\n", "steps: 10000\n"}},
		{"of.yaml --data builtin:old_faithful.csv --method dsm --length short", "of.yaml", []string{"extends: old-faithful/dsm ", "name: of\n", "path: builtin:old_faithful.csv\n", "standardize: true", "steps: 400\n"}},
		{"sub/x.yml --data points.csv", "sub/x.yml", []string{"extends: anomaly/msdsm ", "path: \"../points.csv\"\n", "replicas: 1\n"}},
		{"--data points.csv --method nce --standardize=false", "points-nce.yaml", []string{"extends: planar/nce ", "model: {kind: mlp,", "standardize: false", "name: points-nce\n"}},
	} {
		out := succeed(t, dir, append([]string{"configs", "init"}, strings.Fields(c.args)...)...)
		if out != c.path+"\n" {
			t.Errorf("%s prints %q, want %s", c.args, out, c.path)
			continue
		}
		text := read(t, filepath.Join(dir, c.path))
		for _, part := range c.want {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not have %q in\n%s", c.args, part, text)
			}
		}
		succeed(t, dir, "configs", "validate", c.path)
	}
	// What it leads to is a run.
	succeed(t, dir, append([]string{"train", "sub/x.yml", "--out", "run", "--no-figures"}, small...)...)
	succeed(t, dir, "eval", "run", "--backend", "go")

	for args, want := range map[string]string{
		"":                                  "--data FILE, or a density such as rings, is needed where nobody can be asked",
		"--data rngs":                       `--data: rngs: no such file or directory; did you mean "rings"?`,
		"--data rings --method mlee":        `--method: "mlee" is unknown; did you mean "mle"?`,
		"--data rings --method jem":         "--method: jem cannot learn these data: method jem needs data with classes",
		"--data points.csv --method fisher": `--method: fisher cannot learn these data: "csv": method fisher needs data with a known density: …`,
		"--data rings --length longer":      `--length: "longer" is unknown; did you mean "long"?`,
		"of.yaml --data rings":              "of.yaml: exists, and is not replaced",
		"x.txt --data rings":                `"x.txt": the name of a config ends in .yaml`,
		"none/x.yaml --data rings":          "none/x.yaml: there is no folder none",
	} {
		refuse(t, dir, exitUsage, want, append([]string{"configs", "init"}, strings.Fields(args)...)...)
	}
}

// In a terminal the questions are asked, wrong answers are asked for again, and an empty line is the usual answer.
func TestConfigsInitAsks(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, "configs", "init")
	var stdout bytes.Buffer
	shown, err := converse(t, cmd.Start, func(terminal *os.File) { cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, &stdout, terminal }, [][2]string{
		{"data (a file, ", "nothing.csv\n"},
		{"data (a file, ", "builtin:old_faithful.csv\n"},
		{"standardize, ", "\n"},
		{"method [nce]: ", "dms\n"},
		{"method [nce]: ", "dsm\n"},
		{"length of the run ", "short\n"},
		{"file to write [old_faithful-dsm.yaml]: ", "mine.yaml\n"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || stdout.String() != "mine.yaml\n" {
		t.Errorf("error %v, stdout %q\n%s", err, &stdout, shown)
	}
	for _, part := range []string{"nothing.csv: no such file or directory", "eruptions", `"dms" is unknown; did you mean "dsm"?`, "fdsm ", "next: joule train mine.yaml --out runs/mine"} {
		if !strings.Contains(shown, part) {
			t.Errorf("the terminal does not show %q but\n%s", part, shown)
		}
	}
	if strings.Contains(shown, "\n  jem") {
		t.Errorf("jem is offered for data without classes:\n%s", shown)
	}
	if text := read(t, filepath.Join(dir, "mine.yaml")); !strings.Contains(text, "extends: old-faithful/dsm") || !strings.Contains(text, "steps: 400") {
		t.Errorf("mine.yaml is\n%s", text)
	}

	cmd = command(dir, "configs", "init", "--data", "rings", "other.yaml")
	shown, err = converse(t, cmd.Start, func(terminal *os.File) { cmd.Stdin, cmd.Stderr = terminal, terminal }, [][2]string{{"standardize, ", "\x04"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(shown, "joule: the questions were not answered; nothing is written") {
		t.Errorf("without answers: error %v\n%s", err, shown)
	}
	if _, err := os.Stat(filepath.Join(dir, "other.yaml")); err == nil {
		t.Error("without answers a file is written")
	}
}

// converse starts a program in a terminal, and answers what it asks. It returns what was shown once the program has closed the
// terminal.
func converse(t *testing.T, start func() error, attach func(*os.File), answers [][2]string) (string, error) {
	t.Helper()
	own, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	defer time.AfterFunc(time.Minute, func() { own.Close() }).Stop() // rather than to wait for ever
	attach(terminal)
	if err := start(); err != nil {
		return "", err
	}
	terminal.Close()
	var shown []byte
	seen := 0 // how much of it is answered
	for buffer := make([]byte, 4096); ; {
		n, err := own.Read(buffer)
		if err != nil { // as there is when nobody has the terminal open any more
			break
		}
		shown = append(shown, buffer[:n]...)
		for len(answers) > 0 {
			i := bytes.Index(shown[seen:], []byte(answers[0][0]))
			if i < 0 || !bytes.HasSuffix(bytes.TrimRight(shown[seen+i:], " "), []byte(":")) {
				break
			}
			seen = len(shown)
			if _, err := own.WriteString(answers[0][1]); err != nil {
				t.Fatal(err)
			}
			answers = answers[1:]
		}
	}
	if len(answers) > 0 {
		return "", fmt.Errorf("%q was not asked:\n%s", answers[0][0], shown)
	}
	return string(shown), nil
}
