package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"joule/cmd"
)

func TestRootRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"--nope":             `unknown flag: --nope; see "joule --help"`,
		"trian":              `unknown command "trian" for "joule"; did you mean "train"?`,
		"frobnicate":         `unknown command "frobnicate" for "joule"; want one of anomaly, backend, bench, classify, completion, configs, data, denoise, doctor, energy, eval, export, help, import, inpaint, interpolate, launch, man, mlflow, plot, report, sample, serve, tensorboard, top, train, verify, version`,
		"help trian":         `unknown command "trian" for "joule"; did you mean "train"?`,
		"configs lst":        `unknown command "lst" for "joule configs"; did you mean "list"?`,
		"version --quiet -v": "--verbose and --quiet exclude each other",
		"version extra":      `unknown command "extra" for "joule version"; usage: joule version [flags]`,
	} {
		refuse(t, "", exitUsage, want, strings.Fields(args)...)
	}
}

func TestHelp(t *testing.T) {
	top := succeed(t, "")
	if got := succeed(t, "", "--help"); got != top {
		t.Error("joule and joule --help differ")
	}
	if got, want := succeed(t, "", "help", "configs", "show"), succeed(t, "", "configs", "show", "--help"); got != want {
		t.Error("joule help configs show and joule configs show --help differ")
	}
	for _, code := range []string{"0 success", "1 failure", "2 wrong arguments", "3 backend", "4 training diverged", "130 interrupted"} {
		if !strings.Contains(top, code) {
			t.Errorf("the help does not explain %q", code)
		}
	}
}

// Every command has an example, and every example is a command that exists, with flags and arguments that it takes.
func TestExamples(t *testing.T) {
	visit(cmd.New(), func(c *cobra.Command) {
		if c.Hidden || c.Name() == "completion" || c.HasParent() && c.Parent().Name() == "completion" {
			return
		}
		if c.Example == "" || c.Short == "" {
			t.Errorf("%s has no example or no description", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			line = strings.TrimSpace(line)
			line = strings.TrimSpace(regexp.MustCompile(`[|>].*`).ReplaceAllString(line, ""))
			if !strings.HasPrefix(line, c.CommandPath()) {
				t.Errorf("%s: the example %q is of another command", c.CommandPath(), line)
			}
			checkLine(t, line)
		}
	})
}

// visit calls do with a command and those below it.
func visit(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		visit(sub, do)
	}
}

// checkLine parses a command line as joule does, without running it. A command alone stands for any use of it.
func checkLine(t *testing.T, line string) {
	t.Helper()
	words := regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line, -1)
	for i, word := range words {
		words[i] = strings.Trim(word, "'")
	}
	if len(words) == 0 || words[0] != "joule" {
		t.Errorf("%q is no joule command", line)
		return
	}
	c, rest, err := cmd.New().Find(words[1:])
	if len(rest) == 0 && err == nil {
		return
	}
	if err == nil {
		err = c.ParseFlags(rest)
	}
	if err == nil {
		err = c.ValidateArgs(c.Flags().Args())
	}
	takesArguments := strings.Contains(c.Use, " ")
	if err == nil && c.HasSubCommands() && !takesArguments && c.Flags().NArg() > 0 {
		err = errors.New("there is no such command")
	}
	if err != nil {
		t.Errorf("%q: %v", line, err)
	}
}
