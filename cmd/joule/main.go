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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	err := newRoot().ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "joule:", err)
	}
	os.Exit(exitCode(err))
}
