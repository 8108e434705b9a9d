// Package hostile makes malformed files of valid ones, for tests of what reads files from strangers.
package hostile

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"regexp"
	"slices"
)

// largest is about the number of bytes that a file may grow to.
const largest = 1 << 16

// Files gives n files, each one of the valid files after one to three mutations: cut off, bits flipped, bytes and words
// inserted, removed, repeated and exchanged, numbers replaced by extreme ones, nested without end. The same arguments give
// the same files. Some are still valid.
func Files(seed uint64, n int, valid ...[]byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		for range n {
			file := bytes.Clone(pick(r, valid))
			for range 1 + r.IntN(3) {
				file = pick(r, mutations)(r, file, pick(r, valid))
			}
			if !yield(file[:min(len(file), largest)]) {
				return
			}
		}
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// span is a part of a file, mostly a short one.
func span(r *rand.Rand, file []byte) (from, to int) {
	from = r.IntN(len(file) + 1)
	longest := len(file) - from
	if r.IntN(4) > 0 {
		longest = min(longest, 16)
	}
	return from, from + r.IntN(longest+1)
}

// words are what stands in files: numbers, names, and single characters.
var (
	words   = regexp.MustCompile(`[-+]?[0-9][-+0-9.eE]*|\w+|[^\s\w]`)
	numbers = regexp.MustCompile(`[-+]?[0-9][-+0-9.eE]*`)
)

// extremes are put in the place of numbers.
var extremes = []string{
	"0", "-0", "-1", "1e999", "-1e999", "1e-999", "1e39", "0.5", "NaN", "Infinity", "-inf", "null", "true", `""`, "[]", "{}",
	"127", "255", "65536", "2147483647", "2147483648", "-2147483649", "4294967296", "4611686018427387904",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
	"1" + string(bytes.Repeat([]byte("0"), 5000)), "0." + string(bytes.Repeat([]byte("9"), 5000)), "0x10", "1_000", "1e1000000000",
}

// oddities are put anywhere.
var oddities = []string{
	"\x00", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\ufeff", "\u2028", "\r", "\t", "\n", "\n\n", "\"", "'", "\\", "\\u0000", "\\ud800", "\x1b[2J", "\\u001b[2J",
	",", ":", ";", "[", "]", "{", "}", "- ", "? ", "&a ", "*a", "!!x ", "%", "#", "|", ">", "<<: ", "---\n", "...", "../", "/", "null", "true",
}

// nests are begun over and over.
var nests = []string{"[", "{", `{"a":`, "[[],", "- ", "(", "a: {", "\n  ", "\"", "<"}

// mutations change a file; other is a valid one to take parts of.
var mutations = []func(r *rand.Rand, file, other []byte) []byte{
	func(r *rand.Rand, file, _ []byte) []byte { return file[:r.IntN(len(file)+1)] },
	func(r *rand.Rand, file, _ []byte) []byte { // flipped bits
		for range 1 + r.IntN(8) {
			if len(file) > 0 {
				file[r.IntN(len(file))] ^= 1 << r.IntN(8)
			}
		}
		return file
	},
	func(r *rand.Rand, file, _ []byte) []byte { // other bytes
		from, to := span(r, file)
		for i := from; i < to; i++ {
			file[i] = byte(r.Uint32())
		}
		return file
	},
	func(r *rand.Rand, file, _ []byte) []byte { // removed
		from, to := span(r, file)
		return slices.Delete(file, from, to)
	},
	func(r *rand.Rand, file, _ []byte) []byte { // repeated
		from, to := span(r, file)
		times := 1 + r.IntN(4)
		if r.IntN(4) == 0 {
			times = largest / (to - from + 1)
		}
		return slices.Insert(file, to, bytes.Repeat(bytes.Clone(file[from:to]), times)...)
	},
	func(r *rand.Rand, file, other []byte) []byte { // a part of another file
		from, to := span(r, other)
		return slices.Insert(file, r.IntN(len(file)+1), bytes.Clone(other[from:to])...)
	},
	func(r *rand.Rand, file, _ []byte) []byte { // an extreme number, as text
		return exchange(r, file, numbers, []byte(pick(r, extremes)))
	},
	func(r *rand.Rand, file, _ []byte) []byte { // an extreme number, as bytes
		return binaryNumber(r, file)
	},
	func(r *rand.Rand, file, other []byte) []byte { // another word
		return exchange(r, file, words, bytes.Clone(pick(r, append(words.FindAll(other, -1), nil))))
	},
	func(r *rand.Rand, file, _ []byte) []byte { // something odd
		return slices.Insert(file, r.IntN(len(file)+1), []byte(pick(r, oddities))...)
	},
	func(r *rand.Rand, file, _ []byte) []byte { // nested
		nest := pick(r, nests)
		times := pick(r, []int{10, 100, largest / len(nest)})
		return slices.Insert(file, r.IntN(len(file)+1), bytes.Repeat([]byte(nest), times)...)
	},
}

// exchange replaces one match by another text.
func exchange(r *rand.Rand, file []byte, what *regexp.Regexp, by []byte) []byte {
	found := what.FindAllIndex(file, -1)
	if len(found) == 0 {
		return file
	}
	at := pick(r, found)
	return slices.Replace(file, at[0], at[1], by...)
}

// binaryNumber overwrites one to eight bytes by a little-endian number near the ends of a range.
func binaryNumber(r *rand.Rand, file []byte) []byte {
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], uint64(1)<<r.IntN(64)+uint64(r.IntN(3))-1)
	limit := len(file)
	if r.IntN(2) == 0 {
		limit = min(limit, 64) // where headers are
	}
	copy(file[r.IntN(limit+1):], number[:1<<r.IntN(4)])
	return file
}
