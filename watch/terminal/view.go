package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"joule/watch"
)

// Show shows what look finds until q is pressed, and looks again after every interval. It takes the terminal over while it lasts.
// The end of the context, or a signal, ends it too.
func Show(ctx context.Context, in io.Reader, out io.Writer, look func() *watch.Snapshot, interval time.Duration) error {
	program := tea.NewProgram(newModel(look, interval), tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(out))
	_, err := program.Run()
	if errors.Is(err, tea.ErrInterrupted) {
		return context.Canceled
	}
	return err
}

// model is what is shown.
type model struct {
	tables
	look         func() *watch.Snapshot
	interval     time.Duration
	columns      int
	height       int
	snapshot     *watch.Snapshot // nil: nothing has been read yet
	runs         []row
	offset       int // of the first row that is shown
	order        Order
	failuresOnly bool
}

// row is a line of the table of runs: of a run, or of its problem.
type row struct {
	run   *watch.Run
	extra bool
}

// looked brings a snapshot, and due says that it is time for the next.
type (
	looked struct{ snapshot *watch.Snapshot }
	due    struct{}
)

func newModel(look func() *watch.Snapshot, interval time.Duration) *model {
	return &model{tables: tables{width: Narrowest, paint: colours}, look: look, interval: interval, columns: Narrowest, height: 24}
}

// Init implements [tea.Model].
func (m *model) Init() tea.Cmd { return m.next }

// next looks; it may take a while, so that it does not hold up keys.
func (m *model) next() tea.Msg { return looked{m.look()} }

// Update implements [tea.Model].
func (m *model) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.columns, m.height = max(message.Width, 1), max(message.Height, 4)
		m.width = max(m.columns, Narrowest) // what does not fit is cut off
	case looked:
		m.snapshot = message.snapshot
		m.arrange()
		return m, tea.Tick(m.interval, func(time.Time) tea.Msg { return due{} })
	case due:
		return m, m.next
	case tea.KeyPressMsg:
		return m, m.press(message.String())
	}
	m.scroll(0)
	return m, nil
}

// press does what a key says.
func (m *model) press(key string) tea.Cmd {
	page := max(m.room()-1, 1)
	switch key {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "down", "j":
		m.scroll(1)
	case "up", "k":
		m.scroll(-1)
	case "pgdown", "space", "ctrl+f":
		m.scroll(page)
	case "pgup", "ctrl+b":
		m.scroll(-page)
	case "home", "g":
		m.scroll(-len(m.runs))
	case "end", "G":
		m.scroll(len(m.runs))
	case "s":
		m.order = (m.order + 1) % orders
		m.arrange()
	case "f":
		m.failuresOnly = !m.failuresOnly
		m.offset = 0
		m.arrange()
	}
	return nil
}

// arrange sorts the runs anew.
func (m *model) arrange() {
	m.runs = m.runs[:0]
	if m.snapshot == nil {
		return
	}
	for _, r := range sorted(m.snapshot.Runs, m.order, m.failuresOnly) {
		m.runs = append(m.runs, row{run: r})
		if r.Problem != "" {
			m.runs = append(m.runs, row{r, true})
		}
	}
	m.scroll(0)
}

// scroll moves the table of runs by some lines, as far as there are any.
func (m *model) scroll(lines int) {
	m.offset = max(min(m.offset+lines, len(m.runs)-m.room()), 0)
}

// above are the lines over the rows of runs.
func (m *model) above() []string {
	lines := []string{m.title()}
	if len(m.snapshot.Suites) > 0 {
		lines = append(lines, "", m.suiteHead())
		var suites []string
		for _, s := range m.snapshot.Suites {
			suites = append(suites, m.suite(s)...)
		}
		if most := max(m.height/3, 2); len(suites) > most {
			suites = append(suites[:most-1], fmt.Sprintf("  … %d more lines; name one of the suites to see it alone", len(suites)-most+1))
		}
		lines = append(lines, suites...)
	}
	return append(lines, "", m.runHead())
}

// title says how many runs are in which state.
func (m *model) title() string {
	words := []string{"joule top"}
	for _, state := range []watch.State{watch.Running, watch.Done, watch.Stopped, watch.Diverged, watch.Failed, watch.Lost} {
		if n := m.snapshot.Count(state); n > 0 {
			words = append(words, m.paint(fmt.Sprintf("%d %s", n, state), state))
		}
	}
	if len(m.snapshot.Runs) == 0 {
		words = append(words, "no runs yet")
	}
	return strings.Join(append(words, m.snapshot.At.Format(time.TimeOnly)), " · ")
}

// below is the last line.
func (m *model) below() string {
	what := "all"
	if m.failuresOnly {
		what = "failures"
	}
	shown := min(m.offset+m.room(), len(m.runs))
	return fmt.Sprintf("q quit · ↑↓ scroll %d–%d/%d · s sort: %s · f show: %s", min(m.offset+1, shown), shown, len(m.runs), m.order, what)
}

// room is the number of rows of runs that fit.
func (m *model) room() int {
	if m.snapshot == nil {
		return 1
	}
	return max(m.height-len(m.above())-1, 1)
}

// View implements [tea.Model].
func (m *model) View() tea.View {
	view := tea.NewView(m.text())
	view.AltScreen = true
	return view
}

func (m *model) text() string {
	if m.snapshot == nil {
		return "joule top · reading"
	}
	lines := m.above()
	for _, row := range m.runs[m.offset:min(m.offset+m.room(), len(m.runs))] {
		lines = append(lines, m.line(row))
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, m.below())
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], m.columns, "…")
	}
	return strings.Join(lines, "\n")
}

func (m *model) line(r row) string {
	if r.extra {
		return m.problem(r.run.Problem)
	}
	return m.run(m.snapshot, r.run)[0]
}
