package launch

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"joule/launch"
	"joule/results/analysis"
)

// show prints what would be handed in.
func (o options) show(cmd *cobra.Command, d *launch.Dir, what *launched, schedulers *schedulerSet, scheduler launch.Scheduler) error {
	work, err := o.plan(cmd.Context(), d, what, schedulers)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	done, expected := 0, 0
	for _, s := range work.standing {
		if s.IsDone() {
			done++
		} else if s.IsExpected() {
			expected++
		}
	}
	d.What, d.Name = what.kind, what.name
	fmt.Fprintf(out, "# %s %s on %s: %s to hand in, %d done, %d pending or running\n", what.kind, what.name, schedulers.name, analysis.Counted(len(work.tasks), "task"), done, expected)
	for _, t := range work.fresh {
		var runs []string
		for _, r := range t.Runs {
			runs = append(runs, r.String())
		}
		fmt.Fprintf(out, "# task %d: %s\n", t.Number, strings.Join(runs, ", "))
	}
	if len(work.tasks) == 0 {
		return nil
	}
	jobs, err := scheduler.Divide(cmd.Context(), d, work.tasks)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if _, err := fmt.Fprintf(out, "\n# %s\n%s", d.JobFolder(j)+"/"+j.Script, j.Text); err != nil {
			return err
		}
	}
	return nil
}
