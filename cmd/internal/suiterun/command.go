package suiterun

import (
	"os"
	"os/exec"
	"time"
)

// WorkerCommand is how this program is started as a worker, on a backend unless that is empty.
func WorkerCommand(backend string, grace time.Duration) (start func() *exec.Cmd, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"bench", "worker", "--grace", grace.String()}
	if backend != "" {
		args = append(args, "--backend", backend)
	}
	return func() *exec.Cmd { return exec.Command(program, args...) }, nil
}
