package main

import (
	"fmt"
	"strings"
	"syscall"
)

// locks starts a second process in the directory of one that trains.
func locks(l *lab) []row {
	t := counting("refused while the first lives", "let in after its death")
	l.parallel(l.times(12), func(i int) {
		t.begin()
		s, dir := endless, l.folder()
		defer discard(dir)
		if i%2 == 1 {
			s.replicas = 2
		}
		first := l.begun(t, nil, s, dir)
		holder := fmt.Sprintf("process %d ", first.cmd.Process.Pid)
		commands := [][]string{s.train("go", dir), {"train", "--resume", dir, "--quiet"}}
		if s.replicas > 0 {
			commands = append(commands, []string{"train", "--resume", membersOf(dir)[0], "--quiet"}) // one of them alone
		}
		for _, args := range commands {
			if o := l.run(nil, args...); o.code != 1 || !strings.Contains(o.stderr, holder) {
				t.violate("joule %s: %s", strings.Join(args, " "), o)
			} else {
				t.add("refused while the first lives", 1)
			}
		}
		first.signal(syscall.SIGKILL)
		first.wait()
		l.goesOn(t, "let in after its death", s, dir)
	})
	return []row{t.row("two processes with one run directory", "go")}
}
