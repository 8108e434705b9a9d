// Command joule trains, scores, samples and draws energy-based models.
//
// Data goes to standard output; progress and logs go to standard error. The exit codes are in errors.go.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "joule:", err)
	}
	os.Exit(exitCode(err))
}

// run is the program. What panics in it is a mistake of the program's, and is told in one line all the same.
func run() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error, please report it: %v", r)
		}
	}()
	return newRoot().ExecuteContext(context.Background())
}
