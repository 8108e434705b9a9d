package launch

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/launch"
	"joule/results"
	"joule/results/analysis"
)

// openLaunch opens the launch directory of an argument, and makes its schedulers.
func openLaunch(path string) (*launch.Dir, *schedulerSet, error) {
	d, err := launch.Open(path)
	if err != nil {
		return nil, nil, cli.Coded(cli.ExitUsage, err)
	}
	schedulers, err := options{}.schedulers(d)
	return d, schedulers, err
}

func newStatus() *cobra.Command {
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say how far the tasks of a launch are",
		Long: `status counts the tasks of a launch directory, and lists those that are not done: running and pending ones, with what the scheduler
says of them; missing ones, which nobody will do any more until joule launch hands them in again; and, of all, the runs that ended
otherwise than well.`,
		Example: `  joule launch status bench/quick
  joule launch status bench/quick --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, schedulers, err := openLaunch(args[0])
			if err != nil {
				return err
			}
			tasks, err := standings(cmd.Context(), d, schedulers.of)
			if err != nil {
				slog.Warn("the scheduler cannot be asked; what files tell is all there is", "error", cli.OneLine(err))
				if tasks, err = d.Standings(nil); err != nil {
					return err
				}
			}
			if asJSON {
				return writeStatusJSON(cmd.OutOrStdout(), d, tasks)
			}
			return writeStatus(cmd.OutOrStdout(), d, args[0], tasks, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list the tasks that are done, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// words are those of standings, in the order in which they are counted.
var words = []string{"done", "running", "pending", "missing", "new"}

func writeStatus(out io.Writer, d *launch.Dir, name string, tasks []*launch.Standing, all bool) error {
	counts, ended, runs, rows := map[string]int{}, map[results.Status]int{}, 0, 0
	for _, s := range tasks {
		counts[s.Word()]++
		runs += s.Runs
		for status, n := range s.Ended {
			ended[status] += n
			rows += n
		}
	}
	var parts []string
	for _, w := range words {
		if counts[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[w], w))
		}
	}
	fmt.Fprintf(out, "%s %s on %s: %s\n%s: %s\n", d.What, d.Name, d.On, name, analysis.Counted(len(tasks), "task"), strings.Join(parts, ", "))
	parts = nil
	for _, status := range results.Statuses {
		if ended[status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", ended[status], status))
		}
	}
	if rows > 0 {
		parts = []string{": " + strings.Join(parts, ", ")}
	}
	fmt.Fprintf(out, "%s, %d ended%s\n", analysis.Counted(runs, "run"), rows, strings.Join(parts, ""))
	listed := slices.DeleteFunc(slices.Clone(tasks), func(s *launch.Standing) bool { return s.IsDone() && !all && len(s.Reasons) == 0 })
	if len(listed) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\ntask\tstate\tjob\twhere\tattempts\truns\twhy")
	for _, s := range listed {
		n := 0
		for _, k := range s.Ended {
			n += k
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%d of %d\t%s\n", s.Task.Number, s.Word(), dash(s.State.Job), dash(s.State.Where), len(s.Attempts), n, s.Runs, cli.FirstOf(why(s), 200))
	}
	return table.Flush()
}

// why says what is to be known of a task that is not done, or of runs that are not completed.
func why(s *launch.Standing) string {
	var parts []string
	if s.State.Why != "" && !s.IsDone() {
		parts = append(parts, s.State.Why)
	}
	if n := len(s.Attempts); n > 0 && s.Word() != "running" && !s.IsDone() {
		switch last := s.Attempts[n-1]; {
		case last.Error != "":
			parts = append(parts, fmt.Sprintf("exit code %d: %s", last.Code, last.Error))
		case last.Ended.IsZero():
			parts = append(parts, "its last process was killed")
		}
	}
	return strings.Join(append(parts, s.Reasons...), "; ")
}

func dash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// taskStatus is a task in JSON.
type taskStatus struct {
	Task     int                    `json:"task"`
	State    string                 `json:"state"`
	Job      string                 `json:"job,omitempty"`
	Where    string                 `json:"where,omitempty"`
	Why      string                 `json:"why,omitempty"`
	Runs     int                    `json:"runs"`
	Ended    map[results.Status]int `json:"ended"`
	Attempts int                    `json:"attempts"`
	Began    time.Time              `json:"began,omitzero"` // the last attempt
}

func writeStatusJSON(out io.Writer, d *launch.Dir, tasks []*launch.Standing) error {
	list := []taskStatus{}
	for _, s := range tasks {
		t := taskStatus{Task: s.Task.Number, State: s.Word(), Job: s.State.Job, Where: s.State.Where, Why: why(s), Runs: s.Runs, Ended: s.Ended, Attempts: len(s.Attempts)}
		if n := len(s.Attempts); n > 0 {
			t.Began = s.Attempts[n-1].ID
		}
		list = append(list, t)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		What  string       `json:"what"`
		Name  string       `json:"name"`
		On    string       `json:"on"`
		Tasks []taskStatus `json:"tasks"`
	}{d.What, d.Name, d.On, list})
}
