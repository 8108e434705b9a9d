package cutjson

import (
	"encoding/json"
	"strings"
	"testing"
)

// Text that is cut anywhere but in a word is cut, whichever way it is read, and text that is wrong is not.
func TestIs(t *testing.T) {
	const whole = `{"a": [1, "b", {"c": 2}]}`
	readers := map[string]func(text string) error{
		"Unmarshal": func(text string) error { return json.Unmarshal([]byte(text), new(any)) },
		"Decode":    func(text string) error { return json.NewDecoder(strings.NewReader(text)).Decode(new(any)) },
		"Token": func(text string) error {
			decoder := json.NewDecoder(strings.NewReader(text))
			for depth, first := 0, true; first || depth > 0; first = false {
				token, err := decoder.Token()
				if err != nil {
					return err
				}
				switch token {
				case json.Delim('{'), json.Delim('['):
					depth++
				case json.Delim('}'), json.Delim(']'):
					depth--
				}
			}
			return nil
		},
	}
	for name, read := range readers {
		for n := range len(whole) {
			if err := read(whole[:n]); err == nil || !Is(err) {
				t.Errorf("%s of %q: %v is not taken for the end", name, whole[:n], err)
			}
		}
		for _, wrong := range []string{`{"a": }`, `[1, 2}`, `{1: 2}`, `[tru, 1]`} {
			if err := read(wrong); err == nil || Is(err) {
				t.Errorf("%s of %q: %v is taken for the end", name, wrong, err)
			}
		}
	}
}
