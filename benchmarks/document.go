package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"joule/internal/atomicfile"
)

// The generated part of the document stands between these lines.
const (
	beginMark = "<!-- begin of what make bench-peers writes -->"
	endMark   = "<!-- end of what make bench-peers writes -->"
)

// between replaces what stands between the marks in a text.
func between(text, generated string) (string, error) {
	before, rest, begins := strings.Cut(text, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends || strings.Contains(after, beginMark) {
		return "", fmt.Errorf("want one line %q, and after it %q", beginMark, endMark)
	}
	return before + beginMark + "\n\n" + strings.TrimSpace(generated) + "\n\n" + endMark + after, nil
}

// rewritten is the document at path with another generated part.
func rewritten(path, generated string) (string, error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text, err := between(string(old), generated)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// rewrite replaces the generated part of the document at path.
func rewrite(path, generated string) error {
	text, err := rewritten(path, generated)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
