package datasets

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// NPY reads points from a file of NumPy's array format, shape [N, D], or [N] for N points of one coordinate.
//
// Versions 1 to 3 of the format, C and Fortran order, and real numbers of the types f4, f8, i1 to i8 and u1 to u8 in
// either byte order are accepted. Source: the NumPy manual, numpy.lib.format.
type NPY struct {
	FileData    `yaml:",inline"`
	Preparation `yaml:",inline"`
	Table       `yaml:",inline"`

	// Stream reads the file while it is trained on; nil reads all of it into memory.
	Stream *Streaming `yaml:"stream"`
}

// NewNPY returns the default settings.
func NewNPY() *NPY { return &NPY{Preparation: defaultPreparation, Table: defaultTable} }

// Check reports what is wrong across the keys.
func (s *NPY) Check(report func(key, problem string)) {
	s.Table.Check(report)
	s.Stream.suits(s.Table, report)
}

// Load reads the file.
func (s *NPY) Load(env Env) (*Set, error) {
	if s.Stream != nil {
		return s.Stream.load(env, s.FileData, s.Preparation, func(path string, _ []string) (shard, error) {
			return openNPYShard(path, s.Columns)
		})
	}
	content, name, err := readFile(s.Path, env.Dir)
	if err != nil {
		return nil, err
	}
	t, err := readNPY(name, content, s.layout)
	if err != nil {
		return nil, err
	}
	return s.Table.load(t, s.FileData, s.Preparation, env.Seed)
}

const (
	npyMagic     = "\x93NUMPY"
	npyMaxHeader = 10000 // bytes; NumPy has the same bound
	npyMaxRank   = 4     // that of images in color
)

// readNPY reads an NPY file; name is what errors call it.
func readNPY(name string, content []byte, of layout) (*table, error) {
	header, data, err := splitNPY(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	array, err := parseNPYHeader(header)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := array.checkSize(name, int64(len(data))); err != nil {
		return nil, err
	}
	n, dim, size := array.n, array.dim, array.size
	t, err := of(name, unnamed(dim), false)
	if err != nil {
		return nil, err
	}
	columns := t.all()
	for _, c := range columns {
		c.isSure = true
	}
	for i := range n {
		t.place = func() string { return fmt.Sprintf("%s: row %d, ", name, i+1) }
		for _, c := range columns {
			k := i*dim + c.at
			if array.fortran {
				k = c.at*n + i
			}
			if err := t.addValue(c, array.value(data[k*size:])); err != nil {
				return nil, err
			}
		}
	}
	return t, t.finish()
}

// representable reports whether a value survives on devices that compute in single precision.
func representable(x float64) bool { return math.Abs(x) <= math.MaxFloat32 }

// splitNPY returns the header, a Python dictionary as text, and the bytes of the array.
func splitNPY(content []byte) (header string, data []byte, err error) {
	if len(content) == 0 {
		return "", nil, fmt.Errorf("the file is empty, want an NPY array")
	}
	if !bytes.HasPrefix(content, []byte(npyMagic)) {
		return "", nil, fmt.Errorf("the file starts with %q, want the NPY signature %q",
			content[:min(len(content), len(npyMagic))], npyMagic)
	}
	rest := content[len(npyMagic):]
	if len(rest) < 2 {
		return "", nil, fmt.Errorf("the file is truncated within its first %d bytes", len(npyMagic)+2)
	}
	version, lengthSize := rest[0], 4
	if version < 1 || version > 3 || rest[1] != 0 {
		return "", nil, fmt.Errorf("NPY version %d.%d, want 1.0, 2.0 or 3.0", rest[0], rest[1])
	}
	if version == 1 {
		lengthSize = 2
	}
	rest = rest[2:]
	if len(rest) < lengthSize {
		return "", nil, fmt.Errorf("the file is truncated within the length of its header")
	}
	var length uint64
	for i := range lengthSize {
		length |= uint64(rest[i]) << (8 * i)
	}
	rest = rest[lengthSize:]
	if length > npyMaxHeader {
		return "", nil, fmt.Errorf("a header of %d bytes, want at most %d", length, npyMaxHeader)
	}
	if uint64(len(rest)) < length {
		return "", nil, fmt.Errorf("the file is truncated: %d bytes of a header of %d", len(rest), length)
	}
	return string(rest[:length]), rest[length:], nil
}

// npyArray says how the bytes of an array are to be read.
type npyArray struct {
	descr, shape string // as written in the header
	sizes        []int  // the shape
	n, dim       int    // of a table: of no more than two sizes
	size         int    // bytes of a value
	fortran      bool
	value        func([]byte) float64
}

// checkSize reports so many bytes of data that are not those of the array; name is what errors call the file.
func (a npyArray) checkSize(name string, data int64) error {
	n, dim, size := int64(a.n), int64(a.dim), int64(a.size)
	// Divisions rather than a product, which an absurd shape would overflow.
	if values := data / size; dim > values || n > values/dim {
		return fmt.Errorf("%s: the file is truncated: it holds %d whole values of type %s, shape %.60s needs more",
			name, values, a.descr, a.shape)
	}
	if extra := data - n*dim*size; extra > 0 {
		return fmt.Errorf("%s: %d bytes follow the last of %d×%d values of type %s, want none", name, extra, n, dim, a.descr)
	}
	return nil
}

// The entries of the header may come in any order; what is left without them must be empty.
var (
	npyDescr   = regexp.MustCompile(`['"]descr['"]\s*:\s*['"]([^'"]*)['"]`)
	npyFortran = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	npyShape   = regexp.MustCompile(`['"]shape['"]\s*:\s*(\([\d\s,]*\))`)
	npyRest    = regexp.MustCompile(`^\s*\{\s*,\s*,\s*,?\s*\}\s*$`)
)

// parseNPYHeader reads the header of a table.
func parseNPYHeader(header string) (npyArray, error) {
	a, err := parseArrayHeader(header, false)
	if err == nil && len(a.sizes) > 2 {
		return a, fmt.Errorf("shape %.60s, want (N, D) or (N,); data of kind npz are images, in .npy files too", a.shape)
	}
	return a, err
}

// parseArrayHeader reads the header of an array, which may be a single number, without axes, where numbers is set.
func parseArrayHeader(header string, numbers bool) (npyArray, error) {
	rest := header
	take := func(entry *regexp.Regexp) string {
		at := entry.FindStringSubmatchIndex(rest)
		if at == nil {
			return ""
		}
		value := rest[at[2]:at[3]]
		rest = rest[:at[0]] + rest[at[1]:]
		return value
	}
	array := npyArray{descr: take(npyDescr), fortran: take(npyFortran) == "True", shape: strings.Join(strings.Fields(take(npyShape)), " ")}
	if !npyRest.MatchString(rest) {
		return array, fmt.Errorf("header %.200q, want {'descr': '<f8', 'fortran_order': False, 'shape': (N, D)} "+
			"with a plain number type", header)
	}
	if numbers && array.shape == "()" {
		return array, array.parseType()
	}
	if err := array.parseShape(); err != nil {
		return array, err
	}
	return array, array.parseType()
}

func (a *npyArray) parseShape() error {
	inner := strings.TrimSpace(strings.Trim(a.shape, "()"))
	lengths := strings.Split(strings.TrimSuffix(inner, ","), ",")
	if inner == "" || len(lengths) > npyMaxRank {
		return fmt.Errorf("shape %.60s, want (N, D) or (N,)", a.shape)
	}
	for _, length := range lengths {
		size, err := strconv.Atoi(strings.TrimSpace(length))
		if err != nil || size < 1 {
			return fmt.Errorf("shape %.60s, want (N, D) with N and D positive", a.shape)
		}
		a.sizes = append(a.sizes, size)
	}
	a.n, a.dim = a.sizes[0], 1 // [N] is [N, 1]
	if len(a.sizes) > 1 {
		a.dim = a.sizes[1]
	}
	return nil
}

func (a *npyArray) parseType() error {
	order := binary.ByteOrder(binary.LittleEndian)
	kind := strings.TrimLeft(a.descr, "<>|=")
	switch prefix := strings.TrimSuffix(a.descr, kind); {
	case prefix == ">":
		order = binary.BigEndian
	case prefix == "|" && strings.HasSuffix(kind, "1"), prefix == "<":
	default:
		kind = ""
	}
	switch kind {
	case "f4":
		a.value = func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
	case "f8":
		a.value = func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	case "i1":
		a.value = func(b []byte) float64 { return float64(int8(b[0])) }
	case "i2":
		a.value = func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
	case "i4":
		a.value = func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
	case "i8":
		a.value = func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
	case "u1":
		a.value = func(b []byte) float64 { return float64(b[0]) }
	case "u2":
		a.value = func(b []byte) float64 { return float64(order.Uint16(b)) }
	case "u4":
		a.value = func(b []byte) float64 { return float64(order.Uint32(b)) }
	case "u8":
		a.value = func(b []byte) float64 { return float64(order.Uint64(b)) }
	default:
		return fmt.Errorf("values of type %.20q, want f4, f8, i1, i2, i4, i8, u1, u2, u4 or u8 after < or >", a.descr)
	}
	a.size = int(kind[1] - '0')
	return nil
}
