package hostile

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	count    = 1000        // malformed files for a reader
	patience = time.Minute // for one of them; it should be milliseconds
	longest  = 1 << 17     // bytes of an error
	fixed    = 1 << 20     // bytes that a reader may allocate whatever the size of the file
)

// Check gives a reader 1,000 files made of valid ones. It must not panic or hang, nor allocate more than a megabyte and the
// multiple of the file's size, and each error has to name the file in readable text. read does the rest: what it is
// satisfied with has to be what it claims to be.
func Check(t *testing.T, name string, multiple int, read func(content []byte) error, valid ...[]byte) {
	t.Helper()
	accepted := 0
	for content := range Files(1, count, valid...) {
		var err error
		Bounded(t, content, multiple, func() { err = read(content) })
		if err == nil {
			accepted++
			continue
		}
		CheckError(t, content, name, err)
		if t.Failed() {
			return // one file is enough to look into
		}
	}
	if accepted == count {
		t.Error("every malformed file is accepted")
	}
	t.Logf("%d malformed files, %d of them accepted", count, accepted)
}

// Bounded calls do, which reads the content, and holds it to a multiple of memory and to a time.
func Bounded(t testing.TB, content []byte, multiple int, do func()) {
	t.Helper()
	defer func() {
		if problem := recover(); problem != nil {
			t.Fatalf("panic: %v, from %s", problem, shown(content))
		}
	}()
	hang := time.AfterFunc(patience, func() { panic(fmt.Sprintf("over %v for %s", patience, shown(content))) })
	defer hang.Stop()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if used, limit := after.TotalAlloc-before.TotalAlloc, uint64(multiple*len(content)+fixed); used > limit {
		t.Errorf("%d bytes are allocated, and at most %d should be, for %s", used, limit, shown(content))
	}
}

// CheckError reports an error that does not name the file, or that is no text for a terminal.
func CheckError(t testing.TB, content []byte, name string, err error) {
	t.Helper()
	text := err.Error()
	if !strings.Contains(text, name) {
		t.Errorf("error %q does not name the file, %s", text, shown(content))
	}
	if len(text) > longest {
		t.Errorf("error %.200q… is %d bytes long, for %s", text, len(text), shown(content))
	}
	if control := func(r rune) bool { return r != '\n' && unicode.IsControl(r) }; !utf8.ValidString(text) || strings.ContainsFunc(text, control) {
		t.Errorf("error %.300q has a character that no terminal should get, for %s", text, shown(content))
	}
}

func shown(content []byte) string {
	const ends = 150
	if len(content) <= 2*ends {
		return fmt.Sprintf("%d bytes %q", len(content), content)
	}
	return fmt.Sprintf("%d bytes %q … %q", len(content), content[:ends], content[len(content)-ends:])
}
