package strictyaml

import (
	"math"
	"reflect"
	"testing"
)

func full() *drawing {
	no := false
	return &drawing{
		Name: "xla:cpu", Seed: math.MaxInt64, common: common{math.Nextafter(0.3, 1), true},
		Shape:  &polygon{Corners: [][]float64{{0, 0}, {1e-300, -1e21}, {}}, Weights: []float64{}, Fill: "none"},
		Cursor: &point{},
		Pen:    pen{"round", 3},
		Pens:   []pen{{"flat", 1}, {"round", 2}},
		Shapes: []shape{&point{}, &square{Side: math.SmallestNonzeroFloat64}},
		Frame:  &pen{"flat", 2},
		Opaque: &no,
		Labels: []string{"", "1", "true", "null", "a b", "x: y", "#", "\x00\t\u2028\U0001f600\"\\", "é", "-", "a:", "~"},
	}
}

func TestEncodeWritesKeysInOrder(t *testing.T) {
	got, err := Encode(full(), shapes())
	if err != nil {
		t.Fatal(err)
	}
	want := `name: xla:cpu
seed: 9223372036854775807
fraction: 0.30000000000000004
exact: true
shape:
  kind: polygon
  corners: [[0, 0], [1e-300, -1e+21], []]
  weights: []
  fill: none
cursor:
  kind: point
pen:
  kind: round
  width: 3
pens:
  - kind: flat
    width: 1
  - kind: round
    width: 2
shapes:
  - kind: point
  - kind: square
    side: 5e-324
frame:
  kind: flat
  width: 2
opaque: false
labels: ["", "1", "true", "null", "a b", "x: y", "#", "\x00\t\u2028😀\"\\", "é", "-", "a:", "~"]
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestDecodeUndoesEncode(t *testing.T) {
	type free struct { // without the rules that the value above breaks on purpose
		Name    string `yaml:"name"`
		Seed    int64  `yaml:"seed"`
		common  `yaml:",inline"`
		Cursor  shape    `yaml:"cursor"`
		Extra   shape    `yaml:"extra"`
		Pen     pen      `yaml:"pen"`
		Pens    []pen    `yaml:"pens"`
		Shapes  []shape  `yaml:"shapes"`
		Frame   *pen     `yaml:"frame"`
		Opaque  *bool    `yaml:"opaque"`
		Labels  []string `yaml:"labels"`
		Missing []string `yaml:"missing"`
		Empty   []pen    `yaml:"empty"`
	}
	f := full()
	want := &free{Name: f.Name, Seed: f.Seed, common: f.common, Cursor: f.Cursor, Pen: f.Pen, Pens: f.Pens, Shapes: f.Shapes,
		Frame: f.Frame, Opaque: f.Opaque, Labels: f.Labels, Empty: []pen{}}
	text, err := Encode(want, shapes())
	if err != nil {
		t.Fatal(err)
	}
	document, err := Load(files{"x.yaml": string(text)}.open, "x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := &free{}
	wantErrors(t, document.Decode(got, shapes()))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v\nfrom\n%s", got, want, text)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*drawing){
		"fraction: NaN is not finite":                  func(d *drawing) { d.Fraction = math.NaN() },
		"shape.corners[0][1]: +Inf is not finite":      func(d *drawing) { d.Shape = &polygon{Corners: [][]float64{{0, math.Inf(1)}}} },
		`labels[0]: "\xff" is not UTF-8`:               func(d *drawing) { d.Labels = []string{"\xff"} },
		"cursor: strictyaml.point is of no known kind": func(d *drawing) { d.Cursor = point{} },
	} {
		d := full()
		spoil(d)
		if _, err := Encode(d, shapes()); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}
