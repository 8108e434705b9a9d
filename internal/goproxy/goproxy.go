// Package goproxy gets the zip file of a Go module from the module cache of this machine or from a module proxy, without the go
// tool, and checks it against a known sum. Source: The Go Blog and the Go Modules Reference, "GOPROXY protocol".
package goproxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"joule/internal/regularfile"
)

// Module is a version of a module, with the sum that go.sum has for its zip file.
type Module struct{ Path, Version, Sum string }

// maxZip is how large a zip file may be.
const maxZip = 1 << 28

// Zip returns the zip file of a module, and where it is from: the module cache, or the first proxy of GOPROXY that has it.
func Zip(ctx context.Context, m Module) (content []byte, from string, err error) {
	file := m.file()
	if cache, err := cacheDir(); err == nil {
		path := filepath.Join(cache, "cache", "download", filepath.FromSlash(file))
		if content, err := regularfile.ReadAtMost(path, maxZip); err == nil && check(m, content) == nil {
			return content, path, nil
		}
	}
	var failed []error
	for _, p := range proxies(setting("GOPROXY")) {
		content, err := p.get(ctx, file)
		if err == nil {
			err = check(m, content)
		}
		if err == nil {
			return content, p.url, nil
		}
		failed = append(failed, fmt.Errorf("%s: %w", p.name(), err))
		if ctx.Err() != nil || !p.onAnyError && !errors.Is(err, errNotFound) {
			break
		}
	}
	if len(failed) == 0 {
		failed = append(failed, fmt.Errorf("GOPROXY is %q, which names no module proxy", setting("GOPROXY")))
	}
	return nil, "", errors.Join(failed...)
}

// file is the path of a module's zip file below a proxy. Capital letters are an exclamation mark and the small letter.
func (m Module) file() string {
	return escape(m.Path) + "/@v/" + escape(m.Version) + ".zip"
}

func escape(path string) string {
	var b strings.Builder
	for _, r := range path {
		if r >= 'A' && r <= 'Z' {
			b.WriteRune('!')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// proxy is an entry of GOPROXY.
type proxy struct {
	url        string
	onAnyError bool // the next one is asked whatever goes wrong, and not only where this one does not have the module
}

// proxies are those of a list, separated by commas or bars. Asking the module's origin (direct) is left out: that takes git.
func proxies(list string) (all []proxy) {
	for list != "" {
		end := strings.IndexAny(list, ",|")
		entry, separator := list, byte(0)
		if list = ""; end >= 0 {
			entry, separator, list = entry[:end], entry[end], entry[end+1:]
		}
		switch entry = strings.TrimSpace(entry); entry {
		case "", "direct":
		case "off":
			return all
		default:
			all = append(all, proxy{strings.TrimSuffix(entry, "/"), separator == '|'})
		}
	}
	return all
}

// name is the URL without a password.
func (p proxy) name() string {
	scheme, rest, ok := strings.Cut(p.url, "://")
	if at := strings.LastIndex(rest, "@"); ok && at >= 0 {
		return scheme + "://" + rest[at+1:]
	}
	return p.url
}

var errNotFound = errors.New("it does not have the module")

// client gives up on a proxy that does not answer.
var client = &http.Client{Timeout: 10 * time.Minute, Transport: transport()}

func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	return t
}

// get fetches a file of a proxy.
func (p proxy) get(ctx context.Context, file string) ([]byte, error) {
	if folder, ok := strings.CutPrefix(p.url, "file://"); ok {
		content, err := regularfile.ReadAtMost(filepath.Join(filepath.FromSlash(folder), filepath.FromSlash(file)), maxZip)
		if errors.Is(err, os.ErrNotExist) {
			err = errNotFound
		}
		return content, err
	}
	url := p.url
	if !strings.Contains(url, "://") {
		url = "https://" + url
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/"+file, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // without the URL, which can hold a password
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, errNotFound
	default:
		return nil, fmt.Errorf("it answers %s", response.Status)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxZip))
	if err != nil {
		return nil, fmt.Errorf("the download broke off after %d bytes: %w", len(content), err)
	}
	return content, nil
}
