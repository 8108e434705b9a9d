package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// checked is a document with values that its types cannot rule out.
type checked interface{ check() error }

// writeJSON writes a document, which has to be {format, then the fields of a struct}. values is that struct.
func (r *Run) writeJSON(name string, values checked, document any) error {
	if err := values.check(); err != nil {
		return fmt.Errorf("%s: %w", r.path(name), err)
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", r.path(name), err)
	}
	return r.writeFile(name, append(text, '\n'))
}

// readJSON reads a document into values. Keys that it does not know are left alone: a later version may add some
// without raising the format.
func (r *Run) readJSON(name string, values checked) error {
	text, err := r.readFile(name)
	if err != nil {
		return err
	}
	if err := checkFormat(text, newest(name)); err != nil {
		return explain(r.path(name), text, err)
	}
	if err := json.Unmarshal(text, values); err != nil {
		return explain(r.path(name), text, err)
	}
	if err := values.check(); err != nil {
		return fmt.Errorf("%s: %w", r.path(name), err)
	}
	return nil
}

// checkFormat reports JSON whose format is not one up to the newest.
func checkFormat(text []byte, newest int) error {
	var header struct{ Format *int }
	if err := json.Unmarshal(text, &header); err != nil {
		return err
	}
	if header.Format == nil {
		return fmt.Errorf("has no format number, and should have format %d", format)
	}
	return formatError(*header.Format, newest)
}

func formatError(found, newest int) error {
	switch {
	case found > newest:
		return fmt.Errorf("has format %d, and this version of joule reads up to format %d: use a newer joule", found, newest)
	case found < 1:
		return fmt.Errorf("has format %d; formats count from 1", found)
	}
	return nil
}

// explain returns err as an error about the document at path. Where the decoder stopped, it names the line and says
// what is wrong in the words of the document.
func explain(path string, text []byte, err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%s:%d: %w", path, lineAt(text, e.Offset), err)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		key := e.Field
		if key == "" {
			key = "the document"
		}
		return fmt.Errorf("%s:%d: %s is a JSON %.40s, which does not fit", path, lineAt(text, e.Offset), shown(strings.ToLower(key)), e.Value)
	}
	if e, ok := errors.AsType[*time.ParseError](err); ok {
		return fmt.Errorf("%s: %.60q is not a time such as 2026-03-04T05:06:07Z", path, e.Value)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// shown is a name from a file as messages have it: a part of it, and quoted unless it is plain text.
func shown(name string) string {
	quoted := fmt.Sprintf("%.60q", name)
	if quoted == `"`+name+`"` {
		return name
	}
	return quoted
}

// lineAt is the line, counted from 1, of a byte of the text.
func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(max(offset-1, 0), int64(len(text)))], []byte("\n"))
}
