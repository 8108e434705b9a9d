package suitepage

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
)

// The files of others are those of the packages chart.js 4.6.1 and @kurkle/color 0.3.4, byte for byte, with their licences.
func TestVendored(t *testing.T) {
	want := map[string]string{
		"vendored/chart.js/chart.umd.min.js":        "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2",
		"vendored/chart.js/LICENSE.md":              "41a84aa2caba645f966a18d9c2056b73e6d3a81d80bc0046bc0011a2634d4cce",
		"vendored/chart.js/LICENSE-kurkle-color.md": "89ba0032731489153d552db918b727feb05128cf9eca20092875a9ad14147671",
	}
	err := fs.WalkDir(files, "vendored", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want[path] {
			t.Errorf("%s has the SHA-256 %x, want %q", path, sum, want[path])
		}
		delete(want, path)
		return nil
	})
	if err != nil || len(want) > 0 {
		t.Errorf("missing %v, %v", want, err)
	}
	if text := string(library); !strings.Contains(text, "Chart.js v4.6.1") || strings.Contains(text, "sourceMappingURL") || strings.Contains(text, "</script") {
		t.Error("the library in the page is another, names a file beside the page, or ends its script early")
	}
}
