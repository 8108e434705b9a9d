package strictyaml

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// bound is how many bytes may be allocated for each of a file: the lexer makes a token of several hundred bytes of every
// sign.
const bound = 2500

// wholeDrawing is a drawing with a value for every kind of key.
const wholeDrawing = `# a drawing
name: "a\tname"
seed: 12
fraction: .5
exact: true
shape: {kind: square, side: 2e4}
extra:
  kind: polygon
  corners: [[0, 0], [1, 1.5e-3], [-2, 2]]
  weights: [0.5, 1, 1]
  fill: 'none'
pen: {kind: flat, width: 3}
pens:
  - kind: round
    width: 1
  - {kind: flat, width: 2}
shapes:
- kind: point
- kind: square
  side: 1
`

// survives reports settings that do not come back from their YAML.
func survives(decoded *drawing) error {
	text, err := Encode(decoded, shapes())
	if err != nil {
		return fmt.Errorf("encoding %+v: %w", decoded, err)
	}
	again, err := decode(files{"x.yaml": string(text)})
	if err != nil || !reflect.DeepEqual(again, decoded) {
		return fmt.Errorf("error %v\ngot  %+v\nwant %+v\nfrom\n%s", err, again, decoded, text)
	}
	return nil
}

func TestHostileFiles(t *testing.T) {
	if _, err := decode(files{"x.yaml": wholeDrawing}); err != nil {
		t.Fatal(err)
	}
	read := func(content []byte) error {
		decoded, err := decode(files{"x.yaml": string(content)})
		if err == nil && survives(decoded) != nil {
			t.Error(survives(decoded))
		}
		return err
	}
	hostile.Check(t, "x.yaml:", bound, read, []byte(wholeDrawing), []byte("name: a\nshape: {kind: point}\n"))
}

func TestHostileAssignments(t *testing.T) {
	read := func(content []byte) error {
		decoded, err := decode(files{"x.yaml": wholeDrawing}, string(content))
		if err == nil && survives(decoded) != nil {
			t.Error(survives(decoded))
		}
		return err
	}
	hostile.Check(t, "--set ", bound, read, []byte("extra.corners=[[0, 0], [1, 1], [2, 2]]"), []byte("pen={kind: flat, width: 3}"), []byte("pen.width=2"))
}

// What repeats within the limits takes memory and time in proportion, whatever it is.
func TestRepetitions(t *testing.T) {
	for _, c := range []struct{ start, repeated, end string }{
		{"a: [", "1,", "1]"}, {"a:\n", "- 1\n", ""}, {"a: [", "[],", "1]"}, {"a: ", "]", ""}, {"a: ", "x\n ", ""},
		{"a: >\n x\n", "\n", ""}, {"a: |\n x\n", "\r", ""}, {"a: |+\n x\n", " \n", "b: 1"}, {"", "a: 1\n", ""}, {"", "- ", ""},
		{"a: \"", "\t", ""}, {"a: \"", "x\t", "\""}, {"", "<", ""}, {"a: 1 # ", "<", ""}, {"a: ", "&", ""}, {"", "%", ""}, {"", "!\n", ""},
		{"", "\xff\n", ""}, {"", "\ta\n", ""}, {"a: 1", "0", ""}, {strings.Repeat("k", 8000) + ": [", "1,", "1]"},
		{strings.Repeat("k", 8000) + ":\n", " a: 1\n", ""}, {"a: " + strings.Repeat("]", 8000), "[", ""}, {"extends: ", "x", ""},
	} {
		text := c.start + strings.Repeat(c.repeated, 16000/len(c.repeated)) + c.end
		hostile.Bounded(t, []byte(text), bound, func() {
			if _, err := decode(one(text)); err == nil {
				t.Errorf("%.40q is accepted", text)
			} else {
				hostile.CheckError(t, []byte(text), "x.yaml:", err)
			}
		})
	}
}

// A file that extends names is not shown to be what it is.
func TestForeignFilesAreNotShown(t *testing.T) {
	for _, foreign := range []string{
		"root:x:0:0:secret:/root:/bin/sh\nnobody:x:1:1::/:/bin/false\n", "secret", "secret=1\nother=2\n", "a: |secret \"secret\"\n", "[secret]\nkey = 1\n", "12secret", "\"secret",
	} {
		_, err := decode(files{"x.yaml": "extends: y.yaml\nname: a\n", "y.yaml": foreign})
		if err == nil || !strings.Contains(err.Error(), "y.yaml:") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v", foreign, err)
		}
	}
}

// Whatever the assignments, they decode or are refused.
func FuzzSet(f *testing.F) {
	f.Add("pen.width=3", "extra={kind: square}")
	f.Add("shapes=[]", "a.b.c=>\n x")
	f.Add("==", "pens=[{width: 1}]")
	f.Add("extra.corners=[[0, 0], [1, 1], [2, 2]]", "extra.kind=square")
	f.Fuzz(func(t *testing.T, first, second string) {
		var decoded *drawing
		var err error
		content := []byte(wholeDrawing + first + second)
		hostile.Bounded(t, content, bound, func() { decoded, err = decode(files{"x.yaml": wholeDrawing}, first, second) })
		if err != nil {
			hostile.CheckError(t, content, "--set ", err)
		} else if err := survives(decoded); err != nil {
			t.Fatal(err)
		}
	})
}
