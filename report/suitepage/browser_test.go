package suitepage

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium starts a Chromium without a window, or skips the test where there is none. With JOULE_REQUIRE_CHROMIUM set, as in CI,
// the test fails instead: nothing is skipped unseen.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var path string
	var err error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if err != nil {
		if os.Getenv("JOULE_REQUIRE_CHROMIUM") != "" {
			t.Fatal("there is no chromium on the path")
		}
		t.Skip("there is no chromium on the path")
	}
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute)} // its user's directory is a new one
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// tab is a page in a browser, and what it complained of.
type tab struct {
	t     *testing.T
	ctx   context.Context
	mutex sync.Mutex
	// requests are the addresses that it asked for, and complaints what was said on its console.
	requests, complaints []string
}

// screen is what a page is shown on.
type screen struct {
	scheme        string // light or dark
	width, height int64
}

// open loads an address.
func open(t *testing.T, browser context.Context, s screen, address string) *tab {
	t.Helper()
	p := &tab{t: t}
	note := func(list *[]string, text string) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		*list = append(*list, text)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			note(&p.requests, e.Request.URL)
		case *runtime.EventExceptionThrown:
			note(&p.complaints, "exception: "+e.ExceptionDetails.Text+" "+e.ExceptionDetails.Exception.Description)
		case *runtime.EventConsoleAPICalled:
			note(&p.complaints, "console: "+string(e.Type))
		case *log.EventEntryAdded:
			note(&p.complaints, "log: "+e.Entry.Text)
		}
	}))
	t.Cleanup(cancel)
	p.ctx = ctx
	call(p, network.Enable, network.EnableParams{})
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: s.scheme}}}
	call(p, emulation.SetEmulatedMedia, media)
	options := []chromedp.EmulateViewportOption{}
	if s.width < 500 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	p.do(chromedp.EmulateViewport(s.width, s.height, options...), chromedp.Navigate(address))
	return p
}

// withoutScripts turns JavaScript off.
func (p *tab) withoutScripts() {
	p.t.Helper()
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// do takes steps, which have to succeed.
func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// get is what an action gives.
func get[T any](p *tab, action chromedp.Action[T]) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, action)
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// ask evaluates an expression of the page, or waits for what it promises.
func ask[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// call runs a command of the protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], parameters P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, command, parameters); err != nil {
		p.t.Fatal(err)
	}
}
