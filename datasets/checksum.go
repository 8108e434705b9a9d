package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
)

// Checksum identifies the points, to the bit and in their order: sha256: and the hexadecimal SHA-256 of their number, their
// dimension and their values, each in eight bytes, little-endian.
func (p Points) Checksum() string {
	sum := sha256.New()
	block := make([]byte, 0, 1<<13)
	add := func(word uint64) {
		if block = binary.LittleEndian.AppendUint64(block, word); len(block) == cap(block) {
			sum.Write(block) // never fails
			block = block[:0]
		}
	}
	add(uint64(p.N))
	add(uint64(p.Dim))
	for _, v := range p.Values {
		add(math.Float64bits(v))
	}
	sum.Write(block)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
