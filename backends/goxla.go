//go:build !noxla

package backends

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
	"golang.org/x/term"
)

// Bounds for go-xla's downloads: a host that does not answer is given up soon, one that does may take its time.
const (
	answerTimeout = 15 * time.Second
	cpuTimeout    = 10 * time.Minute
	cudaTimeout   = 60 * time.Minute
)

// releasedCPU lets go-xla download its CPU plugin into the folder stage.
func releasedCPU(ctx context.Context, w io.Writer, stage string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cpuTimeout)
	defer cancel()
	lib := filepath.Join(stage, "go-xla")
	err := withInstaller(ctx, w, stage, func() error {
		return installer.CPUInstall(runtime.GOOS+"_"+runtime.GOARCH, pjrt.DefaultCPUVersion, lib, false, installer.Quiet)
	})
	if err != nil {
		return "", err
	}
	plugin, err := filepath.EvalSymlinks(filepath.Join(lib, cpuPluginName))
	if err != nil {
		return "", fmt.Errorf("it left no plugin: %w", err)
	}
	if err := checkPlugin(plugin); err != nil {
		return "", fmt.Errorf("the plugin it left is %w", err)
	}
	return plugin, nil
}

// releasedCUDA lets go-xla install its CUDA plugin into the folder lib, which has to be called go-xla.
func releasedCUDA(ctx context.Context, w io.Writer, lib, stage string) error {
	ctx, cancel := context.WithTimeout(ctx, cudaTimeout)
	defer cancel()
	return withInstaller(ctx, w, stage, func() error {
		return installer.CudaInstall("cuda13", "latest", lib, false, installer.Normal)
	})
}

var installing sync.Mutex

// withInstaller runs one of go-xla's installers, which know no context, print to standard output and forget temporary
// files: for as long as it runs, Go's default HTTP client ends with ctx, standard output is w where that is a terminal
// and nothing otherwise, and temporary files go to the folder temp.
func withInstaller(ctx context.Context, w io.Writer, temp string, install func() error) (err error) {
	installing.Lock()
	defer installing.Unlock()

	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = null
	if terminal, ok := w.(*os.File); ok && term.IsTerminal(int(terminal.Fd())) {
		os.Stdout = terminal
	}

	client := http.DefaultClient
	defer func() { http.DefaultClient = client }()
	http.DefaultClient = &http.Client{Transport: bounded(ctx)}

	tmp, had := os.LookupEnv("TMPDIR")
	defer func() {
		if had {
			err = errors.Join(err, os.Setenv("TMPDIR", tmp))
		} else {
			err = errors.Join(err, os.Unsetenv("TMPDIR"))
		}
	}()
	if err := os.Setenv("TMPDIR", temp); err != nil {
		return err
	}

	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return install()
}

// roundTrip is an http.RoundTripper in one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// bounded makes requests that end with ctx, and do not wait for a host that does not answer.
func bounded(ctx context.Context) http.RoundTripper {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: answerTimeout}).DialContext,
		TLSHandshakeTimeout:   answerTimeout,
		ResponseHeaderTimeout: answerTimeout,
		ForceAttemptHTTP2:     true,
	}
	return roundTrip(func(r *http.Request) (*http.Response, error) { return transport.RoundTrip(r.WithContext(ctx)) })
}
