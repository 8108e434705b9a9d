package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The commands in docs/troubleshooting.md fail as it says: with these messages and exit codes. Where the text has #, any number may be,
// and DIR stands for the folder that the command runs in.
func TestTroubleshooting(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "nan.csv", "a,b\n1,2\n3,nan\n5,6\n")
	put(t, dir, "plugin.so", "text")
	text := read(t, "../../docs/troubleshooting.md")
	shown := regexp.MustCompile("(?s)```text\n\\$ (joule [^\n]*)\n(joule: [^\n]*)\nexit (\\d+)\n```").FindAllStringSubmatch(text, -1)
	if all := strings.Count(text, "```text\n"); all != len(shown) || all < 8 {
		t.Errorf("%d of %d blocks of text are a command, its message and its exit code", len(shown), all)
	}
	for _, m := range shown {
		line, message := m[1], strings.ReplaceAll(m[2], "DIR", dir)
		// The plugin that these examples lack is not there in the home of the tests.
		sh := exec.Command("sh", "-c", strings.Replace(line, "joule", "exec \"$0\"", 1), binary)
		sh.Dir, sh.Env = dir, command(dir).Env
		o := finish(t, sh)
		if want, err := strconv.Atoi(m[3]); err != nil || o.code != want {
			t.Errorf("%s exits with %d, not %s", line, o.code, m[3])
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(message), "#", `[0-9.e+-]+`)
		if !regexp.MustCompile(`(?m)^` + pattern + `$`).MatchString(o.stderr) {
			t.Errorf("%s says\n%swant\n%s", line, o.stderr, message)
		}
	}
}
