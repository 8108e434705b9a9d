// Package cutjson tells JSON that ends in the middle from JSON that is wrong.
package cutjson

import (
	"encoding/json"
	"errors"
	"io"
)

// Is says whether an error of encoding/json means that the text ended before its value did. How that is said depends on what was read, and
// on the version of Go.
func Is(err error) bool {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return e.Error() == "unexpected end of JSON input"
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
