package safetensors

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"joule/internal/hostile"
)

// assemble makes a file of a header and n bytes of data.
func assemble(header string, n int) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), make([]byte, n)...)
}

func decode(file []byte) ([]Tensor, map[string]string, error) {
	return Decode(bytes.NewReader(file), int64(len(file)))
}

func TestMalformedFiles(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, test := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "has 0 bytes; a safetensors file starts with 8 that give the length of its header"},
		{"only a length", assemble("", 0), "header: does not start with {"},
		{"not safetensors", []byte("\x89PNG\r\n\x1a\n and more"), "header of 727905341920923785 bytes; the format allows 100000000: this is no safetensors file, or it is damaged"},
		{"long header", append([]byte{9, 0, 0, 0, 0, 0, 0, 0}, "{}      "...), "header of 9 bytes, and 8 are left in the file: it is cut off"},
		{"space first", assemble(" {}", 0), "header: does not start with {"},
		{"not UTF-8", assemble("{\"a\xff\":1}", 0), "header: not valid UTF-8"},
		{"unfinished", assemble("{"+a, 8), "header: ends in the middle"},
		{"no JSON", assemble("{a", 0), "header: invalid character 'a'"},
		{"more after the header", assemble("{} {}", 0), `header: "{}" follows its end`},
		{"newline after the header", assemble("{}\n", 0), `header: "\n" follows its end`},
		{"twice", assemble("{"+a+","+a+"}", 8), `header: tensor "a": the name is used twice`},
		{"no name", assemble(`{"":{}}`, 0), "header: a tensor has no name"},
		{"not an object", assemble(`{"a":[1]}`, 0), `header: tensor "a": "[" where an object should be`},
		{"empty object", assemble(`{"a":{}}`, 0), `header: tensor "a": has no dtype`},
		{"no shape", assemble(`{"a":{"dtype":"F32"}}`, 0), `header: tensor "a": has no shape`},
		{"no offsets", assemble(`{"a":{"dtype":"F32","shape":[]}}`, 0), `header: tensor "a": data_offsets has 0 numbers, want 2`},
		{"three offsets", assemble(`{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}`, 8), `header: tensor "a": data_offsets has 3 numbers, want 2`},
		{"unknown key", assemble(`{"a":{"kind":"F32"}}`, 0), `header: tensor "a": unknown key "kind"; a tensor has dtype, shape and data_offsets`},
		{"key twice", assemble(`{"a":{"shape":[],"shape":[]}}`, 0), `header: tensor "a": shape comes twice`},
		{"dtype is a number", assemble(`{"a":{"dtype":32}}`, 0), `header: tensor "a": dtype: "32" where the name of a type should be`},
		{"negative dimension", assemble(`{"a":{"shape":[-2]}}`, 0), `header: tensor "a": shape: "-2" is not a whole number from 0 to 9223372036854775807`},
		{"fractional dimension", assemble(`{"a":{"shape":[2.0]}}`, 0), `header: tensor "a": shape: "2.0" is not a whole number from 0 to 9223372036854775807`},
		{"huge dimension", assemble(`{"a":{"shape":[9223372036854775808]}}`, 0), `header: tensor "a": shape: "9223372036854775808" is not a whole number from 0 to 9223372036854775807`},
		{"dimension is a string", assemble(`{"a":{"shape":["2"]}}`, 0), `header: tensor "a": shape: "2" is not a whole number from 0 to 9223372036854775807`},
		{"metadata are no strings", assemble(`{"__metadata__":{"step":1}}`, 0), `header: __metadata__: "1" where a string should be`},
		{"metadata key twice", assemble(`{"__metadata__":{"a":"","a":""}}`, 0), `header: __metadata__: "a" comes twice`},
		{"metadata twice", assemble(`{"__metadata__":{},"__metadata__":{}}`, 0), `header: __metadata__ comes twice`},
		{"other dtype", assemble(`{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}`, 4), `tensor "a": dtype "BF16" is not supported; use F32, F64, I32, I64 or U64`},
		{"overflow", assemble(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, 0), `tensor "a": shape [4611686018427387904 4] has more values than a file can hold`},
		{"backwards", assemble(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), `tensor "a": data_offsets [8, 0] run backwards`},
		{"wrong size", assemble(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), `tensor "a": F32 [3] takes 12 bytes, and its data_offsets [0, 8] span 8`},
		{"gap at the start", assemble(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), `tensor "a": starts at byte 4, and the tensor before it ends at 0: the bytes between belong to none`},
		{"gap", assemble(`{`+a+`,"b":{"dtype":"I32","shape":[],"data_offsets":[9,13]}}`, 13), `tensor "b": starts at byte 9, and the tensor before it ends at 8: the bytes between belong to none`},
		{"overlap", assemble(`{`+a+`,"b":{"dtype":"I32","shape":[],"data_offsets":[4,8]}}`, 8), `tensor "b": starts at byte 4, inside the tensor before it, which ends at 8`},
		{"cut off", assemble(`{`+a+`}`, 7), `tensor "a": ends at byte 8, and the file has 7 bytes of data: it is cut off`},
		{"allocation bomb", assemble(`{"a":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}`, 8), `tensor "a": ends at byte 4000000000000, and the file has 8 bytes of data: it is cut off`},
		{"trailing bytes", assemble(`{`+a+`}`, 9), `1 bytes follow the last tensor and belong to none`},
	} {
		_, _, err := decode(test.file)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: error %v; want %s", test.name, err, test.want)
		}
	}
}

func TestReadNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.safetensors")
	if _, _, err := Read(path); message(err) != "read "+path+": no such file or directory" {
		t.Errorf("missing: %v", err)
	}
	if _, _, err := Read(dir); message(err) != dir+": is a directory" {
		t.Errorf("directory: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(path); err == nil || !strings.HasPrefix(err.Error(), path+": has 5 bytes;") {
		t.Errorf("short: %v", err)
	}
}

func TestSizeThatIsNotThatOfTheReader(t *testing.T) {
	file := assemble(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)
	if _, _, err := Decode(bytes.NewReader(file[:len(file)-1]), int64(len(file))); message(err) != "shrank while it was read" {
		t.Errorf("error %v", err)
	}
	if _, _, err := Decode(bytes.NewReader(append(file, 0)), int64(len(file))); message(err) != "grew while it was read" {
		t.Errorf("error %v", err)
	}
}

func TestEveryTruncationIsAnError(t *testing.T) {
	var file bytes.Buffer
	tensors, metadata := sample()
	if err := Encode(&file, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	for n := range file.Len() {
		if _, _, err := decode(file.Bytes()[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are read as a file", n, file.Len())
		}
	}
}

// A flipped bit in a name or a value gives another valid file; anywhere else it has to be an error. In no case may it
// change the layout.
func TestFlippedBits(t *testing.T) {
	var file bytes.Buffer
	tensors, metadata := sample()
	if err := Encode(&file, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range file.Len() {
		for bit := range 8 {
			flipped := bytes.Clone(file.Bytes())
			flipped[i] ^= 1 << bit
			got, _, err := decode(flipped)
			if err != nil {
				refused++
				continue
			}
			for j, x := range got {
				if len(x.Data) != len(tensors[j].Data) {
					t.Errorf("byte %d, bit %d: tensor %d has %d bytes, want %d", i, bit, j, len(x.Data), len(tensors[j].Data))
				}
			}
		}
	}
	if refused == 0 {
		t.Error("no flipped bit was noticed")
	}
}

func FuzzDecode(f *testing.F) {
	var file bytes.Buffer
	tensors, metadata := sample()
	if err := Encode(&file, tensors, metadata); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add(assemble(`{}`, 0))
	f.Add(assemble(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  `, 8))
	f.Add(assemble(`{"__metadata__":{"a":"\ud800"},"b":{"dtype":"U64","shape":[0,9223372036854775807],"data_offsets":[0,0]}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		var tensors []Tensor
		var metadata map[string]string
		var err error
		hostile.Bounded(t, data, bound, func() { tensors, metadata, err = decode(data) })
		if err == nil {
			sameAgain(t, tensors, metadata)
		}
	})
}
