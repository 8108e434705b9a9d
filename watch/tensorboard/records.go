package tensorboard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// An event file is a row of records: the length of the data, 8 bytes; a checksum of these; the data; and a checksum of that. Numbers
// are little-endian. A checksum is the CRC-32C, turned by 15 bits and moved, so that one of data which hold checksums is none of
// these.
const (
	lengthBytes = 8
	sumBytes    = 4
	sumTurn     = 15
	sumShift    = 0xa282ead8
)

// maxRecord is the longest record that is read, in bytes: a picture, or a config.
const maxRecord = 256 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is that of a record's length or data.
func checksum(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>sumTurn | sum<<(32-sumTurn)) + sumShift
}

// appendRecord adds a record to a file's bytes.
func appendRecord(file, data []byte) []byte {
	at := len(file)
	file = binary.LittleEndian.AppendUint64(file, uint64(len(data)))
	file = binary.LittleEndian.AppendUint32(file, checksum(file[at:]))
	file = append(file, data...)
	return binary.LittleEndian.AppendUint32(file, checksum(data))
}

// readRecord reads the next record. The error is [io.EOF] at the end, and [io.ErrUnexpectedEOF] where the record is not there as a
// whole: it is being written, or was when its writer was killed.
func readRecord(r io.Reader) ([]byte, error) {
	var head [lengthBytes + sumBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint64(head[:])
	if found, want := checksum(head[:lengthBytes]), binary.LittleEndian.Uint32(head[lengthBytes:]); found != want {
		return nil, fmt.Errorf("the checksum of a record's length is %08x, and it says %08x: it is damaged, or no event file", found, want)
	}
	if length > maxRecord {
		return nil, fmt.Errorf("a record of %d bytes is longer than any is", length)
	}
	body := make([]byte, length+sumBytes)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	data := body[:length]
	if found, want := checksum(data), binary.LittleEndian.Uint32(body[length:]); found != want {
		return nil, fmt.Errorf("the checksum of a record of %d bytes is %08x, and it says %08x: it is damaged", length, found, want)
	}
	return data, nil
}
