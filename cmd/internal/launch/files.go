package launch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/launch"
	"joule/results/analysis"
)

func newLogs() *cobra.Command {
	lines := 0
	cmd := &cobra.Command{
		Use:   "logs DIR [TASK]...",
		Short: "Print what tasks of a launch have written",
		Long: `logs prints the logs of tasks, given by their numbers or ranges of these. Without, it prints the last lines of those that are not
done.`,
		Example: `  joule launch logs bench/quick
  joule launch logs bench/quick 3 5-7 --lines 40`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := launch.Open(args[0])
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			if lines < 0 {
				return cli.Coded(cli.ExitUsage, fmt.Errorf("--lines %d: want 0 or more", lines))
			}
			wanted, err := launch.ParseNumbers(strings.Join(args[1:], ","))
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			if len(args) == 1 {
				all, err := d.Standings(nil)
				if err != nil {
					return err
				}
				for _, s := range all {
					if !s.IsDone() {
						wanted = append(wanted, s.Task.Number)
					}
				}
				if !cmd.Flags().Changed("lines") {
					lines = 10
				}
			}
			for _, number := range wanted {
				if _, err := d.Task(number); err != nil {
					return cli.Coded(cli.ExitUsage, err)
				}
				if err := printLog(cmd.OutOrStdout(), d.LogFile(number), lines, len(wanted) > 1); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&lines, "lines", 0, "the last lines of each; 0: all (default: 10 where no task is named)")
	return cmd
}

// mostOfLog is how much of a log is read where only its last lines are wanted, in bytes.
const mostOfLog = 1 << 20

// printLog prints a log, or its last lines, with its name above where there are several.
func printLog(out io.Writer, path string, lines int, named bool) error {
	if named {
		if _, err := fmt.Fprintf(out, "==> %s\n", path); err != nil {
			return err
		}
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has not begun
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if lines == 0 {
		_, err = io.Copy(out, file)
		return err
	}
	if info, err := file.Stat(); err == nil && info.Size() > mostOfLog {
		if _, err := file.Seek(-mostOfLog, io.SeekEnd); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(io.LimitReader(file, 2*mostOfLog))
	if err != nil {
		return err
	}
	last := strings.SplitAfter(string(text), "\n")
	if n := len(last); last[n-1] == "" {
		last = last[:n-1]
	}
	_, err = io.WriteString(out, strings.Join(last[max(len(last)-lines, 0):], ""))
	return err
}

func newCancel() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel DIR",
		Short: "End what runs and waits of a launch",
		Long: `cancel takes back the tasks of a launch that wait, and ends those that run, which save before. What was done stays; joule launch goes
on with it.`,
		Example: "  joule launch cancel bench/quick",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, schedulers, err := openLaunch(args[0])
			if err != nil {
				return err
			}
			all, err := standings(cmd.Context(), d, schedulers.of)
			if err != nil {
				return err
			}
			by := map[string][]*launch.Job{}
			for _, j := range d.Jobs {
				for _, task := range j.Tasks {
					if task < len(all) && all[task].IsExpected() {
						by[j.On] = append(by[j.On], j)
						break
					}
				}
			}
			count := 0
			for name, jobs := range by {
				scheduler, err := schedulers.of(name)
				if err == nil {
					err = scheduler.Cancel(cmd.Context(), d, jobs)
				}
				if err != nil {
					return err
				}
				count += len(jobs)
			}
			expected := 0
			for _, s := range all {
				if s.IsExpected() {
					expected++
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "cancelled %s of %s\n", analysis.Counted(expected, "task"), analysis.Counted(count, "job"))
			return err
		},
	}
}

func newCollect() *cobra.Command {
	return &cobra.Command{
		Use:   "collect DIR",
		Short: "Make tables of the rows that the tasks of a launch have left",
		Long: `collect adds the rows of all tasks that have ended some run to the journal of the suite, and writes results.csv and
results.parquet, as joule bench does: joule bench table, compare and rank and joule report read them, and joule bench takes these
runs as done. It can be done at any time, and again.

The path of the directory is printed on standard output; of a config, that of its run directory.`,
		Example: "  joule launch collect bench/quick",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := launch.Open(args[0])
			if err != nil {
				return cli.Coded(cli.ExitUsage, err)
			}
			if d.What == launch.OfConfig {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(args[0], launch.RunFolder))
				return err
			}
			added, err := collect(d)
			if err != nil {
				return err
			}
			if err := sayCollected(cmd, d, added); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), args[0])
			return err
		},
	}
}

// sayCollected says on standard error how many of the runs of a suite there are.
func sayCollected(cmd *cobra.Command, d *launch.Dir, added int) error {
	keys, journal, err := resultsOf(d)
	if err != nil {
		return err
	}
	defer journal.Close()
	there := 0
	for _, key := range keys {
		if _, ok := journal.Status(key); ok {
			there++
		}
	}
	if !cli.IsQuiet(cmd) {
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d runs have a row, %d of them new\n", there, len(keys), added)
	}
	return err
}
