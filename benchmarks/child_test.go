package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestParseAnswer(t *testing.T) {
	if made, seconds, err := parseAnswer("100 0.25", 60); made != 100 || seconds != 0.25 || err != nil {
		t.Errorf("%d, %g, %v", made, seconds, err)
	}
	for _, c := range []struct {
		line string
		want string
	}{
		{"error ValueError: no such row", "ValueError: no such row"},
		{"", `answer "" to 60 steps: want STEPS SECONDS or error TEXT`},
		{"100", `answer "100" to 60 steps: want STEPS SECONDS or error TEXT`},
		{"59 0.25", `answer "59 0.25" to 60 steps: want STEPS SECONDS or error TEXT`},
		{"60 0", `answer "60 0" to 60 steps: want STEPS SECONDS or error TEXT`},
		{"60 NaN", `answer "60 NaN" to 60 steps: want STEPS SECONDS or error TEXT`},
		{"warning 60 0.25", `answer "warning 60 0.25" to 60 steps: want STEPS SECONDS or error TEXT`},
	} {
		if _, _, err := parseAnswer(c.line, 60); err == nil || err.Error() != c.want {
			t.Errorf("parseAnswer(%q): %v, want %s", c.line, err, c.want)
		}
	}
}

func shell(t *testing.T, script string, env ...string) (*child, error) {
	c, err := start([]string{"sh", "-c", script}, env, io.Discard, time.Minute)
	if err == nil {
		t.Cleanup(c.stop)
	}
	return c, err
}

func TestChild(t *testing.T) {
	c, err := shell(t, `echo "ready sides $N"; while read size method steps; do echo "$steps 0.5"; done`, "N=3")
	if err != nil {
		t.Fatal(err)
	}
	if c.versions != "sides 3" {
		t.Errorf("versions %q", c.versions)
	}
	if made, seconds, err := c.run(row{"S", "dsm"}, 7, time.Minute); made != 7 || seconds != 0.5 || err != nil {
		t.Errorf("%d, %g, %v", made, seconds, err)
	}
}

// A row that fails leaves the child alive; a child that ends does not hang the run, and stays dead.
func TestChildFails(t *testing.T) {
	c, err := shell(t, `echo "ready x"; read a; echo "error no row"; read a; echo "1 1"; read a; exit 1`)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() error {
		_, _, err := c.run(row{"S", "dsm"}, 1, time.Minute)
		return err
	}
	if err := ask(); err == nil || err.Error() != "no row" {
		t.Errorf("first: %v", err)
	}
	if err := ask(); err != nil {
		t.Errorf("second: %v", err)
	}
	for range 2 {
		if err := ask(); err == nil || err.Error() != "ended without an answer" {
			t.Errorf("after its end: %v", err)
		}
	}
}

func TestChildDoesNotStart(t *testing.T) {
	_, err := shell(t, `echo "Traceback" >&2; echo "ModuleNotFoundError: No module named 'jax'" >&2; exit 1`)
	if err == nil || !strings.HasSuffix(err.Error(), ": ModuleNotFoundError: No module named 'jax'") {
		t.Errorf("%v", err)
	}
	if _, err := shell(t, `echo hello; exec sleep 60`); err == nil || err.Error() != `its first line is "hello": want "ready VERSIONS"` {
		t.Errorf("%v", err)
	}
	if _, err := start([]string{"/no/such/program"}, nil, io.Discard, time.Minute); err == nil {
		t.Error("a program that does not exist started")
	}
}
