// Package cmd is the command line of Joule, for programs that add kinds of their own to it: one that imports a package whose init
// registers some, and calls [Main], is all of joule with these.
//
// Data goes to standard output; progress and logs go to standard error. The exit codes are in the help of the command.
package cmd

import (
	"context"
	"fmt"
	"os"

	"joule/cmd/internal/cli"
)

// Main runs the command line of this process, and returns its exit code. Workers and tasks are processes of the same program: it has to
// be what main does, before anything else is made of the arguments.
func Main() int {
	err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "joule:", err)
	}
	return cli.ExitCode(err)
}

// run is the program. What panics in it is a mistake of the program's, and is told in one line all the same.
func run() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error, please report it: %v", r)
		}
	}()
	return New().ExecuteContext(context.Background())
}
