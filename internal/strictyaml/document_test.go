package strictyaml

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestExtendsMergesMapsAndReplacesLists(t *testing.T) {
	got, err := decode(files{
		"x.yaml":    "extends: base.yaml\nname: child\npen: {width: 7}\nlabels: [c]\n",
		"base.yaml": "extends: root.yaml\nname: base\nlabels: [a, b]\n",
		"root.yaml": "seed: 3\nshape: {kind: square, side: 9}\npen: {kind: flat, width: 2}\n",
	})
	wantErrors(t, err)
	want := newDrawing()
	want.Name, want.Seed, want.Shape, want.Pen, want.Labels = "child", 3, &square{9}, pen{"flat", 7}, []string{"c"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestExtendsDropsTheKeysOfAnotherKind(t *testing.T) {
	base := "name: n\nshape: {kind: square, side: 9}\n"
	for child, want := range map[string]shape{
		"shape: {kind: point}":  &point{},
		"shape: {kind: square}": &square{9},
		"shape: {side: 8}":      &square{8},
	} {
		got, err := decode(files{"x.yaml": "extends: b\n" + child, "b": base})
		wantErrors(t, err)
		if !reflect.DeepEqual(got.Shape, want) {
			t.Errorf("%s: got %+v, want %+v", child, got.Shape, want)
		}
	}
}

func TestExtendsNamesTheFileOfEachError(t *testing.T) {
	_, err := decode(files{
		"x.yaml": "extends: b\nname: n\npen:\n  kind: falt\nshape: {kind: polygon}\n",
		"b":      "sede: 1\npen:\n  width: -1\n",
	})
	wantErrors(t, err,
		`x.yaml:4:9: pen.kind: "falt" is unknown; did you mean "flat"?`,
		"x.yaml:5:1: shape.corners: is missing; its length has to be at least 3",
		`b:1:1: sede: unknown key; did you mean "seed"?`,
		"b:3:10: pen.width: -1 is not positive")
}

func TestExtendsErrors(t *testing.T) {
	deep := files{}
	for i := range 20 {
		deep[fmt.Sprint(i)] = fmt.Sprintf("extends: \"%d\"", i+1)
	}
	deep["x.yaml"] = "extends: '0'"
	for want, fs := range map[string]files{
		"x.yaml:1:10: extends: gone.yaml: file does not exist":                                                                {"x.yaml": "extends: gone.yaml"},
		"x.yaml:1:10: extends: goes round in a circle: x.yaml extends x.yaml":                                                 {"x.yaml": "extends: x.yaml"},
		"b:2:10: extends: goes round in a circle: x.yaml extends b extends x.yaml":                                            {"x.yaml": "extends: b", "b": "\nextends: x.yaml"},
		"x.yaml:1:10: extends: found a list; the name of a file is needed":                                                    {"x.yaml": "extends: [a]"},
		"x.yaml:1:1: extends: found nothing; the name of a file is needed":                                                    {"x.yaml": "extends:"},
		"14:1:10: extends: is one of more than 16 files that extend each other":                                               deep,
		"b:1:1: is empty; a map of keys and values is needed":                                                                 {"x.yaml": "extends: b", "b": ""},
		"b:1:1: found a list; a map of keys and values is needed":                                                             {"x.yaml": "extends: b", "b": "- 1"},
		"x.yaml:2:1: name: duplicate key; it is given on line 1 already\nb:1:1: is empty; a map of keys and values is needed": {"x.yaml": "name: a\nname: b\nextends: b", "b": ""},
	} {
		_, err := decode(fs)
		wantErrors(t, err, want)
	}
}

func TestOpenFileIsRelativeToTheExtendingFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	write("base.yaml", "name: base\nshape: {kind: point}\n")
	write("sub/x.yaml", "extends: ../base.yaml\n")
	write("large.yaml", "name: "+strings.Repeat("x", maxBytes))
	document, err := Load(OpenFile, filepath.Join(dir, "sub", "x.yaml"))
	wantErrors(t, err)
	into := newDrawing()
	wantErrors(t, document.Decode(into, shapes()))
	if into.Name != "base" {
		t.Errorf("got name %q, want base", into.Name)
	}
	large := filepath.Join(dir, "large.yaml")
	_, err = Load(OpenFile, large)
	wantErrors(t, err, large+":1:1: is larger than 262144 bytes")
	if _, err = Load(OpenFile, filepath.Join(dir, "gone.yaml")); !os.IsNotExist(err) {
		t.Errorf("got error %v, want one of a file that does not exist", err)
	}
}

func TestSetOverridesAndChecksAlike(t *testing.T) {
	got, err := decode(one("pen: {kind: flat, width: 2}"),
		"seed=7", "pen.width=5", "extra.kind=square", "extra.side=1e-3", "labels=[x, y]", "opaque=true",
		"shape={kind: polygon, corners: [[0,0],[1,1],[2,2]]}", "shape.fill=solid")
	wantErrors(t, err)
	yes := true
	want := newDrawing()
	want.Name, want.Seed, want.Pen, want.Extra, want.Labels, want.Opaque = "n", 7, pen{"flat", 5}, &square{1e-3}, []string{"x", "y"}, &yes
	want.Shape = &polygon{Corners: [][]float64{{0, 0}, {1, 1}, {2, 2}}, Fill: "solid"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSetOfAKindDropsTheKeysSetBefore(t *testing.T) {
	_, err := decode(one("extra: {kind: square, side: 3}"), "extra.side=4", "extra.kind=point")
	wantErrors(t, err)
	_, err = decode(one("extra: {kind: square, side: 3}"), "extra.kind=point", "extra.side=4")
	wantErrors(t, err, "--set extra.side=4: unknown key; known: kind")
	_, err = decode(one("extra: {kind: square, side: 3}"), "extra.kind=polygon")
	wantErrors(t, err, "--set extra.kind=polygon: extra.corners: is missing; its length has to be at least 3")
}

func TestSetErrors(t *testing.T) {
	for assignment, want := range map[string]string{
		"pen.width=-1":   "--set pen.width=-1: -1 is not positive",
		"pen.width=a":    `--set pen.width=a: found the text "a"; a whole number is needed`,
		"pen.width=":     "--set pen.width=: found nothing; a whole number is needed",
		"pen.widht=1":    `--set pen.widht=1: unknown key; did you mean "width"?`,
		"pen={width: 0}": "--set pen={width: 0}: pen.width: 0 is not positive",
		"seed.x=1":       "--set seed.x=1: seed: found a map; a whole number is needed",
		"labels=[a, 1]":  "--set labels=[a, 1]: labels[1]: found 1; text is needed; put quotes around it",
		"pen":            "--set pen: has no value; write KEY=VALUE",
		"=1":             `--set =1: "" is not a key; write it as in method.sigma`,
		"pen..width=1":   `--set pen..width=1: "pen..width" is not a key; write it as in method.sigma`,
		"seed=[1":        "--set seed=[1: sequence end token ']' not found",
		"seed=*a":        "--set seed=*a: aliases (*) are not supported; write the value out",
		"pen={kind: a, kind: b}": "--set pen={kind: a, kind: b}: kind: duplicate key; it is given on line 1 already\n" +
			`--set pen={kind: a, kind: b}: pen.kind: "a" is unknown; known: round, flat`,
	} {
		_, err := decode(one(""), assignment)
		wantErrors(t, err, want)
	}
}

func TestErrorsOfFilesComeBeforeThoseOfAssignments(t *testing.T) {
	_, err := decode(one("seed: -2"), "pen.width=0", "fraction=1")
	wantErrors(t, err,
		"x.yaml:3:7: seed: -2 is negative",
		"--set pen.width=0: 0 is not positive",
		"--set fraction=1: 1 is not in [0, 1)")
}

func TestErrorsAreCounted(t *testing.T) {
	var text strings.Builder
	for i := range 60 {
		fmt.Fprintf(&text, "unknown%d: 1\n", i)
	}
	_, err := decode(one(text.String()))
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 51 || lines[50] != "and 10 more" {
		t.Errorf("got %d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
