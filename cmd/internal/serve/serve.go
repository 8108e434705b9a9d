// Package serve is joule serve.
package serve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"joule/cmd/internal/cli"
	"joule/cmd/internal/trained"
	"joule/inference/batching"
	"joule/metrics"
	"joule/serve"
	"joule/watch/expose"
)

// options are the flags of joule serve.
type options struct {
	address, tokenFile, backend, checkpoint string
	sets                                    []string
	sigma, rate                             float64
	logDensity, anomaly                     bool
	score                                   string
	grid, maxBatch                          int
	ais                                     metrics.AIS
	grace                                   time.Duration
	settings                                serve.Settings
}

// New is the command serve.
func New() *cobra.Command {
	o := options{ais: metrics.NewAIS(), settings: serve.NewSettings()}
	cmd := &cobra.Command{
		Use:   "serve RUN",
		Short: "Answer questions about points over HTTP",
		Long: `serve answers requests over HTTP with JSON: energies, scores, points of the model, and what else it is asked to make ready for:
--log-density finds log Z, and --anomaly the threshold of joule anomaly, both from the data of the run. Points are in the units
and the columns of the data. GET /openapi.json describes it all, /v1/model the model; docs/serving.md says more.

Requests that come together share a call of the device. Standard output gets the address, standard error a line a request
(--quiet leaves it out). SIGINT, SIGTERM and SIGHUP stop it: what has been asked is answered, as far as --grace allows, and the
exit code is then 0; a second one ends it at once.

Whoever reaches the address can ask: by default that is this machine alone. --token-file holds a token that requests have to bear.`,
		Example: `  joule serve runs/dsm
  joule serve runs/dsm --addr 9000 --log-density --anomaly --fpr 0.01
  joule serve runs/dsm --addr 0.0.0.0:8080 --token-file token.txt --timeout 5s`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.address, "addr", "127.0.0.1:8080", "HOST:PORT, or a PORT of this machine alone; port 0 takes a free one")
	f.StringVar(&o.tokenFile, "token-file", "", "file of a token that requests have to bear")
	f.BoolVar(&o.logDensity, "log-density", false, "answer log densities: finds log Z first")
	f.BoolVar(&o.anomaly, "anomaly", false, "answer how anomalous points are: finds the threshold first")
	f.Float64Var(&o.rate, "fpr", 0.05, "with --anomaly: false positive rate, the share of further points of the data above the threshold")
	trained.ScoreFlag(cmd, &o.score)
	f.StringArrayVar(&o.sets, "set", nil, "change a key of sampler or sampling, such as sampler.steps=200; repeatable")
	f.IntVar(&o.maxBatch, "max-batch", 1024, "most points that are evaluated at once")
	f.DurationVar(&o.settings.Batching.Delay, "batch-delay", 0, "how long points wait for others while the device is free")
	f.BoolVar(&o.settings.Batching.Apart, "apart", false, "evaluate each request by itself: slower, and its last bits do not depend on what others ask")
	f.IntVar(&o.settings.Batching.Queue, "max-queue", o.settings.Batching.Queue, "most points that wait; further requests are turned away")
	f.Int64Var(&o.settings.MaxBody, "max-body", o.settings.MaxBody, "most bytes of a request")
	f.IntVar(&o.settings.MaxPoints, "max-points", o.settings.MaxPoints, "most points of a request")
	f.IntVar(&o.settings.MaxSamples, "max-samples", o.settings.MaxSamples, "most points that are drawn for a request")
	f.IntVar(&o.settings.MaxRequests, "max-requests", o.settings.MaxRequests, "most requests that are answered at once; further ones are turned away")
	f.DurationVar(&o.settings.Timeout, "timeout", o.settings.Timeout, "most time that an answer may take")
	f.DurationVar(&o.grace, "grace", 30*time.Second, "most time for what has been asked to be answered after a signal")
	trained.AISFlag(cmd, &o.ais)
	trained.GridFlag(cmd, &o.grid)
	trained.SigmaFlag(cmd, &o.sigma)
	trained.CheckpointFlag(cmd, &o.checkpoint)
	cli.BackendFlag(cmd, &o.backend, "that of the run's config")
	return cmd
}

// check reports flags that cannot be, and reads the token.
func (o *options) check(cmd *cobra.Command) error {
	if own := cli.Changed(cmd, append([]string{"grid"}, trained.AISFlags...)...); own != "" && !o.logDensity {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: is about log Z, which only --log-density needs", own))
	}
	if own := cli.Changed(cmd, "fpr", "score"); own != "" && !o.anomaly {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s: is about the threshold of --anomaly", own))
	}
	if !(o.rate > 0 && o.rate < 1) {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--fpr %v: want a false positive rate above 0 and below 1", o.rate))
	}
	for _, flag := range []struct {
		name  string
		value int64
	}{{"max-batch", int64(o.maxBatch)}, {"max-queue", int64(o.settings.Batching.Queue)}, {"max-body", o.settings.MaxBody},
		{"max-points", int64(o.settings.MaxPoints)}, {"max-samples", int64(o.settings.MaxSamples)}, {"max-requests", int64(o.settings.MaxRequests)}} {
		if flag.value < 1 {
			return cli.Coded(cli.ExitUsage, fmt.Errorf("--%s %d: want 1 or more", flag.name, flag.value))
		}
	}
	const mostBatch, mostDelay = 8192, time.Minute
	switch d := o.settings.Batching.Delay; {
	case o.maxBatch > mostBatch:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--max-batch %d: want at most %d", o.maxBatch, mostBatch))
	case o.settings.MaxSamples > trained.MaxSamples:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--max-samples %d: want at most %d", o.settings.MaxSamples, trained.MaxSamples))
	case d > 0 && o.settings.Batching.Apart:
		return cli.Coded(cli.ExitUsage, errors.New("--batch-delay and --apart exclude each other"))
	case d < 0 || d > mostDelay:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--batch-delay %s: want 0 to %s", d, mostDelay))
	case o.settings.Timeout <= 0:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--timeout %s: want more than 0", o.settings.Timeout))
	case o.grace <= 0:
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--grace %s: want more than 0", o.grace))
	}
	o.settings.Batching.Sizes = batching.Sizes(o.maxBatch)
	if err := cmp.Or(trained.CheckScore(o.score), trained.CheckGrid(o.grid), trained.CheckAIS(o.ais)); err != nil {
		return err
	}
	return o.readToken()
}

// shortestToken is how many bytes a token has to have: one that can be guessed is none.
const shortestToken = 16

// readToken reads the token, if there is to be one.
func (o *options) readToken() error {
	if o.tokenFile == "" {
		return nil
	}
	text, err := os.ReadFile(o.tokenFile)
	if err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--token-file: %w", err))
	}
	token := bytes.TrimSpace(text)
	if len(token) < shortestToken || bytes.ContainsAny(token, " \t\r\n") {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--token-file %s: want one word of %d characters or more", o.tokenFile, shortestToken))
	}
	o.settings.Token = string(token)
	return nil
}

// run is the command.
func (o *options) run(cmd *cobra.Command, dir string) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	address, err := expose.Address(o.address)
	if err != nil {
		return cli.Coded(cli.ExitUsage, fmt.Errorf("--addr: %w", err))
	}
	t, err := trained.Read(dir, o.checkpoint, o.sets, "sampler", "sampling")
	if err != nil {
		return err
	}
	if err := cmp.Or(t.At(o.sigma), t.CheckGrid(o.grid)); err != nil {
		return err
	}
	listener, err := expose.Bind(address)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	defer listener.Close()
	if err := t.Open(o.backend); err != nil {
		return err
	}
	model, err := o.model(t)
	if err != nil {
		return err
	}
	o.settings.Log = slog.Default()
	begun := time.Now()
	server, err := serve.New(model, o.settings)
	if err != nil {
		return err
	}
	slog.Info("compiled", "batches_of", o.settings.Batching.Sizes, "seconds", cli.Round(time.Since(begun).Seconds()))
	if err := o.serve(cmd, server, listener); err != nil {
		return err // the device may be busy still, and goes with the program
	}
	t.Close()
	return nil
}

// serve answers until a signal comes, and then what has been asked.
func (o *options) serve(cmd *cobra.Command, server *serve.Server, listener net.Listener) error {
	signals := make(chan os.Signal, 4)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)
	if at, isTCP := listener.Addr().(*net.TCPAddr); isTCP && !at.IP.IsLoopback() {
		needed := "no token is asked for (--token-file)"
		if o.settings.Token != "" {
			needed = "the token is asked for"
		}
		slog.Warn("this address can be reached from other machines: "+needed+", and there is no encryption", "address", at)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	slog.Info("serving", "url", url)
	fmt.Fprintln(cmd.OutOrStdout(), url)
	select {
	case err := <-ended:
		return err
	case s := <-signals:
		slog.Info("stopping: what has been asked is answered; another signal stops at once", "signal", cli.SignalNames[s])
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	late := time.AfterFunc(o.grace, func() { cancel(fmt.Errorf("not all are answered within %s (--grace)", o.grace)) })
	defer late.Stop()
	go func() {
		first := time.Now()
		for s := range signals {
			if time.Since(first) > cli.Echo {
				cancel(fmt.Errorf("%s again", cli.SignalNames[s]))
			}
		}
	}()
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	return <-ended
}
