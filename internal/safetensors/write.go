package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"joule/internal/atomicfile"
)

// metadataKey is the name in the header that is no tensor's.
const metadataKey = "__metadata__"

// maxHeader is the longest header that a file may have, in bytes; other readers have the same bound.
const maxHeader = 100_000_000

// Write replaces the file at path, atomically and durably, by one that holds the tensors and the metadata (nil: none).
// See [Encode].
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return Encode(w, tensors, metadata) })
}

// Encode writes a safetensors file. Wider types come first, so that every value is aligned for readers that map the file
// into memory; otherwise the tensors keep their order. The same arguments give the same bytes.
//
// Names have to be unique and not empty, and names and metadata valid UTF-8.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortStableFunc(tensors, func(a, b Tensor) int { return width[b.DType] - width[a.DType] })
	header, err := encodeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var header bytes.Buffer
	header.WriteByte('{')
	if len(metadata) > 0 {
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
				return nil, fmt.Errorf("metadata %.80q: not valid UTF-8", key)
			}
		}
		if err := member(&header, metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	names := map[string]bool{}
	offset := int64(0)
	for _, t := range tensors {
		if err := checkName(t.Name, names); err != nil {
			return nil, err
		}
		if err := t.check(); err != nil {
			return nil, err
		}
		end := offset + int64(len(t.Data))
		entry := struct {
			DType       DType    `json:"dtype"`
			Shape       []int    `json:"shape"`
			DataOffsets [2]int64 `json:"data_offsets"`
		}{t.DType, append([]int{}, t.Shape...), [2]int64{offset, end}}
		if err := member(&header, t.Name, entry); err != nil {
			return nil, err
		}
		offset = end
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 { // the values start aligned
		header.WriteByte(' ')
	}
	if header.Len() > maxHeader {
		return nil, fmt.Errorf("the header takes %d bytes; the format allows %d", header.Len(), maxHeader)
	}
	return header.Bytes(), nil
}

// member writes one "key":value of the header.
func member(header *bytes.Buffer, key string, value any) error {
	if header.Len() > 1 {
		header.WriteByte(',')
	}
	for i, v := range []any{key, value} {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if i == 1 {
			header.WriteByte(':')
		}
		header.Write(text)
	}
	return nil
}

// checkName reports a name that cannot be a tensor's, and adds it to those that are taken.
func checkName(name string, taken map[string]bool) error {
	switch {
	case name == "":
		return errors.New("a tensor has no name")
	case name == metadataKey:
		return fmt.Errorf("tensor %q: the name is kept for the metadata", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("tensor %.80q: the name is not valid UTF-8", name)
	case taken[name]:
		return fmt.Errorf("tensor %.80q: the name is used twice", name)
	}
	taken[name] = true
	return nil
}
