package launch

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

// States asks squeue, which knows of what waits and runs and for some minutes of what has ended, and sacct of the rest, where there
// is one.
func (s *Slurm) States(ctx context.Context, _ *Dir, jobs []*Job) (map[int]State, error) {
	if err := reach(ctx); err != nil {
		return nil, err
	}
	states := map[int]State{}
	by := map[string]*Job{}
	var ids []string
	for _, j := range jobs {
		if j.ID == "" {
			if err := find(ctx, j); err != nil {
				return nil, err
			}
		}
		if j.ID == "" { // it was never handed in
			continue
		}
		by[j.ID] = j
		ids = append(ids, j.ID)
		for _, task := range j.Tasks {
			states[task] = State{Phase: Over, Job: j.ID}
		}
	}
	if len(ids) == 0 {
		return states, nil
	}
	known := map[int]bool{}
	note := func(id, index string, state State) {
		j := by[id]
		n, err := strconv.Atoi(index)
		if j == nil || err != nil {
			return
		}
		task := n + j.Offset
		if before, isKnown := states[task]; isKnown && before.Phase.IsExpected() && !state.Phase.IsExpected() {
			return // a job before has ended, and one since has not
		}
		state.Job = id + "_" + index
		states[task], known[task] = state, true
	}
	out, err := ask(ctx, "squeue", "--noheader", "--array", "--states=all", "--format=%F|%K|%T|%r|%N", "--jobs="+strings.Join(ids, ","))
	if e, ok := errors.AsType[*slurmError](err); ok && e.forgotten() {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(out) {
		if f := strings.Split(strings.TrimSpace(line), "|"); len(f) == 5 {
			note(f[0], f[1], stateOf(f[2], f[3], f[4]))
		}
	}
	for task := range states {
		if known[task] {
			continue
		}
		note = onlyUnknown(note, known, by)
		account(ctx, ids, note)
		break
	}
	return states, nil
}

// onlyUnknown passes on what is said of tasks that nothing is known of.
func onlyUnknown(note func(id, index string, state State), known map[int]bool, by map[string]*Job) func(id, index string, state State) {
	return func(id, index string, state State) {
		if n, err := strconv.Atoi(index); err == nil && by[id] != nil && !known[n+by[id].Offset] {
			note(id, index, state)
		}
	}
}

// find looks for a job that may have been handed in by a program that was killed before it could note that.
func find(ctx context.Context, j *Job) error {
	out, err := ask(ctx, "squeue", "--noheader", "--states=all", "--format=%F", "--name="+j.Name)
	if fields := strings.Fields(out); len(fields) > 0 {
		j.ID = fields[0]
	}
	return err
}

// account asks sacct how jobs have ended. Many sites keep no accounts, which is no error: the files of tasks tell enough.
func account(ctx context.Context, ids []string, note func(id, index string, state State)) {
	if _, err := exec.LookPath("sacct"); err != nil {
		return
	}
	out, err := ask(ctx, "sacct", "--noheader", "--parsable2", "--allocations", "--array", "--format=JobID,State,ExitCode,NodeList", "--jobs="+strings.Join(ids, ","))
	if err != nil {
		return
	}
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) != 4 {
			continue
		}
		id, index, _ := strings.Cut(f[0], "_")
		word, _, _ := strings.Cut(f[1], " ") // as in CANCELLED by 1000
		state := stateOf(word, "", f[3])
		if state.Phase == Over && word == "FAILED" {
			state.Why = strings.ToLower(word) + ", exit code " + f[2]
		}
		note(id, index, state)
	}
}

// stateOf translates a state of Slurm's, with the reason that it gives and the machines.
func stateOf(word, reason, nodes string) State {
	s := State{Where: nodes}
	if nodes == "None assigned" {
		s.Where = ""
	}
	switch word {
	case "PENDING", "SUSPENDED", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT":
		s.Phase = Pending
	case "RUNNING", "COMPLETING", "STAGE_OUT", "SIGNALING", "STOPPED", "RESIZING":
		s.Phase = Running
	default:
		s.Phase = Over
	}
	if s.Phase != Running && reason != "" && reason != "None" {
		s.Why = reason
	}
	if word != "PENDING" && word != "RUNNING" && word != "COMPLETED" {
		s.Why = strings.TrimSuffix(strings.ToLower(word)+", "+s.Why, ", ")
	}
	return s
}
