//go:build faults

package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A program with the tag faults reads JOULE_FAULT, of the form OP:N:WHAT. OP is an operation or "any", N counts them from 1,
// and with a + after it all later ones are meant too. WHAT is the name of an error, KILL, which kills the process before
// the operation, or a duration, by which it is delayed. The first time it says so on standard error.
func init() {
	spec := os.Getenv("JOULE_FAULT")
	if spec == "" {
		return
	}
	fields := strings.Split(spec, ":")
	number, later := strings.CutSuffix(fields[1], "+")
	at, err := strconv.Atoi(number)
	if err != nil || len(fields) != 3 {
		panic("JOULE_FAULT: want OP:N:WHAT, got " + spec)
	}
	var count atomic.Int64
	Inject(func(op Op, name string) error {
		if fields[0] != "any" && fields[0] != string(op) {
			return nil
		}
		n := int(count.Add(1))
		if n != at && !(later && n > at) {
			return nil
		}
		if n == at {
			fmt.Fprintf(os.Stderr, "fault: %s %s: %s\n", op, name, fields[2])
		}
		if fields[2] == "KILL" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it comes
		}
		if delay, err := time.ParseDuration(fields[2]); err == nil {
			time.Sleep(delay)
			return nil
		}
		return errorsByName[fields[2]]
	})
}

var errorsByName = map[string]error{
	"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EROFS": syscall.EROFS, "EACCES": syscall.EACCES, "EDQUOT": syscall.EDQUOT,
	"ESTALE": syscall.ESTALE,
}
