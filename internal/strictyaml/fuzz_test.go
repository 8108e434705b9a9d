package strictyaml

import (
	"reflect"
	"testing"
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
			decoded, err := decode(fs, assignment)
			if err != nil {
				continue
			}
			again, err := Encode(decoded, shapes())
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(files{"x.yaml": string(again)})
			if err != nil || !reflect.DeepEqual(got, decoded) {
				t.Fatalf("error %v\ngot  %+v\nwant %+v\nfrom\n%s", err, got, decoded, again)
			}
		}
	})
}
