package datasets

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"joule/internal/strictyaml"
)

func unprintable(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }

// alternatives ends the message about an unknown name: the one that was probably meant, and what there is.
func alternatives(found string, known []string) string {
	const longest, most = 100, 20 // a file that is no table of numbers must not flood the message
	var names []string
	for _, name := range known {
		if name != "" && len(name) <= longest && !strings.ContainsFunc(name, unprintable) {
			names = append(names, name)
		}
	}
	text := ""
	if found != "" && len(found) <= longest {
		if near, ok := strictyaml.Nearest(found, names); ok {
			text = fmt.Sprintf(", did you mean %q?", near)
		}
	}
	if len(names) == 0 {
		return text
	}
	shown := names[:min(len(names), most)]
	text += "; it has " + strings.Join(shown, ", ")
	if more := len(known) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
