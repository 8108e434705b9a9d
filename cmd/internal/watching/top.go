// Package watching is joule top and joule tensorboard, which look at runs and suites from outside.
package watching

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"joule/cmd/internal/cli"
	"joule/watch"
	"joule/watch/terminal"
)

// topOptions are the flags of joule top.
type topOptions struct {
	interval   time.Duration
	once, json bool
}

// NewTop is the command top.
func NewTop() *cobra.Command {
	var o topOptions
	cmd := &cobra.Command{
		Use:   "top [DIR]...",
		Short: "Show how runs and suites are getting on",
		Long: `top shows the runs and suites in directories, and in those below them: which are running, how far they are, their losses and
speed, what is left, and what failed. Without DIR it looks into runs and bench.

In a terminal it goes on until q is pressed: arrows, j and k scroll, s sorts by state, name, loss or progress, f shows failures
alone. Where the output is no terminal, or with --once, it prints a table and ends; --json prints the same as a JSON document.

It reads the ends of files, writes nothing, and takes no lock: a run does not notice it.`,
		Example: `  joule top
  joule top bench/quick --interval 10s
  joule top runs --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args) },
	}
	cmd.Flags().DurationVar(&o.interval, "interval", 2*time.Second, "time between two looks")
	cmd.Flags().BoolVar(&o.once, "once", false, "print a table and end")
	cmd.Flags().BoolVar(&o.json, "json", false, "print a JSON document and end")
	return cmd
}

// run is the command.
func (o topOptions) run(cmd *cobra.Command, dirs []string) error {
	if o.interval < 100*time.Millisecond {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--interval %s: want 100ms or more", o.interval))
	}
	if len(dirs) == 0 {
		for _, usual := range []string{"runs", "bench"} {
			if info, err := os.Stat(usual); err == nil && info.IsDir() {
				dirs = append(dirs, usual)
			}
		}
		if len(dirs) == 0 {
			return cli.Coded(cli.ExitUsage, errors.New("there is neither runs nor bench in this directory; name directories of runs or suites: joule top DIR"))
		}
	}
	if err := watch.CheckPaths(dirs); err != nil {
		return cli.Coded(cli.ExitUsage, err)
	}
	watcher, out := watch.New(dirs...), cmd.OutOrStdout()
	columns, isTerminal := terminalOf(out)
	switch {
	case o.json:
		return writeSnapshot(out, watcher.Look())
	case o.once || !isTerminal:
		snapshot := watcher.Look()
		if len(snapshot.Runs)+len(snapshot.Suites) == 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "no runs in %s\n", strings.Join(dirs, ", "))
		}
		return terminal.Write(out, snapshot, columns)
	}
	return terminal.Show(cmd.Context(), os.Stdin, out, watcher.Look, o.interval)
}

// terminalOf says whether an output is a terminal, and how many columns it has.
func terminalOf(out io.Writer) (columns int, isTerminal bool) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return terminal.Narrowest, false
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		columns = terminal.Narrowest
	}
	return columns, true
}

// writeSnapshot writes a snapshot as a JSON document.
func writeSnapshot(out io.Writer, s *watch.Snapshot) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Format int `json:"format"`
		*watch.Snapshot
	}{1, s})
}
