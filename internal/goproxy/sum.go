package goproxy

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strings"
)

// check reports a zip file that does not have the sum of the module.
func check(m Module, content []byte) error {
	sum, err := hash(content)
	if err == nil && sum != m.Sum {
		err = fmt.Errorf("its sum is %s, want %s: it is not the module's", sum, m.Sum)
	}
	if err != nil {
		return fmt.Errorf("the zip file of %s: %w", m.Path, err)
	}
	return nil
}

// maxUnzipped is how large the files of a zip file may be together.
const maxUnzipped = 1 << 30

// hash is h1: and the SHA-256, in base64, of a text that has a line for each file by name: its SHA-256 in hexadecimal, two
// spaces and its name. Source: golang.org/x/mod/sumdb/dirhash, Hash1.
func hash(content []byte) (string, error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return "", fmt.Errorf("it is truncated or no zip file: %w", err)
	}
	files := slices.SortedFunc(slices.Values(archive.File), func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	summary := sha256.New()
	left := int64(maxUnzipped)
	for _, file := range files {
		r, err := file.Open()
		if err != nil {
			return "", err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, io.LimitReader(r, left))
		r.Close()
		if err != nil {
			return "", fmt.Errorf("%.60q in it: %w", file.Name, err)
		}
		if left -= n; left <= 0 {
			return "", fmt.Errorf("its files have more than %d bytes", maxUnzipped)
		}
		fmt.Fprintf(summary, "%x  %s\n", sum.Sum(nil), file.Name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(summary.Sum(nil)), nil
}
