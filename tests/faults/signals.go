package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// signalled are the signals, the exit codes of runs that were stopped by them and saved, and what ends one that cannot be
// saved.
var signalled = []struct {
	name   string
	signal syscall.Signal
	code   int
	next   []syscall.Signal // that end the run at once, if it is still there
}{
	{"SIGTERM", syscall.SIGTERM, 130, []syscall.Signal{syscall.SIGTERM}},
	{"SIGINT", syscall.SIGINT, 130, []syscall.Signal{syscall.SIGTERM}},
	{"SIGHUP", syscall.SIGHUP, 130, []syscall.Signal{syscall.SIGHUP}},
	{"SIGUSR1", syscall.SIGUSR1, 75, []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM}},
	{"SIGUSR2", syscall.SIGUSR2, 75, []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}},
}

// signalledRuns is how many runs are stopped by each signal.
const signalledRuns = 5

// signals stops runs by signals at random moments.
func signals(l *lab) []row {
	var rows []row
	stopped := []setup{setups[0], setups[6], setups[3]}
	if l.thin > 10 {
		stopped = stopped[:2]
	}
	for _, s := range stopped {
		rows = append(rows, l.forBackends(func(backend string) row { return l.signalRuns(s, backend) })...)
	}
	return append(rows, l.secondSignals(), l.requeues())
}

func (l *lab) signalRuns(s setup, backend string) row {
	t := counting("stopped and saved", "nothing to save yet", "resumptions", "files compared")
	want := l.reference(s, backend)
	if want.failure != "" {
		t.violate("%s", want.failure)
	}
	var mutex sync.Mutex
	var longest time.Duration
	l.parallel(max(len(signalled), l.times(len(signalled)*signalledRuns)), func(i int) {
		t.begin()
		kind, random, dir := signalled[i%len(signalled)], l.random("signals"+s.name+backend, i), l.folder()
		defer discard(dir)
		for stops := 0; ; {
			p := l.start(nil, s.train(backend, dir)...)
			sent := time.Time{}
			if stops < 3 && l.moment(p, random, dir, want) {
				sent = time.Now()
				p.signal(kind.signal)
			}
			o := p.wait()
			took := time.Since(sent)
			switch {
			case !sent.IsZero() && (o.signal == kind.signal || o.code == kind.code && strings.Contains(o.stderr, "before the first step")):
				t.add("nothing to save yet", 1)
				stops++
			case !sent.IsZero() && o.code == kind.code && strings.Contains(o.stderr, "stopped by "+kind.name):
				t.add("stopped and saved", 1)
				stops++
				mutex.Lock()
				longest = max(longest, took)
				mutex.Unlock()
			case o.code == 0:
				t.same(s.name, want.dir, dir)
				return
			default:
				t.violate("%s: %s", kind.name, o)
				return
			}
			t.add("resumptions", 1)
		}
	})
	t.note("longest time from signal to exit %.2f s", longest.Seconds())
	return t.row("stopped by SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2: "+s.name, backend)
}

// slowSaves makes each checkpoint after the first take longer than anyone waits.
var slowSaves = fault("make:3+:20s")

// endless is a run that does not come to its end.
var endless = setup{config: "two-gaussians/mle", steps: 1_000_000_000, sets: append(shortMLE, "train.checkpoint_every=2000")}

// begun starts a run and waits until it has saved a checkpoint.
func (l *lab) begun(t *tally, env []string, s setup, dir string) *process {
	p := l.start(env, s.train("go", dir)...)
	if !p.until(func() bool { n, _ := loadAll(dir); return n > 0 }) {
		t.violate("no checkpoint comes: %s", &p.stderr)
	}
	return p
}

// goesOn resumes a run that was ended somehow, waits until it trains, and stops it.
func (l *lab) goesOn(t *tally, counted string, s setup, dir string) {
	before := stamp(dir)
	p := l.start(nil, s.train("go", dir)...)
	if !p.until(func() bool { return stamp(dir) != before }) {
		t.violate("it does not go on: %s", &p.stderr)
	}
	p.signal(syscall.SIGTERM)
	if o := p.wait(); o.code != 130 {
		t.violate("it went on: %s", o)
		return
	}
	t.add(counted, 1)
}

// secondSignals stops runs while they cannot save: a second signal ends them at once, and so does the time for saving.
func (l *lab) secondSignals() row {
	t := counting("ended by the second", "ended by --grace", "resumptions", "good checkpoints left")
	l.parallel(2*len(signalled), func(i int) {
		t.begin()
		kind, dir, s := signalled[i%len(signalled)], l.folder(), endless
		defer discard(dir)
		second := i < len(signalled)
		args := s.train("go", dir)
		if !second {
			args = append(args, "--grace", "300ms")
		}
		p := l.start(slowSaves, args...)
		if !p.until(func() bool { n, _ := loadAll(dir); return n > 0 }) {
			t.violate("no checkpoint comes")
		}
		p.signal(kind.signal)
		counted := "ended by --grace"
		if second {
			// A signal that comes again within a second is the same one, and one that only warns is not the first.
			for _, next := range kind.next {
				if p.endsWithin(1200 * time.Millisecond) {
					t.violate("%s: it ends although it cannot save", kind.name)
				}
				p.signal(next)
			}
			counted = "ended by the second"
		}
		if !p.endsWithin(5 * time.Second) {
			t.violate("%s: does not end", kind.name)
		}
		if o := p.wait(); o.code != 5 || o.hasStack() {
			t.violate("%s: %s; want exit code 5", kind.name, o)
		} else {
			t.add(counted, 1)
		}
		n, problems := loadAll(dir)
		t.add("good checkpoints left", n)
		for _, problem := range problems {
			t.violate("%s: %s", kind.name, problem)
		}
		l.goesOn(t, "resumptions", s, dir)
	})
	return t.row("a second signal, or --grace, while the disk hangs", "go")
}

// requeues stops runs under a scheduler that notes what it is asked.
func (l *lab) requeues() row {
	t := counting("requeued", "left alone")
	array := []string{"SLURM_JOB_ID=99", "SLURM_ARRAY_JOB_ID=47", "SLURM_ARRAY_TASK_ID=3"}
	for _, c := range []struct {
		signal syscall.Signal
		job    []string
		code   int
		want   string
	}{
		{syscall.SIGUSR1, []string{"SLURM_JOB_ID=4711"}, 75, "requeue 4711\n"},
		{syscall.SIGUSR2, []string{"SLURM_JOB_ID=4711"}, 75, "requeue 4711\n"},
		{syscall.SIGUSR1, array, 75, "requeue 47_3\n"},
		{syscall.SIGUSR1, nil, 75, ""},
		{syscall.SIGTERM, []string{"SLURM_JOB_ID=4711"}, 130, ""},
	} {
		t.begin()
		tools, dir := l.folder(), l.folder()
		asked := filepath.Join(tools, "asked")
		err := os.Mkdir(tools, 0o755)
		if err == nil {
			err = os.WriteFile(filepath.Join(tools, "scontrol"), fmt.Appendf(nil, "#!/bin/sh\necho \"$@\" >> '%s'\n", asked), 0o755)
		}
		if err != nil {
			t.violate("%v", err)
			continue
		}
		env := append([]string{"PATH=" + tools + string(filepath.ListSeparator) + os.Getenv("PATH")}, c.job...)
		p := l.begun(t, env, endless, dir)
		p.signal(c.signal)
		o := p.wait()
		text, _ := os.ReadFile(asked) // not there: nothing was asked
		switch {
		case o.code != c.code || string(text) != c.want:
			t.violate("%s with %v: the scheduler was asked %q, want %q; %s", c.signal, c.job, text, c.want, o)
		case c.want == "":
			t.add("left alone", 1)
		default:
			t.add("requeued", 1)
		}
		discard(dir)
	}
	return t.row("a Slurm job is requeued by SIGUSR1 and SIGUSR2 alone", "go")
}
