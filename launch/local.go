package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"joule/rundir"
)

// Local runs tasks as processes of this machine, some at a time, for as long as the program that launched them runs.
type Local struct {
	profile *Profile
	program string
	// Grace is how long tasks may take to save before they are killed, and Began and Ended are told what goes on, one at a time.
	Grace        time.Duration
	Began, Ended func(task int, err error)

	mutex   sync.Mutex
	release func() // of the lock of the job
}

// newLocal is the scheduler of this machine.
func newLocal(p *Profile, program string) Scheduler {
	return &Local{profile: p, program: program, Grace: time.Minute}
}

// Check finds nothing missing.
func (l *Local) Check(context.Context, *Dir) error { return nil }

// AtOnce is how many tasks run at a time: as many as the profile says, or as there are cores for.
func (l *Local) AtOnce() int {
	if l.profile.AtOnce > 0 {
		return l.profile.AtOnce
	}
	return max(runtime.GOMAXPROCS(0)/max(l.profile.CPUs, 1), 1)
}

// Divide makes one job of all tasks: a line for each in its script.
func (l *Local) Divide(_ context.Context, d *Dir, tasks []int) ([]*Job, error) {
	j := d.NewJob("local", tasks)
	j.Script = "tasks.sh"
	var text strings.Builder
	fmt.Fprintf(&text, "# What joule launch starts on this machine, %d at a time.\n", l.AtOnce())
	for _, task := range tasks {
		for _, word := range d.Command(l.program, task) {
			text.WriteString(Quote(word) + " ")
		}
		fmt.Fprintf(&text, ">>%s 2>&1\n", Quote(d.LogFile(task)))
	}
	j.Text = text.String()
	return []*Job{j}, nil
}

// Submit takes the lock of the job, by which it is known that its tasks are still to be expected.
func (l *Local) Submit(_ context.Context, d *Dir, j *Job) (err error) {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	j.ID = fmt.Sprintf("%d@%s", os.Getpid(), host)
	l.release, err = rundir.Lock(d.JobFolder(j))
	return err
}

// Attend runs the tasks of the job that was submitted last. When the context ends those that run are told to save, and no more are
// started.
func (l *Local) Attend(ctx context.Context, d *Dir, j *Job) error {
	defer l.release()
	queue := make(chan int)
	var all sync.WaitGroup
	for range min(l.AtOnce(), len(j.Tasks)) {
		all.Go(func() {
			for task := range queue {
				l.tell(l.Began, task, nil)
				l.tell(l.Ended, task, l.run(ctx, d, task))
			}
		})
	}
	for _, task := range j.Tasks {
		select {
		case queue <- task:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	close(queue)
	all.Wait()
	return ctx.Err()
}

// tell calls something that is told what goes on.
func (l *Local) tell(call func(int, error), task int, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if call != nil {
		call(task, err)
	}
}

// run runs a task to its end.
func (l *Local) run(ctx context.Context, d *Dir, task int) error {
	log, err := os.OpenFile(d.LogFile(task), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	words := d.Command(l.program, task)
	if len(l.profile.Setup) > 0 {
		for i, word := range words {
			words[i] = Quote(word)
		}
		words = []string{"bash", "-c", strings.Join(l.profile.Setup, "\n") + "\nexec " + strings.Join(words, " ")}
	}
	command := exec.Command(words[0], words[1:]...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a signal from the terminal is for the program that hands it on
	threads := l.profile.CPUs
	if threads == 0 {
		threads = max(runtime.GOMAXPROCS(0)/l.AtOnce(), 1)
	}
	command.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", threads))
	for _, v := range l.profile.Variables() {
		command.Env = append(command.Env, v[0]+"="+v[1])
	}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = command.Process.Signal(syscall.SIGTERM)
	late := time.NewTimer(l.Grace)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		return errors.Join(fmt.Errorf("it had not saved after %s, and was killed", l.Grace), <-ended)
	}
}

// States tells by locks: that of a task is held while it runs, and that of a job while the program that launched it runs.
func (l *Local) States(_ context.Context, d *Dir, jobs []*Job) (map[int]State, error) {
	host, _ := os.Hostname() // without a name it is another's
	states := map[int]State{}
	for _, j := range jobs {
		isAttended := rundir.IsLocked(d.JobFolder(j))
		_, where, _ := strings.Cut(j.ID, "@")
		if where != host {
			where = "another machine: " + where
		}
		for _, task := range j.Tasks {
			s := State{Phase: Over, Where: where, Job: j.ID}
			switch {
			case rundir.IsLocked(d.TaskFolder(task)):
				s.Phase = Running
			case isAttended && !d.isOver(task, j):
				s.Phase = Pending
			}
			states[task] = s
		}
	}
	return states, nil
}

// isOver says whether a task has ended since a job was handed in.
func (d *Dir) isOver(task int, j *Job) bool {
	attempts, err := (&Task{Number: task, dir: d}).Attempts()
	return err == nil && len(attempts) > 0 && attempts[len(attempts)-1].Ended.After(j.Time)
}

// Cancel tells the programs that launched jobs to end, which they do when their tasks have saved, and the tasks of programs that
// are gone.
func (l *Local) Cancel(_ context.Context, d *Dir, jobs []*Job) (err error) {
	for _, j := range jobs {
		if rundir.IsLocked(d.JobFolder(j)) {
			pid, host, _ := strings.Cut(j.ID, "@")
			number, _ := strconv.Atoi(pid) // 0 is refused
			err = errors.Join(err, terminate(number, host))
			continue
		}
		for _, task := range j.Tasks {
			if !rundir.IsLocked(d.TaskFolder(task)) {
				continue
			}
			attempts, readErr := (&Task{Number: task, dir: d}).Attempts()
			if err = errors.Join(err, readErr); len(attempts) > 0 {
				last := attempts[len(attempts)-1]
				err = errors.Join(err, terminate(last.PID, last.Host))
			}
		}
	}
	return err
}

// terminate tells a process of this machine to end.
func terminate(pid int, host string) error {
	here, err := os.Hostname()
	if err != nil {
		return err
	}
	if host != here || pid <= 0 {
		return fmt.Errorf("process %d runs on %s, and this is %s: cancel it there", pid, host, here)
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// Quote makes a word of a shell of any text.
func Quote(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
