package terminal

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"joule/watch"
)

func number(x float64) *watch.Number {
	n := watch.Number(x)
	return &n
}

// snapshot has a suite and a run of each state.
func snapshot() *watch.Snapshot {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.Local)
	return &watch.Snapshot{
		At: at,
		Suites: []*watch.Suite{{Name: "bench/quick", IsRunning: true, Planned: 24, Running: 2, Tasks: 1, PerHour: 1234.5, Left: 4000,
			Status: map[string]int{"completed": 10, "diverged": 1, "failed": 2, "crashed": 3, "timed_out": 1}}},
		Runs: []*watch.Run{
			{Name: "runs/going", State: watch.Running, Step: 12500, Steps: 20000, Loss: number(-1.23456e-5), Trend: watch.Falling, StepsPerSecond: 9832.7, Left: 75,
				Checkpoint: at.Add(-42 * time.Second), Incidents: map[string]int{"skip": 2, "rollback": 1}, Backend: "xla:cuda"},
			{Name: "runs/a-very-long-name-of-a-run/seed-0", State: watch.Done, Step: 100, Steps: 100, Loss: number(2), Backend: "go"},
			{Name: "runs/bad", State: watch.Diverged, Step: 7, Steps: 100, Loss: number(math.NaN()), Problem: "the loss is NaN\n\x1b[31mand red\x1b[0m" + strings.Repeat(" and so on", 20)},
			{Name: "runs/stopped", State: watch.Stopped, Step: 7},
			{Name: "runs/lost", State: watch.Lost, Step: 50, Steps: 100, Loss: number(1)},
		},
	}
}

// The tables have what there is to know, within eighty columns and without colours.
func TestWrite(t *testing.T) {
	var out bytes.Buffer
	if err := Write(&out, snapshot(), 40); err != nil {
		t.Fatal(err)
	}
	want := `SUITE           STATE    DONE   ENDED FAILED CRASHED RUNNING   LEFT RUNS/H TO GO
bench/quick     running  ███░░     10      3       4       2      5  1.23k 1h06m

RUN             STATE    DONE         STEP      LOSS   RATE  LEFT SAVED INC ON
runs/going      running  ███░░   12.5k/20k -1.23e-05↘ 9.83k    1m   42s   3 cuda
runs/bad        diverged ░░░░░       7/100       NaN      –     –     –   – 
  └ the loss is NaN  [31mand red [0m and so on and so on and so on and so on an…
runs/lost       lost     ██░░░      50/100         1      –     –     –   – 
runs/stopped    stopped  ░░░░░           7         –      –     –     –   – 
…f-a-run/seed-0 done     █████     100/100         2      –     –     –   – go
`
	lines := strings.Split(want, "\n")
	for i, got := range strings.Split(out.String(), "\n") {
		if i >= len(lines) || got != strings.TrimRight(lines[i], " ") {
			t.Errorf("line %d is\n%q", i+1, got)
		}
		if n := ansi.StringWidth(got); n > Narrowest {
			t.Errorf("line %d has %d columns", i+1, n)
		}
	}
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Error("there is an escape sequence")
	}
	var wide bytes.Buffer
	if err := Write(&wide, snapshot(), 120); err != nil || !strings.Contains(wide.String(), "runs/a-very-long-name-of-a-run/seed-0 ") {
		t.Errorf("%v\n%s", err, &wide)
	}
}

// press sends keys to a model.
func press(t *testing.T, m *model, keys ...string) {
	t.Helper()
	for _, key := range keys {
		code := tea.KeyPressMsg{Text: key, Code: []rune(key)[0]}
		switch key {
		case "down":
			code = tea.KeyPressMsg{Code: tea.KeyDown}
		case "up":
			code = tea.KeyPressMsg{Code: tea.KeyUp}
		case "ctrl+c":
			code = tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
		}
		if code.String() != key {
			t.Fatalf("%q is the key %q", key, code.String())
		}
		_, command := m.Update(code)
		if isEnd := command != nil && command() == (tea.QuitMsg{}); isEnd != slices.Contains([]string{"q", "ctrl+c"}, key) {
			t.Errorf("key %q ends: %v", key, isEnd)
		}
	}
}

// shown are the names of the runs on the screen, in their order, and the last line.
func shown(t *testing.T, m *model) (names []string, below string) {
	t.Helper()
	lines := strings.Split(ansi.Strip(m.View().Content), "\n")
	if len(lines) != m.height {
		t.Errorf("%d lines on a screen of %d:\n%s", len(lines), m.height, strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if n := ansi.StringWidth(line); n > m.columns {
			t.Errorf("%d columns on a screen of %d: %q", n, m.columns, line)
		}
		if strings.HasPrefix(line, "runs/") || strings.HasPrefix(line, "…") {
			names = append(names, strings.Fields(line)[0])
		}
	}
	return names, lines[len(lines)-1]
}

// Keys scroll, sort and choose.
func TestView(t *testing.T) {
	looks := 0
	m := newModel(func() *watch.Snapshot { looks++; return snapshot() }, time.Hour)
	if text := m.View().Content; text != "joule top · reading" || !m.View().AltScreen {
		t.Errorf("at first there is %q", text)
	}
	press(t, m, "down", "s", "f", "f", "s", "s", "s") // before there is anything
	m.Update(m.Init()())
	if looks != 1 {
		t.Errorf("%d looks", looks)
	}
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 20})
	names, below := shown(t, m)
	if want := "runs/going runs/bad runs/lost runs/stopped …f-a-run/seed-0"; strings.Join(names, " ") != want || below != "q quit · ↑↓ scroll 1–6/6 · s sort: state · f show: all" {
		t.Errorf("%v, %q", names, below)
	}
	if title := strings.Split(ansi.Strip(m.View().Content), "\n")[0]; title != "joule top · 1 running · 1 done · 1 stopped · 1 diverged · 1 lost · 05:06:07" {
		t.Errorf("title %q", title)
	}
	press(t, m, "f")
	if names, below := shown(t, m); strings.Join(names, " ") != "runs/bad runs/lost" || !strings.HasSuffix(below, "show: failures") {
		t.Errorf("failures are %v, %q", names, below)
	}
	press(t, m, "f", "s", "s")
	if names, below := shown(t, m); names[0] != "runs/going" || names[1] != "runs/lost" || !strings.Contains(below, "sort: loss") {
		t.Errorf("by loss they are %v, %q", names, below)
	}
	press(t, m, "s")
	if names, _ := shown(t, m); names[0] != "…f-a-run/seed-0" || names[1] != "runs/going" {
		t.Errorf("by progress they are %v", names)
	}
	press(t, m, "s")
	m.Update(tea.WindowSizeMsg{Width: 60, Height: 10}) // room for three rows
	press(t, m, "down", "j", "up", "j", "j", "j", "j", "j")
	if _, below := shown(t, m); !strings.Contains(below, "scroll 4–6/6") {
		t.Errorf("at the end there is %q", below)
	}
	press(t, m, "k", "k", "up", "up")
	if names, _ := shown(t, m); names[0] != "runs/going" {
		t.Errorf("at the start there is %v", names)
	}
	if _, next := m.Update(due{}); next == nil {
		t.Error("nothing is looked at when it is time")
	}
	press(t, m, "q", "ctrl+c")
}

// Whatever the size, the screen is not left; and suites leave room for runs.
func TestSizes(t *testing.T) {
	s := snapshot()
	for range 40 {
		s.Suites = append(s.Suites, s.Suites[0])
	}
	m := newModel(func() *watch.Snapshot { return s }, time.Hour)
	m.Update(looked{s})
	for height := 12; height < 60; height++ {
		m.Update(tea.WindowSizeMsg{Width: 20 + 3*height, Height: height})
		shown(t, m)
	}
	empty := newModel(func() *watch.Snapshot { return &watch.Snapshot{} }, time.Hour)
	empty.Update(looked{&watch.Snapshot{}})
	if text := empty.View().Content; !strings.Contains(text, "no runs yet") {
		t.Errorf("of nothing it shows\n%s", text)
	}
}

// The program ends with its context and with q.
func TestShow(t *testing.T) {
	in, keys := io.Pipe()
	looked := make(chan bool, 100)
	done := make(chan error)
	go func() {
		done <- Show(t.Context(), in, io.Discard, func() *watch.Snapshot { looked <- true; return snapshot() }, time.Millisecond)
	}()
	for range 3 {
		<-looked
	}
	fmt.Fprint(keys, "q")
	for {
		select {
		case <-looked:
			continue
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}
