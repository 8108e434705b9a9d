package goproxy

import (
	"os"
	"path/filepath"
	"strings"

	"joule/internal/regularfile"
)

// setting is a setting of the go tool: of the environment, of the file that go env -w writes, or the default.
func setting(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	if value := written(name); value != "" {
		return value
	}
	if name == "GOPROXY" {
		return "https://proxy.golang.org,direct"
	}
	return ""
}

// written is a setting in the file of go env -w.
func written(name string) string {
	path := os.Getenv("GOENV")
	if path == "off" {
		return ""
	}
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		path = filepath.Join(dir, "go", "env")
	}
	text, err := regularfile.ReadAtMost(path, 1<<20)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key == name {
			return value
		}
	}
	return ""
}

// cacheDir is the folder of the module cache.
func cacheDir() (string, error) {
	if dir := setting("GOMODCACHE"); dir != "" {
		return dir, nil
	}
	if list := filepath.SplitList(setting("GOPATH")); len(list) > 0 {
		return filepath.Join(list[0], "pkg", "mod"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, "go", "pkg", "mod"), err
}
