package strictyaml

import (
	"testing"

	"joule/internal/hostile"
)

// Whatever the input, Decode returns; and what it accepts survives a round trip.
func FuzzDecode(f *testing.F) {
	f.Add("", "")
	f.Add("fraction: .5\npen: {kind: flat, width: 2}\n", "pen.width=3")
	f.Add("labels: [\"a\\x00\", 'b', |\n", "extra={kind: square}")
	f.Add("shapes:\n- kind: point\n- kind: polygon\n  corners: [[0, 0], [1, 1], [2, 2]]\n", "shapes=[]")
	f.Add("? {a: b}\n: *c\n---\n!!d &e <<: f\n", "a.b.c=>\n x")
	f.Add("extends: x.yaml\n\tname: \xff\r\n", "==")
	f.Fuzz(func(t *testing.T, text, assignment string) {
		for _, fs := range []files{one(text), {"x.yaml": text}} {
			var decoded *drawing
			var err error
			content := []byte(text + assignment)
			hostile.Bounded(t, content, 2*bound, func() { decoded, err = decode(fs, assignment) })
			if err != nil {
				hostile.CheckError(t, content, ": ", err)
			} else if err := survives(decoded); err != nil {
				t.Fatal(err)
			}
		}
	})
}
