package launch

import (
	"fmt"
	"strings"
)

// script is what sbatch is given for a job, whose indices have so many digits.
func (s *Slurm) script(d *Dir, j *Job, digits, atOnce int) string {
	p := s.profile
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	option := func(name, value string) {
		if value != "" {
			line("#SBATCH --%s=%s", name, value)
		}
	}
	number := func(name string, n int) {
		if n > 0 {
			line("#SBATCH --%s=%d", name, n)
		}
	}
	line("#!/bin/bash")
	line("# Tasks %s of %s, as joule launch has handed them in.", j.Tasks, d.Path)
	option("job-name", j.Name)
	line("#SBATCH --array=%s", indices(j, atOnce))
	line(`#SBATCH --output="%s"`, logPattern(d, j.Offset, digits))
	line("#SBATCH --open-mode=append")
	line("#SBATCH --requeue")
	line("#SBATCH --signal=B:USR1@%d", p.Warning)
	line("#SBATCH --nodes=1")
	line("#SBATCH --ntasks=1")
	option("partition", p.Slurm.Partition)
	option("account", p.Slurm.Account)
	option("qos", p.Slurm.QOS)
	option("time", p.Time)
	option("mem", p.Memory)
	number("cpus-per-task", p.CPUs)
	option("gres", p.gres())
	option("constraint", p.Slurm.Constraint)
	for _, o := range p.Slurm.Options {
		line("#SBATCH %s", o)
	}
	line("")
	line("task=$((%d + SLURM_ARRAY_TASK_ID))", j.Offset)
	line(`echo "task $task: job ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID on ${SLURMD_NODENAME:-$HOSTNAME}, requeued ${SLURM_RESTART_COUNT:-0} times"`)
	b.WriteString(strings.ReplaceAll(traps, "REQUEUE", fmt.Sprint(ExitRequeue)))
	if p.CPUs > 0 {
		line("export GOMAXPROCS=%d", p.CPUs)
	}
	for _, v := range p.Variables() {
		line("export %s=%s", v[0], Quote(v[1]))
	}
	for _, setup := range p.Setup {
		line("%s", setup)
	}
	command := d.Command(s.program, 0)
	for i, word := range command {
		command[i] = Quote(word)
	}
	command[len(command)-1] = `"$task"`
	b.WriteString(strings.NewReplacer("COMMAND", strings.Join(command, " "), "GRACE", fmt.Sprintf("%ds", max(p.Warning-15, 5)), "REQUEUE", fmt.Sprint(ExitRequeue)).Replace(body))
	return b.String()
}

// traps are what a script does about signals, and body what follows the site's own lines. A signal to the shell ends its waiting, at
// times that of the next time, too; so it waits for as long as there is a joule, and for the exit code afterwards.
const (
	traps = `
# Before the time is over Slurm sends SIGUSR1: then joule saves, exits with REQUEUE, and the job is requeued. SIGTERM comes with scancel,
# and with preemption and scontrol requeue, after which Slurm starts the job again by itself.
joule=
signalled=
terminated=
trap 'signalled=USR1; kill -USR1 $joule 2>/dev/null' USR1
trap 'signalled=TERM; terminated=1; kill -TERM $joule 2>/dev/null' TERM

`
	body = `
code=REQUEUE
if [ ! "$signalled" ]; then
	COMMAND --grace GRACE &
	joule=$!
	[ ! "$signalled" ] || kill "-$signalled" "$joule" # one that came before there was a joule to hand it to
	while kill -0 "$joule" 2>/dev/null; do wait "$joule"; done
	wait "$joule"
	code=$?
fi
if [ "$code" = REQUEUE ] || [ "$code" = 138 ] && [ ! "$terminated" ]; then # 138: SIGUSR1 came before joule could heed it
	scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" || echo "the job cannot be requeued; joule launch hands its task in again"
fi
exit "$code"
`
)

// gres are the generic resources of a task.
func (p *Profile) gres() string {
	switch {
	case p.GPUs == 0:
		return p.Slurm.Gres
	case p.Slurm.Gres == "":
		return fmt.Sprintf("gpu:%d", p.GPUs)
	}
	return fmt.Sprintf("gpu:%d,%s", p.GPUs, p.Slurm.Gres)
}

// indices are those of a job's array, and how many run at a time.
func indices(j *Job, atOnce int) string {
	own := make(Numbers, len(j.Tasks))
	for i, task := range j.Tasks {
		own[i] = task - j.Offset
	}
	if atOnce > 0 {
		return fmt.Sprintf("%s%%%d", own, atOnce)
	}
	return own.String()
}

// logPattern is the log file of the tasks of an array in Slurm's notation: the digits of an index end the name of a task's folder.
func logPattern(d *Dir, offset, digits int) string {
	pattern := strings.ReplaceAll(d.LogFile(offset), "%", "%%")
	whole := fmt.Sprintf("%0*d", Digits, offset)
	at := strings.LastIndex(pattern, whole)
	if digits == 0 {
		return pattern
	}
	return pattern[:at+Digits-digits] + fmt.Sprintf("%%%da", digits) + pattern[at+Digits:]
}
