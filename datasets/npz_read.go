package datasets

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

// arrays is a file of NumPy's arrays: an .npz file, which is a zip file of .npy files, or one .npy file.
type arrays struct {
	name    string
	names   []string // of the arrays of an .npz file
	members map[string]*zip.File
	single  []byte // the content of an .npy file
}

// array is one of them, in C order.
type array struct {
	npyArray
	name string // what errors call it
	data []byte
}

// openArrays reads a file, by its first bytes.
func openArrays(path, dir string) (*arrays, error) {
	content, name, err := readFile(path, dir)
	if err != nil {
		return nil, missing(path, err)
	}
	return parseArrays(name, content)
}

// parseArrays lists the arrays of a file; name is what errors call it.
func parseArrays(name string, content []byte) (*arrays, error) {
	if !bytes.HasPrefix(content, []byte("PK")) {
		return &arrays{name: name, single: content}, nil
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, fmt.Errorf("%s: the zip file is truncated or damaged (%w): copy or fetch it again", name, err)
	}
	a := &arrays{name: name, members: map[string]*zip.File{}}
	for _, member := range archive.File {
		if array, ok := strings.CutSuffix(member.Name, ".npy"); ok {
			if a.members[array] != nil {
				return nil, fmt.Errorf("%s: there are two arrays %.60q", name, array)
			}
			a.names, a.members[array] = append(a.names, array), member
		}
	}
	if len(a.names) == 0 {
		return nil, fmt.Errorf("%s: there is no array in the zip file, want an .npz file", name)
	}
	return a, nil
}

// read reads an array, by its name in an .npz file. Without one there has to be no other.
func (a *arrays) read(name string) (*array, error) {
	if a.members == nil {
		if name != "" {
			return nil, fmt.Errorf("%s: is no .npz file, whose arrays have names: leave out the name %.60q", a.name, name)
		}
		return readArray(a.name, bytes.NewReader(a.single), false)
	}
	if name == "" && len(a.names) == 1 {
		name = a.names[0]
	}
	member := a.members[name]
	if member == nil && name == "" {
		return nil, fmt.Errorf("%s: array says which of the arrays the images are%s", a.name, alternatives("", a.names))
	} else if member == nil {
		return nil, fmt.Errorf("%s: there is no array %.60q%s", a.name, name, alternatives(name, a.names))
	}
	return a.open(member, name, false)
}

// open reads an array of an .npz file; numbers says that one without axes will do.
func (a *arrays) open(member *zip.File, name string, numbers bool) (*array, error) {
	r, err := member.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: array %.60q: %w", a.name, name, damaged(err))
	}
	defer r.Close()
	return readArray(fmt.Sprintf("%s: array %.60q", a.name, name), r, numbers)
}

// readArray reads an array of NumPy's format; name is what errors call it.
func readArray(name string, r io.Reader, numbers bool) (*array, error) {
	fail := func(err error) (*array, error) { return nil, fmt.Errorf("%s: %w", name, err) }
	const before = len(npyMagic) + 6 // version and length of the header
	start, err := readUpTo(r, before+npyMaxHeader)
	if err != nil {
		return fail(err)
	}
	header, data, err := splitNPY(start)
	if err != nil {
		return fail(err)
	}
	a := &array{name: name}
	if a.npyArray, err = parseArrayHeader(header, numbers); err != nil {
		return fail(err)
	}
	values := 1
	for _, n := range a.sizes {
		if n > maxArray/values {
			return fail(fmt.Errorf("shape %.60s: more than %d values, for which there is no memory", a.shape, maxArray))
		}
		values *= n
	}
	want := values * a.size
	if len(data) <= want {
		rest, err := readUpTo(r, want+1-len(data))
		if err != nil {
			return fail(err)
		}
		data = append(data, rest...)
	}
	switch n := len(data); {
	case n < want:
		return fail(fmt.Errorf("the file is truncated: it holds %d of the %d bytes of shape %.60s and type %s", n, want, a.shape, a.descr))
	case n > want:
		return fail(fmt.Errorf("bytes follow the last value of shape %.60s and type %s, want none", a.shape, a.descr))
	}
	if a.data = data; a.fortran {
		a.data = a.inCOrder(data)
	}
	return a, nil
}

// inCOrder reorders the values of an array in Fortran order, whose first index is the fastest.
func (a *array) inCOrder(data []byte) []byte {
	out := make([]byte, 0, len(data))
	strides := make([]int, len(a.sizes))
	stride := 1
	for axis, n := range a.sizes {
		strides[axis] = stride
		stride *= n
	}
	index, from := make([]int, len(a.sizes)), 0
	for range stride {
		out = append(out, data[from*a.size:(from+1)*a.size]...)
		for axis := len(index) - 1; axis >= 0; axis-- {
			index[axis]++
			from += strides[axis]
			if index[axis] < a.sizes[axis] {
				break
			}
			from -= strides[axis] * a.sizes[axis]
			index[axis] = 0
		}
	}
	return out
}

// white is the value of the brightest pixel, by the type: 1 of floats, else that of bytes.
func (a *array) white() float64 {
	if strings.Contains(a.descr, "f") {
		return 1
	}
	return math.MaxUint8
}
