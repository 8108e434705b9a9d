// Package marked replaces the part of a document that a program writes, and leaves the rest to its authors.
package marked

import (
	"fmt"
	"io"
	"os"
	"strings"

	"joule/internal/atomicfile"
)

// Part is the lines between which the generated part of a document stands.
type Part struct{ Begin, End string }

// By is the part that a command writes, such as make faults.
func By(command string) Part {
	return Part{"<!-- begin of what " + command + " writes -->", "<!-- end of what " + command + " writes -->"}
}

// Between replaces the part in a text.
func (p Part) Between(text, generated string) (string, error) {
	before, rest, begins := strings.Cut(text, p.Begin)
	_, after, ends := strings.Cut(rest, p.End)
	if !begins || !ends || strings.Contains(after, p.Begin) {
		return "", fmt.Errorf("want one line %q, and after it %q", p.Begin, p.End)
	}
	return before + p.Begin + "\n\n" + strings.TrimSpace(generated) + "\n\n" + p.End + after, nil
}

// Rewritten is the document at path with another generated part.
func (p Part) Rewritten(path, generated string) (string, error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	text, err := p.Between(string(old), generated)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// Rewrite replaces the generated part of the document at path.
func (p Part) Rewrite(path, generated string) error {
	text, err := p.Rewritten(path, generated)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
