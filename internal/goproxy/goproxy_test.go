package goproxy

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module makes a module with the files given, and its zip file.
func module(t *testing.T, files ...string) (Module, []byte) {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum, err := hash(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return Module{"example.com/Some/thinG", "v1.2.3-RC1", sum}, b.Bytes()
}

const filePath = "/example.com/!some/thin!g/@v/v1.2.3-!r!c1.zip"

// serve answers every request for the module with what is given, and notes that it was asked.
func serve(t *testing.T, status int, body []byte) (url string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		w.WriteHeader(status)
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

// alone hides the settings and the module cache of the machine.
func alone(t *testing.T, goproxy string) (cache string) {
	t.Helper()
	cache = t.TempDir()
	t.Setenv("GOENV", "off")
	t.Setenv("GOMODCACHE", cache)
	t.Setenv("GOPROXY", goproxy)
	return cache
}

// The sum is that of go.sum: known for a module with one file, from the definition.
func TestHash(t *testing.T) {
	// printf '%s  %s\n' $(printf hello | sha256sum | cut -d' ' -f1) m@v1/a.txt | sha256sum, in base64
	m, _ := module(t, "m@v1/a.txt", "hello")
	if want := "h1:40m+2mISBUCUAkORjAta6amGh9hlaPssc319jMzwupI="; m.Sum != want {
		t.Errorf("%s, want %s", m.Sum, want)
	}
	ordered, _ := module(t, "a", "1", "b", "2")
	reversed, _ := module(t, "b", "2", "a", "1")
	if ordered.Sum != reversed.Sum {
		t.Error("the sum depends on the order of the files")
	}
}

func TestProxies(t *testing.T) {
	m, content := module(t, "f", "text")
	good, asked := serve(t, http.StatusOK, content)
	none, askedNone := serve(t, http.StatusNotFound, nil)
	broken, _ := serve(t, http.StatusInternalServerError, nil)
	other, _ := serve(t, http.StatusOK, content[:len(content)-5])
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, filePath)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, filePath), content, 0o644); err != nil {
		t.Fatal(err)
	}
	secret := strings.Replace(broken, "http://", "http://user:secret@", 1)
	for list, want := range map[string]string{ // "": it comes
		good:                                 "",
		good + "/":                           "",
		"direct," + none + "," + good:        "",
		broken + "|" + good:                  "",
		"file://" + folder:                   "",
		"file://" + t.TempDir() + "," + good: "",
		broken + "," + good:                  broken + ": it answers 500 Internal Server Error",
		secret:                               broken + ": it answers 500 Internal Server Error",
		none:                                 none + ": it does not have the module",
		other:                                other + ": the zip file of example.com/Some/thinG: it is truncated or no zip file: zip: not a valid zip file",
		"off":                                `GOPROXY is "off", which names no module proxy`,
		"direct":                             `GOPROXY is "direct", which names no module proxy`,
		"off," + good:                        `GOPROXY is "off,` + good + `", which names no module proxy`,
	} {
		alone(t, list)
		got, _, err := Zip(t.Context(), m)
		if want == "" && (err != nil || !bytes.Equal(got, content)) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("GOPROXY=%s: %d bytes, error %v; want %s", list, len(got), err, want)
		}
	}
	for _, path := range append(*asked, *askedNone...) {
		if path != filePath {
			t.Errorf("a proxy was asked for %s, want %s", path, filePath)
		}
	}
}

func TestOtherModuleIsRefused(t *testing.T) {
	m, _ := module(t, "f", "text")
	other, content := module(t, "f", "another text")
	url, _ := serve(t, http.StatusOK, content)
	alone(t, url)
	_, _, err := Zip(t.Context(), m)
	want := url + ": the zip file of example.com/Some/thinG: its sum is " + other.Sum + ", want " + m.Sum + ": it is not the module's"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// The module cache is asked first; a file in it that is not the module's is passed over.
func TestModuleCache(t *testing.T) {
	m, content := module(t, "f", "text")
	url, asked := serve(t, http.StatusOK, content)
	cache := alone(t, url)
	path := filepath.Join(cache, "cache", "download", filepath.FromSlash(filePath))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content []byte
		from    string
	}{{content, path}, {content[1:], url}} {
		if err := os.WriteFile(path, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		got, from, err := Zip(t.Context(), m)
		if err != nil || !bytes.Equal(got, content) || from != c.from {
			t.Errorf("from %s, error %v; want it from %s", from, err, c.from)
		}
	}
	if len(*asked) != 1 {
		t.Errorf("the proxy was asked %d times", len(*asked))
	}
}

// A proxy that cannot be reached is named, with the cause.
func TestUnreachableProxy(t *testing.T) {
	m, _ := module(t, "f", "text")
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	alone(t, url)
	if _, _, err := Zip(t.Context(), m); err == nil || !strings.HasPrefix(err.Error(), url+": dial tcp") {
		t.Errorf("error %v", err)
	}
}

func TestSettings(t *testing.T) {
	alone(t, "")
	if got := setting("GOPROXY"); got != "https://proxy.golang.org,direct" {
		t.Errorf("the default is %s", got)
	}
	path := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(path, []byte("GOPATH=/there:/elsewhere\nGOPROXY=https://a.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", path)
	t.Setenv("GOMODCACHE", "")
	t.Setenv("GOPATH", "")
	cache, err := cacheDir()
	if got := setting("GOPROXY"); got != "https://a.example" || cache != filepath.Join("/there", "pkg", "mod") || err != nil {
		t.Errorf("GOPROXY is %s and the cache %s, %v", got, cache, err)
	}
}
