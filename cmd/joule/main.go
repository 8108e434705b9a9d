// Command joule trains, scores, samples and draws energy-based models.
//
// Data goes to standard output; progress and logs go to standard error. The exit codes are in errors.go.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	err := newRoot().ExecuteContext(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "joule:", err)
	}
	os.Exit(exitCode(err))
}

// untilSignal is a context that ends with the first SIGINT or SIGTERM, for a command that has something to save. A
// second signal ends the program at once, as the first one does everywhere else.
func untilSignal(parent context.Context) (ctx context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(parent, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
