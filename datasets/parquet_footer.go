package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The end of a Parquet file: the footer, its length in four bytes, and the signature.
const (
	parquetMagic = "PAR1"
	footerEnd    = 8
)

// checkFooter reports a footer that promises more than it holds: the package that reads it makes room for whatever is
// promised before it looks, and a process that asks for more memory than there is ends at once.
func checkFooter(file io.ReaderAt, size int64) error {
	var end [footerEnd]byte
	if size < footerEnd+int64(len(parquetMagic)) {
		return errors.New("the file is too short for Parquet")
	}
	if _, err := file.ReadAt(end[:], size-footerEnd); err != nil {
		return err
	}
	if magic := string(end[4:]); magic != parquetMagic {
		return fmt.Errorf("the file ends with %q, want the Parquet signature %q", magic, parquetMagic)
	}
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	if length > size-footerEnd {
		return fmt.Errorf("the file is truncated: its footer is %d bytes long, and it has %d", length, size)
	}
	footer := make([]byte, length)
	if _, err := file.ReadAt(footer, size-footerEnd-length); err != nil {
		return err
	}
	c := compact{footer}
	return c.skip(compactStruct, 0)
}

// compact is what is left of a text in Thrift's compact protocol: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md.
type compact struct{ rest []byte }

// The types of the protocol, as far as they are told apart here.
const (
	compactTrue   = 1
	compactFalse  = 2
	compactByte   = 3
	compactI64    = 6
	compactDouble = 7
	compactBinary = 8
	compactList   = 9
	compactSet    = 10
	compactMap    = 11
	compactStruct = 12
)

// maxNesting is how deep the values of a footer may be in others.
const maxNesting = 64

var errFooter = errors.New("the file is malformed: its footer ends within a value")

// take takes so many bytes.
func (c *compact) take(n uint64) ([]byte, error) {
	if n > uint64(len(c.rest)) {
		return nil, errFooter
	}
	taken := c.rest[:n]
	c.rest = c.rest[n:]
	return taken, nil
}

func (c *compact) varint() (uint64, error) {
	x, n := binary.Uvarint(c.rest)
	if n <= 0 {
		return 0, errFooter
	}
	c.rest = c.rest[n:]
	return x, nil
}

// skip passes over a value, which is inside so many others.
func (c *compact) skip(kind byte, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("the file is malformed: its footer is nested deeper than %d levels", maxNesting)
	}
	switch {
	case kind == compactTrue || kind == compactFalse:
		return nil
	case kind == compactByte:
		_, err := c.take(1)
		return err
	case kind <= compactI64:
		_, err := c.varint()
		return err
	case kind == compactDouble:
		_, err := c.take(8)
		return err
	case kind == compactBinary:
		length, err := c.varint()
		if err == nil {
			_, err = c.take(length)
		}
		return err
	case kind == compactStruct:
		return c.skipFields(depth)
	case kind == compactList || kind == compactSet || kind == compactMap:
		return c.skipItems(kind, depth)
	}
	return fmt.Errorf("the file is malformed: its footer has a value of type %d", kind)
}

// skipFields passes over the fields of a struct.
func (c *compact) skipFields(depth int) error {
	for {
		header, err := c.take(1)
		if err != nil || header[0] == 0 {
			return err
		}
		if header[0]>>4 == 0 { // the number of the field follows
			if _, err := c.varint(); err != nil {
				return err
			}
		}
		if err := c.skip(header[0]&0xf, depth+1); err != nil {
			return err
		}
	}
}

// skipItems passes over the items of a list, set or map, each of which takes a byte at least.
func (c *compact) skipItems(kind byte, depth int) error {
	var size uint64
	var items []byte // types
	if kind == compactMap {
		length, err := c.varint()
		if err != nil || length == 0 {
			return err
		}
		types, err := c.take(1)
		if err != nil {
			return err
		}
		size, items = length, []byte{types[0] >> 4, types[0] & 0xf}
	} else {
		header, err := c.take(1)
		if err != nil {
			return err
		}
		if size, items = uint64(header[0]>>4), []byte{header[0] & 0xf}; size == 0xf {
			if size, err = c.varint(); err != nil {
				return err
			}
		}
	}
	if size > uint64(len(c.rest)) {
		return errFooter
	}
	for range size {
		for _, item := range items {
			if item == compactTrue || item == compactFalse {
				item = compactByte
			}
			if err := c.skip(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
