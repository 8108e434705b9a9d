package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

// Checksum identifies the points, to the bit and in their order: sha256: and the hexadecimal SHA-256 of their number, their
// dimension and their values, each in eight bytes, little-endian.
func (p Points) Checksum() string {
	d := newDigest()
	d.add(uint64(p.N))
	d.add(uint64(p.Dim))
	for _, v := range p.Values {
		d.add(math.Float64bits(v))
	}
	return d.text()
}

// Checksum identifies the training points: see [Points.Checksum] and [Stream.Checksum].
func (s *Set) Checksum() string {
	if s.Stream != nil {
		return s.Stream.Checksum()
	}
	return s.Train.Checksum()
}

// digest is the SHA-256 of words of eight bytes, little-endian.
type digest struct {
	sum   hash.Hash
	block []byte
}

func newDigest() *digest { return &digest{sha256.New(), make([]byte, 0, 1<<13)} }

func (d *digest) add(word uint64) {
	if d.block = binary.LittleEndian.AppendUint64(d.block, word); len(d.block) == cap(d.block) {
		d.sum.Write(d.block) // never fails
		d.block = d.block[:0]
	}
}

// text is sha256: and the sum in hexadecimal. Nothing can be added any more.
func (d *digest) text() string {
	d.sum.Write(d.block)
	return "sha256:" + hex.EncodeToString(d.sum.Sum(nil))
}
