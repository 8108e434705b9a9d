package export

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// fields calls f with the fields of a protocol buffer that are bytes.
func fields(t *testing.T, message []byte, f func(number protowire.Number, value []byte)) {
	t.Helper()
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
		if kind == protowire.BytesType {
			value, n := protowire.ConsumeBytes(message)
			if n < 0 {
				t.Fatal(protowire.ParseError(n))
			}
			f(number, value)
			message = message[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		message = message[n:]
	}
}

// The functions of a model use no name before it is there, give none twice, and have what they are called as their result; the
// graph calls them with what they take. (That they compute what they should is seen by TestONNXRuntime.)
func TestONNXStructure(t *testing.T) {
	for _, e := range examples(t) {
		text, err := e.ONNX(0)
		if err != nil {
			t.Fatalf("%s: %v", e.name, err)
		}
		inputs, calls := map[string][]string{}, map[string][]string{}
		fields(t, text, func(number protowire.Number, value []byte) {
			switch number {
			case 7: // the graph
				fields(t, value, func(number protowire.Number, node []byte) {
					if number == 1 {
						in, out, op := nodeOf(t, node)
						calls[op] = in
						if len(out) != 1 || out[0] != op {
							t.Errorf("%s: the results of %s are %v", e.name, op, out)
						}
					}
				})
			case 25: // a function
				var name string
				var known []string
				fields(t, value, func(number protowire.Number, value []byte) {
					switch number {
					case 1:
						name = string(value)
					case 4:
						known = append(known, string(value))
						inputs[name] = slices.Clone(known)
					case 7:
						in, out, op := nodeOf(t, value)
						for _, n := range in {
							if !slices.Contains(known, n) {
								t.Errorf("%s, %s: %s uses %s before it is there", e.name, name, op, n)
							}
						}
						for _, n := range out {
							if slices.Contains(known, n) {
								t.Errorf("%s, %s: %s is there twice", e.name, name, n)
							}
							known = append(known, n)
						}
					}
				})
				if known[len(known)-1] != name {
					t.Errorf("%s: the last name of %s is %s", e.name, name, known[len(known)-1])
				}
			}
		})
		if len(calls) != len(e.functions()) {
			t.Errorf("%s: the graph calls %d functions", e.name, len(calls))
		}
		for name, in := range calls {
			if !slices.Equal(in, inputs[name]) || in[0] != PointsName {
				t.Errorf("%s: %s takes %v and gets %v", e.name, name, inputs[name], in)
			}
		}
	}
}

// nodeOf are inputs, outputs and operator of a node.
func nodeOf(t *testing.T, node []byte) (in, out []string, op string) {
	t.Helper()
	fields(t, node, func(number protowire.Number, value []byte) {
		switch number {
		case 1:
			in = append(in, string(value))
		case 2:
			out = append(out, string(value))
		case 4:
			op = string(value)
		}
	})
	return in, out, op
}
