package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

// bitwise is CRC-32C by its definition: the remainder of the polynomial, bit by bit, the lowest first.
func bitwise(data []byte) uint32 {
	sum := ^uint32(0)
	for _, b := range data {
		sum ^= uint32(b)
		for range 8 {
			low := sum & 1
			sum >>= 1
			if low == 1 {
				sum ^= 0x82f63b78
			}
		}
	}
	return ^sum
}

func TestChecksum(t *testing.T) {
	// The check value of CRC-32C in the catalogues is that of these digits.
	if got := bitwise([]byte("123456789")); got != 0xe3069283 {
		t.Fatalf("the test's own CRC is %08x", got)
	}
	for _, data := range [][]byte{nil, {0}, []byte("123456789"), bytes.Repeat([]byte{0xff}, 32), []byte("a longer text, of more than a few words")} {
		sum := bitwise(data)
		if got, want := checksum(data), (sum>>15|sum<<17)+0xa282ead8; got != want {
			t.Errorf("%q: %08x, want %08x", data, got, want)
		}
	}
}

// recordsOf reads records until there is none as a whole.
func recordsOf(file []byte) (records []string, err error) {
	for r := bytes.NewReader(file); ; {
		record, err := readRecord(r)
		if err != nil {
			return records, err
		}
		records = append(records, string(record))
	}
}

func TestRecords(t *testing.T) {
	want := []string{"", "x", string(bytes.Repeat([]byte("long "), 1000))}
	var file []byte
	ends := []int{0}
	for _, record := range want {
		file = appendRecord(file, []byte(record))
		ends = append(ends, len(file))
		if got := ends[len(ends)-1] - ends[len(ends)-2]; got != len(record)+16 {
			t.Errorf("a record of %d bytes takes %d", len(record), got)
		}
	}
	if got := binary.LittleEndian.Uint64(file[ends[1]:]); got != 1 {
		t.Errorf("the length of the second record is %d", got)
	}
	// A file that is cut off anywhere has the records before, and says whether there is a part of one.
	for cut := range len(file) + 1 {
		got, err := recordsOf(file[:cut])
		whole := 0
		for whole+1 < len(ends) && ends[whole+1] <= cut {
			whole++
		}
		wantErr := io.ErrUnexpectedEOF
		if ends[whole] == cut {
			wantErr = io.EOF
		}
		if !errors.Is(err, wantErr) || !slices.Equal(got, want[:whole]) {
			t.Fatalf("cut to %d: %d records, %v; want %d, %v", cut, len(got), err, whole, wantErr)
		}
	}
	// No bit can flip unseen.
	for at := range ends[2] {
		for bit := range 8 {
			bad := bytes.Clone(file[:ends[2]])
			bad[at] ^= 1 << bit
			if got, err := recordsOf(bad); errors.Is(err, io.EOF) && err == io.EOF || len(got) > 1 {
				t.Fatalf("bit %d of byte %d: %d records, %v", bit, at, len(got), err)
			}
		}
	}
}

func TestLongRecord(t *testing.T) {
	head := binary.LittleEndian.AppendUint64(nil, maxRecord+1)
	head = binary.LittleEndian.AppendUint32(head, checksum(head))
	if _, err := readRecord(bytes.NewReader(head)); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}
