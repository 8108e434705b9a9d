package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"joule/internal/atomicfile"
	"joule/internal/regularfile"
)

// Read reads the file at path: the tensors in the order of the file, and the metadata. Errors name the file, the tensor
// and what is wrong with it.
func Read(path string) ([]Tensor, map[string]string, error) {
	file, size, err := regularfile.Open(path)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, nil, atomicfile.Error("read", path, err)
	} else if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	tensors, metadata, err := Decode(file, size)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return tensors, metadata, nil
}

// Decode reads a safetensors file of size bytes. It allocates no more than a small multiple of size, whatever the file
// says, and fails when r holds fewer bytes or more. The tensors share one block of memory.
func Decode(r io.Reader, size int64) ([]Tensor, map[string]string, error) {
	const lengthSize = 8
	if size < lengthSize {
		return nil, nil, fmt.Errorf("has %d bytes; a safetensors file starts with 8 that give the length of its header", size)
	}
	var lengthBytes [lengthSize]byte
	if err := readFull(r, lengthBytes[:]); err != nil {
		return nil, nil, err
	}
	length := binary.LittleEndian.Uint64(lengthBytes[:])
	switch {
	case length > maxHeader:
		return nil, nil, fmt.Errorf("header of %d bytes; the format allows %d: this is no safetensors file, or it is damaged", length, maxHeader)
	case length > uint64(size-lengthSize):
		return nil, nil, fmt.Errorf("header of %d bytes, and %d are left in the file: it is cut off", length, size-lengthSize)
	}
	text := make([]byte, length)
	if err := readFull(r, text); err != nil {
		return nil, nil, err
	}
	entries, metadata, err := parseHeader(text)
	if err != nil {
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	dataSize := size - lengthSize - int64(length)
	if err := checkLayout(entries, dataSize); err != nil {
		return nil, nil, err
	}
	data := make([]byte, dataSize)
	if err := readFull(r, data); err != nil {
		return nil, nil, err
	}
	if n, _ := r.Read(make([]byte, 1)); n != 0 {
		return nil, nil, errors.New("grew while it was read")
	}
	tensors := make([]Tensor, len(entries))
	for i, e := range entries {
		tensors[i] = Tensor{e.name, e.dtype, e.shape, data[e.begin:e.end:e.end]}
	}
	return tensors, metadata, nil
}

func readFull(r io.Reader, into []byte) error {
	_, err := io.ReadFull(r, into)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("shrank while it was read")
	}
	return err
}

// checkLayout reports tensors that do not fill the data one after the other.
func checkLayout(entries []entry, dataSize int64) error {
	next := int64(0)
	for _, e := range entries {
		size, err := byteSize(e.dtype, e.shape)
		switch {
		case err != nil:
			return fmt.Errorf("tensor %.80q: %w", e.name, err)
		case e.begin > e.end:
			return fmt.Errorf("tensor %.80q: data_offsets [%d, %d] run backwards", e.name, e.begin, e.end)
		case e.end-e.begin != size:
			return fmt.Errorf("tensor %.80q: %s %v takes %d bytes, and its data_offsets [%d, %d] span %d", e.name, e.dtype, e.shape, size, e.begin, e.end, e.end-e.begin)
		case e.begin < next:
			return fmt.Errorf("tensor %.80q: starts at byte %d, inside the tensor before it, which ends at %d", e.name, e.begin, next)
		case e.begin > next:
			return fmt.Errorf("tensor %.80q: starts at byte %d, and the tensor before it ends at %d: the bytes between belong to none", e.name, e.begin, next)
		case e.end > dataSize:
			return fmt.Errorf("tensor %.80q: ends at byte %d, and the file has %d bytes of data: it is cut off", e.name, e.end, dataSize)
		}
		next = e.end
	}
	if next < dataSize {
		return fmt.Errorf("%d bytes follow the last tensor and belong to none", dataSize-next)
	}
	return nil
}
