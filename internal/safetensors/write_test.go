package safetensors

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sample has every type, a scalar, an empty tensor and names that JSON has to escape.
func sample() ([]Tensor, map[string]string) {
	tensors := []Tensor{
		New("layers.0.weight", []int{2, 3}, []float64{1, 2, 3, 4, 5, math.NaN()}),
		New("state", []int{3}, []uint64{1, 2, math.MaxUint64}),
		New("log_z", nil, []int64{-7}),
		New("layers.0.bias", []int{3}, []float32{0.5, -0.25, float32(math.Inf(-1))}),
		New("empty", []int{0, 4}, []float32{}),
		New("µ \"quoted\"\n<&>", []int{1, 1}, []int32{-1}),
	}
	return tensors, map[string]string{"step": "100", "note": "σ = ½\t\"x\""}
}

func TestWrittenFileReadsBack(t *testing.T) {
	tensors, metadata := sample()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := Write(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
	got, gotMetadata, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(tensors) {
		t.Fatalf("%d tensors, want %d", len(got), len(tensors))
	}
	for i := range tensors { // sample lists the wider types first, so the order is kept
		if !got[i].Equal(tensors[i]) {
			t.Errorf("tensor %d: %v, want %v", i, got[i], tensors[i])
		}
	}
	if len(gotMetadata) != 2 || gotMetadata["step"] != metadata["step"] || gotMetadata["note"] != metadata["note"] {
		t.Errorf("metadata %q, want %q", gotMetadata, metadata)
	}
}

func TestBytesOfAFile(t *testing.T) {
	var file bytes.Buffer
	err := Encode(&file, []Tensor{New("b", []int{1}, []float32{1}), New("a", nil, []float64{2})}, map[string]string{"z": "1", "y": "2"})
	if err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"y":"2","z":"1"},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}) + header + "\x00\x00\x00\x00\x00\x00\x00\x40" + "\x00\x00\x80\x3f"
	if file.String() != want {
		t.Errorf("wrote\n%q\nwant\n%q", file.String(), want)
	}
}

func TestNothingAtAllIsAFile(t *testing.T) {
	var file bytes.Buffer
	if err := Encode(&file, nil, nil); err != nil {
		t.Fatal(err)
	}
	tensors, metadata, err := Decode(&file, int64(file.Len()))
	if err != nil || len(tensors) != 0 || len(metadata) != 0 {
		t.Errorf("%v, %v, %v; want nothing", tensors, metadata, err)
	}
}

func TestBadTensorsAreRefusedAndNothingIsWritten(t *testing.T) {
	x := New("x", []int{2}, []float32{1, 2})
	long := x
	long.Shape = []int{3}
	for _, test := range []struct {
		tensors  []Tensor
		metadata map[string]string
		want     string
	}{
		{[]Tensor{x, x}, nil, `tensor "x": the name is used twice`},
		{[]Tensor{long}, nil, `tensor "x": F32 [3] takes 12 bytes, and its data are 8`},
		{[]Tensor{{Name: "h", DType: "F16"}}, nil, `tensor "h": dtype "F16" is not supported; use F32, F64, I32, I64 or U64`},
		{[]Tensor{New("", nil, []float32{1})}, nil, "a tensor has no name"},
		{[]Tensor{New("a\xff", nil, []float32{1})}, nil, `tensor "a\xff": the name is not valid UTF-8`},
		{[]Tensor{New("__metadata__", nil, []float32{1})}, nil, `tensor "__metadata__": the name is kept for the metadata`},
		{nil, map[string]string{"k": "\xff"}, `metadata "k": not valid UTF-8`},
	} {
		path := filepath.Join(t.TempDir(), "a.safetensors")
		err := Write(path, test.tensors, test.metadata)
		if want := "write " + path + ": " + test.want; message(err) != want {
			t.Errorf("error %v; want %s", err, want)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 0 {
			t.Errorf("%s: left behind %v", test.want, entries)
		}
	}
}
