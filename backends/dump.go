package backends

import (
	"errors"
	"flag"
	"os"
	"strings"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"joule/internal/goloop"
)

// Watcher is told what backends do with programs, from any goroutine.
type Watcher struct {
	// Program is called with each program that is given to XLA, as StableHLO.
	Program func(text string)
	// Message is called with what go-xla says meanwhile, such as how long a compilation took.
	Message func(text string)
	// Plan is called with each loop that the Go backend is about to run, as text.
	Plan func(text string)
}

// envFlags are XLA's compiler flags, read when the first program is compiled. A plugin ends the process over one that it does
// not know.
const envFlags = "XLA_FLAGS"

// Prefixes of what go-xla logs of a program, which it does twice.
const (
	programPrefix  = "StableHLO program:\n"
	repeatedPrefix = "Program:\n"
)

// Watch tells w of all programs, from now to the end of the process, and lets XLA write what it makes of them into the folder
// dumps, if the plugin heeds XLA_FLAGS. It is called before any backend is opened. What programs compute does not depend on it.
func Watch(w Watcher, dumps string) error {
	if strings.ContainsAny(dumps, " \t\n\"'") {
		return errors.New("XLA_FLAGS cannot hold a path with spaces or quotes: " + dumps)
	}
	levels := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(levels)
	if err := levels.Set("v", "2"); err != nil { // at which go-xla logs programs
		return err
	}
	klog.SetLogger(logr.New(&sink{w}))
	goloop.OnPlan(w.Plan)
	if !withXLA {
		return nil
	}
	dumpFlags = "--xla_dump_to=" + dumps + " --xla_dump_hlo_as_text"
	return os.Setenv(envFlags, strings.TrimSpace(os.Getenv(envFlags)+" "+dumpFlags))
}

// dumpFlags are the compiler flags that Watch has added; empty: none.
var dumpFlags string

// sink is where klog's messages go.
type sink struct{ Watcher }

func (s *sink) Init(logr.RuntimeInfo)                     {}
func (s *sink) Enabled(int) bool                          { return true }
func (s *sink) WithValues(...any) logr.LogSink            { return s }
func (s *sink) WithName(string) logr.LogSink              { return s }
func (s *sink) Error(err error, message string, _ ...any) { s.Info(0, message) }

func (s *sink) Info(_ int, message string, _ ...any) {
	if program, found := strings.CutPrefix(message, programPrefix); found {
		s.Program(program)
		return
	}
	if !strings.HasPrefix(message, repeatedPrefix) {
		s.Message(message)
	}
}
