package datasets

import (
	"encoding/binary"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// npy puts an array together: version, header entries and data as given.
func npy(version byte, header string, data ...byte) []byte {
	content := append([]byte(npyMagic), version, 0)
	if version == 1 {
		content = binary.LittleEndian.AppendUint16(content, uint16(len(header)))
	} else {
		content = binary.LittleEndian.AppendUint32(content, uint32(len(header)))
	}
	return append(append(content, header...), data...)
}

func entries(descr, fortran, shape string) string {
	return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n"
}

func TestNPYTypes(t *testing.T) {
	little, big := binary.LittleEndian, binary.BigEndian
	for descr, c := range map[string]struct {
		data []byte
		want float64
	}{
		"<f4": {little.AppendUint32(nil, math.Float32bits(-1.5)), -1.5},
		">f4": {big.AppendUint32(nil, math.Float32bits(-1.5)), -1.5},
		"<f8": {little.AppendUint64(nil, math.Float64bits(math.Pi)), math.Pi},
		">f8": {big.AppendUint64(nil, math.Float64bits(math.Pi)), math.Pi},
		"|i1": {[]byte{0xfe}, -2},
		"<i1": {[]byte{0xfe}, -2},
		"<i2": {[]byte{0xfe, 0xff}, -2},
		">i2": {[]byte{0xff, 0xfe}, -2},
		"<i4": {little.AppendUint32(nil, 0xfffffffe), -2},
		">i4": {big.AppendUint32(nil, 0xfffffffe), -2},
		"<i8": {little.AppendUint64(nil, 1<<64-2), -2},
		">i8": {big.AppendUint64(nil, 1<<64-2), -2},
		"|u1": {[]byte{0xfe}, 254},
		"<u2": {[]byte{0xfe, 0xff}, 65534},
		">u2": {[]byte{0xff, 0xfe}, 65534},
		"<u4": {little.AppendUint32(nil, 0xfffffffe), 4294967294},
		">u4": {big.AppendUint32(nil, 0xfffffffe), 4294967294},
		"<u8": {little.AppendUint64(nil, 1<<60), 1 << 60},
		">u8": {big.AppendUint64(nil, 1<<60), 1 << 60},
	} {
		p, err := parseNPY("p.npy", npy(1, entries(descr, "False", "(1,)"), c.data...))
		if err != nil {
			t.Errorf("%s: %v", descr, err)
		} else if want := points([]float64{c.want}); !reflect.DeepEqual(p, want) {
			t.Errorf("%s: %v, want %v", descr, p, want)
		}
	}
}

func TestNPYOrderVersionAndHeader(t *testing.T) {
	c := points([]float64{1, 2, 3}, []float64{4, 5, 6})
	for what, content := range map[string][]byte{
		"C order":       npy(1, entries("|u1", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6),
		"Fortran order": npy(1, entries("|u1", "True", "(2, 3)"), 1, 4, 2, 5, 3, 6),
		"version 2":     npy(2, entries("|u1", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6),
		"version 3":     npy(3, entries("|u1", "False", "(2, 3)"), 1, 2, 3, 4, 5, 6),
		"another order": npy(1, `{"shape":(2,3),"descr":"|u1","fortran_order":False}`, 1, 2, 3, 4, 5, 6),
	} {
		p, err := parseNPY("p.npy", content)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !reflect.DeepEqual(p, c) {
			t.Errorf("%s: %v, want %v", what, p, c)
		}
	}
}

// The columns of an array can be chosen, be categories, and miss values.
func TestNPYTable(t *testing.T) {
	s := NewNPY()
	s.Path, s.TestFraction = filepath.Join(t.TempDir(), "p.npy"), 0
	if err := WriteNPY(s.Path, points([]float64{1, 7, 0, 5}, []float64{2, 10, 1, 5}, []float64{math.NaN(), 7, 1, 5}), Float32); err != nil {
		t.Fatal(err)
	}
	s.Missing, s.Categorical, s.Label, s.Constant = "mean", []string{"x1"}, "x2", "drop"
	set := mustLoad(t, s, 0)
	if got, want := inOrder(set.Train), "[1 1 0] [1.5 1 0] [2 0 1]"; got != want || !slices.Equal(set.Columns, []string{"x0", "x1=7", "x1=10"}) {
		t.Errorf("points %s of %v, want %s", got, set.Columns, want)
	}
	for i, class := range set.Labels.Train {
		if want := map[float64]string{1: "0", 2: "1", 1.5: "1"}[set.Train.Row(i)[0]]; set.Labels.Classes[class] != want {
			t.Errorf("point %v has class %d of %v", set.Train.Row(i), class, set.Labels.Classes)
		}
	}
}

func TestNPYRefused(t *testing.T) {
	eight := make([]byte, 8)
	nan := binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.NaN()))
	inf := binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.Inf(-1))))
	wantHeader := ", want {'descr': '<f8', 'fortran_order': False, 'shape': (N, D)} with a plain number type"
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{nil, "the file is empty, want an NPY array"},
		{[]byte("a,b\n1,2\n"), `the file starts with "a,b\n1,", want the NPY signature "\x93NUMPY"`},
		{[]byte(npyMagic), "the file is truncated within its first 8 bytes"},
		{npy(4, entries("<f8", "False", "(1,)"), eight...), "NPY version 4.0, want 1.0, 2.0 or 3.0"},
		{npy(1, "")[:9], "the file is truncated within the length of its header"},
		{npy(1, entries("<f8", "False", "(1,)"))[:20], "the file is truncated: 10 bytes of a header of 58"},
		{npy(1, entries("<f8", "False", "(2, 3)"), slices.Repeat(eight, 5)...),
			"the file is truncated: it holds 5 whole values of type <f8, shape (2, 3) needs more"},
		{npy(1, entries("<f8", "False", "(4000000000, 4000000000)"), eight...),
			"the file is truncated: it holds 1 whole values of type <f8, shape (4000000000, 4000000000) needs more"},
		{npy(1, entries("<f8", "False", "(1, 9223372036854775807)"), eight...),
			"the file is truncated: it holds 1 whole values of type <f8, shape (1, 9223372036854775807) needs more"},
		{npy(1, entries("<f8", "False", "(1, 1)"), slices.Repeat(eight, 2)...),
			"8 bytes follow the last of 1×1 values of type <f8, want none"},
		{npy(1, entries("<f8", "False", "(99999999999999999999, 1)")),
			"shape (99999999999999999999, 1), want (N, D) with N and D positive"},
		{npy(1, entries("<f8", "False", "(0, 2)")), "shape (0, 2), want (N, D) with N and D positive"},
		{npy(1, entries("<f8", "False", "()"), eight...), "shape (), want (N, D) or (N,)"},
		{npy(1, entries("<f8", "False", "(1, 1, 1)"), eight...), "shape (1, 1, 1), want (N, D) or (N,); data of kind npz are images, in .npy files too"},
		{npy(1, entries("<f8", "False", "(1,,1)"), eight...), "shape (1,,1), want (N, D) with N and D positive"},
		{npy(1, entries("<c16", "False", "(1,)"), eight...),
			`values of type "<c16", want f4, f8, i1, i2, i4, i8, u1, u2, u4 or u8 after < or >`},
		{npy(1, entries("|f8", "False", "(1,)"), eight...),
			`values of type "|f8", want f4, f8, i1, i2, i4, i8, u1, u2, u4 or u8 after < or >`},
		{npy(1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", eight...),
			`header "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}"` + wantHeader},
		{npy(1, "{'descr': '<f8', 'fortran_order': False}", eight...),
			`header "{'descr': '<f8', 'fortran_order': False}"` + wantHeader},
		{npy(1, "{'descr': '<f8', 'fortran_order': maybe, 'shape': (1,)}", eight...),
			`header "{'descr': '<f8', 'fortran_order': maybe, 'shape': (1,)}"` + wantHeader},
		{npy(1, entries("<f8", "False", "(1, 2)"), slices.Concat(eight, nan)...),
			`row 1, column "x1": the value is missing, want a value; missing says what to do about it: drop, mean or median`},
		{npy(1, entries("<f4", "True", "(2, 1)"), slices.Concat(eight[:4], inf)...),
			`row 2, column "x0": -Inf is not a finite number of single precision`},
	} {
		_, err := parseNPY("p.npy", c.content)
		wantError(t, err, "p.npy: "+c.want)
	}
}

// Every prefix of a file is an error, and so is one byte more.
func TestNPYTruncatedAnywhere(t *testing.T) {
	whole := npy(1, entries("<f4", "False", "(3, 2)"), make([]byte, 24)...)
	if _, err := parseNPY("p.npy", whole); err != nil {
		t.Fatal(err)
	}
	for length := range whole {
		_, err := parseNPY("p.npy", whole[:length])
		wantErrorContaining(t, err, "p.npy: the file ")
	}
	_, err := parseNPY("p.npy", append(slices.Clone(whole), 0))
	wantErrorContaining(t, err, "1 bytes follow")
}

func FuzzNPY(f *testing.F) {
	f.Add(npy(1, entries("<f8", "False", "(1, 1)"), make([]byte, 8)...))
	f.Add(npy(2, entries(">f4", "True", "(2, 1)"), make([]byte, 8)...))
	f.Add(npy(3, entries("|u1", "True", "(2, 3)"), 1, 2, 3, 4, 5, 6))
	f.Add(npy(1, entries("<i8", "False", "(4000000000, 4000000000)")))
	f.Add(npy(1, strings.Repeat("{", 50)))
	f.Fuzz(func(t *testing.T, content []byte) {
		var p Points
		var err error
		hostile.Bounded(t, content, bound, func() { p, err = parseNPY("p.npy", content) })
		if err != nil {
			hostile.CheckError(t, content, "p.npy: ", err)
		} else {
			checkNPY(t, p, content)
		}
	})
}
