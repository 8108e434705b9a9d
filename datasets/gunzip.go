package datasets

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxArray is how many values a file of arrays may hold: as points they take eight bytes each.
const maxArray = 1 << 30

// unzipped gives the content of a file to be read from its start, decompressed where it is a gzip file by its first bytes.
func unzipped(content []byte) (io.Reader, error) {
	if !bytes.HasPrefix(content, []byte("\x1f\x8b")) {
		return bytes.NewReader(content), nil
	}
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, damaged(err)
	}
	return r, nil
}

// damaged says what an error from reading compressed content means.
func damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the compressed file is truncated: copy or fetch it again")
	}
	return fmt.Errorf("the compressed file is damaged (%w): copy or fetch it again", err)
}

// readUpTo reads so many bytes, or as many as there are. Memory is taken as they come, whatever was promised.
func readUpTo(r io.Reader, n int) ([]byte, error) {
	var buffer bytes.Buffer
	_, err := io.CopyN(&buffer, r, int64(n))
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return nil, damaged(err)
	}
	return buffer.Bytes(), nil
}
