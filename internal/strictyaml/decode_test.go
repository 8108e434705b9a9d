package strictyaml

import (
	"reflect"
	"testing"
)

func TestDecodeGivesEveryType(t *testing.T) {
	got, err := decode(files{"x.yaml": `
name: a # a comment
seed: 2e4
fraction: .5
exact: true
shape:
  kind: polygon
  corners: [[0, 0], [1, -1e-3], [+2, 7.25]]
  weights:
    - 0.5
    - 1
    - 1.0
pen: {width: 3}
pens: [{kind: flat, width: 1}]
shapes:
  - kind: point
  - {kind: square, side: 4}
frame: {kind: flat, width: 2}
opaque: false
labels: ["1", 'b c', é]
`})
	wantErrors(t, err)
	no := false
	want := &drawing{
		Name: "a", Seed: 20000, common: common{0.5, true},
		Shape:  &polygon{Corners: [][]float64{{0, 0}, {1, -0.001}, {2, 7.25}}, Weights: []float64{0.5, 1, 1}, Fill: "none"},
		Cursor: &square{Side: 2},
		Pen:    pen{"round", 3},
		Pens:   []pen{{"flat", 1}},
		Shapes: []shape{&point{}, &square{Side: 4}},
		Frame:  &pen{"flat", 2},
		Opaque: &no,
		Labels: []string{"1", "b c", "é"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeReportsAllErrorsInOrder(t *testing.T) {
	_, err := decode(files{"x.yaml": `seed: -1
shape:
  kind: polygon
  corners: [[0, 0], [1]]
  wieghts: [1]
  fill: slid
  fill: none
pen:
  width: 1.5
labels: [ok, é, toolong, 7]
colour: red
`})
	wantErrors(t, err,
		"x.yaml:1:1: name: is missing; give it a value",
		"x.yaml:1:7: seed: -1 is negative",
		"x.yaml:4:21: shape.corners[1]: has 1 entry, which is not at least 2",
		`x.yaml:5:3: shape.wieghts: unknown key; did you mean "weights"?`,
		`x.yaml:6:9: shape.fill: "slid" is unknown; did you mean "solid"?`,
		"x.yaml:7:3: shape.fill: duplicate key; it is given on line 6 already",
		"x.yaml:9:10: pen.width: found 1.5; a whole number is needed",
		"x.yaml:10:17: labels[2]: has 7 characters, which is not at most 5",
		"x.yaml:10:26: labels[3]: found 7; text is needed; put quotes around it",
		"x.yaml:11:1: colour: unknown key; known: name, seed, fraction, exact, shape, cursor, extra, pen, pens, shapes, frame, opaque, labels",
	)
}

func TestDecodeNamesWhatWasFound(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"seed: many", `x.yaml:3:7: seed: found the text "many"; a whole number is needed`},
		{`seed: "5"`, `x.yaml:3:7: seed: found the text "5"; a whole number is needed`},
		{"seed: 1_000", `x.yaml:3:7: seed: found the text "1_000"; a whole number is needed`},
		{"seed: 0x10", `x.yaml:3:7: seed: found the text "0x10"; a whole number is needed`},
		{"seed: 99999999999999999999", `x.yaml:3:7: seed: found 99999999999999999999; a whole number is needed`},
		{"seed: 1e300", `x.yaml:3:7: seed: found 1e300; a whole number is needed`},
		{"seed: [1]", `x.yaml:3:7: seed: found a list; a whole number is needed`},
		{"seed:", `x.yaml:3:1: seed: found nothing; a whole number is needed`},
		{"seed: ~", `x.yaml:3:1: seed: found nothing; a whole number is needed`},
		{"fraction: .nan", `x.yaml:3:11: fraction: found the text ".nan"; a number is needed`},
		{"fraction: .inf", `x.yaml:3:11: fraction: found the text ".inf"; a number is needed`},
		{"fraction: 1e999", `x.yaml:3:11: fraction: found 1e999; a number within the range of a float64 is needed`},
		{"fraction: {a: 1}", `x.yaml:3:11: fraction: found a map; a number is needed`},
		{"fraction: 1.5", `x.yaml:3:11: fraction: 1.5 is not in [0, 1)`},
		{"exact: yes", `x.yaml:3:8: exact: found the text "yes"; true or false is needed`},
		{"exact: 1", `x.yaml:3:8: exact: found 1; true or false is needed`},
		{"labels: a", `x.yaml:3:9: labels: found the text "a"; a list is needed`},
		{"labels: [toolong]", `x.yaml:3:10: labels[0]: has 7 characters, which is not at most 5`},
		{"labels: [true]", `x.yaml:3:10: labels[0]: found true; text is needed; put quotes around it`},
		{"pen: flat", `x.yaml:3:6: pen: found the text "flat"; a map of keys and values is needed`},
		{"pen: {kind: flat, width: 0}", `x.yaml:3:26: pen.width: 0 is not positive`},
		{"frame: {kind: flat}", `x.yaml:3:1: frame.width: is missing; a number above 0 is needed`},
		{"frame: {width: 1}", `x.yaml:3:1: frame.kind: is missing; known: round, flat`},
		{"frame:", `x.yaml:3:1: frame: found nothing; a map of keys and values is needed`},
		{"pens: [{kind: flat, widht: 3, width: 1}]", `x.yaml:3:21: pens[0].widht: unknown key; did you mean "width"?`},
		{"extra: square", `x.yaml:3:8: extra: found the text "square"; a map with a kind is needed, one of: point, polygon, square`},
		{"extra: {side: 1}", `x.yaml:3:1: extra.kind: is missing; known: point, polygon, square`},
		{"extra: {kind: sqare}", `x.yaml:3:15: extra.kind: "sqare" is unknown; did you mean "square"?`},
		{"extra: {kind: hexagon}", `x.yaml:3:15: extra.kind: "hexagon" is unknown; known: point, polygon, square`},
		{"extra: {kind: [a]}", `x.yaml:3:15: extra.kind: found a list; a name is needed, one of: point, polygon, square`},
		{"extra: {kind: polygon}", `x.yaml:3:1: extra.corners: is missing; its length has to be at least 3`},
		{"extra: {kind: point, side: 1}", `x.yaml:3:22: extra.side: unknown key; known: kind`},
		{"extra: {knd: point}", `x.yaml:3:1: extra.kind: is missing; known: point, polygon, square`},
	} {
		_, err := decode(one(c.text))
		wantErrors(t, err, c.want)
	}
}

func TestDecodeAsksForRequiredSections(t *testing.T) {
	_, err := decode(files{"x.yaml": "name: ''\n"})
	wantErrors(t, err,
		"x.yaml:1:1: shape: is missing; a map with a kind is needed, one of: point, polygon, square",
		"x.yaml:1:7: name: is empty")
}

func TestDecodeKeepsTheDefaultKind(t *testing.T) {
	for text, want := range map[string]shape{
		"":                        &square{Side: 2},
		"cursor: {side: 5}":       &square{Side: 5},
		"cursor: {kind: square}":  &square{Side: 2}, // the default of this section, not of its kind
		"cursor: {kind: point}":   &point{},
		"cursor: {kind: 'point'}": &point{},
	} {
		got, err := decode(one(text))
		wantErrors(t, err)
		if !reflect.DeepEqual(got.Cursor, want) {
			t.Errorf("%q: got %+v, want %+v", text, got.Cursor, want)
		}
	}
}

func TestCheckReportsAtTheKey(t *testing.T) {
	const corners = "shape: {kind: polygon, corners: [[0, 0], [1, 0], [0, 1]], "
	_, err := decode(files{"x.yaml": "name: n\n" + corners + "weights: [1, 1], fill: solid}\n"})
	wantErrors(t, err,
		"x.yaml:2:1: shape: a solid polygon has no weights",
		"x.yaml:2:68: shape.weights: has 2 entries for 3 corners")
	_, err = decode(files{"x.yaml": "name: n\n" + corners + "weights: [1, 2]}\n"})
	wantErrors(t, err, "x.yaml:2:72: shape.weights[1]: 2 is not in (0, 1]")
}

func TestExtraChecksSeeEverySection(t *testing.T) {
	document, err := Load(one("pen: {width: 3}").open, "x.yaml")
	wantErrors(t, err)
	err = document.Decode(newDrawing(), shapes(), func(section any, report func(key, problem string)) {
		switch section.(type) {
		case *pen:
			report("width", "too broad")
		case *square:
			report("side", "too long")
		}
	})
	wantErrors(t, err,
		"x.yaml:1:1: cursor.side: too long",
		"x.yaml:3:14: pen.width: too broad")
}
