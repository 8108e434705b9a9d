package random

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/dealt"
	"joule/internal/loop"
	"joule/internal/tensor"
)

// The known answers of Threefry-2x32 with 13 rounds, from the authors' Random123.
func TestThreefryKnownAnswers(t *testing.T) {
	counters := [2][]uint32{{0, 0xffffffff, 0x243f6a88}, {0, 0xffffffff, 0x85a308d3}}
	keys := [2][]uint32{{0, 0xffffffff, 0x13198a2e}, {0, 0xffffffff, 0x03707344}}
	want := [2][]uint32{{0x9d1c5ec6, 0xfd36d048, 0xba3e4725}, {0x8bd50731, 0x2d17272c, 0xf27d669e}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node {
			a, b := threefry(in[0], in[1], in[2], in[3])
			return []*graph.Node{a, b}
		}, keys[0], keys[1], counters[0], counters[1])
		if err != nil {
			t.Fatal(err)
		}
		for word, o := range out {
			if got := o.Value().([]uint32); !slices.Equal(got, want[word]) {
				t.Errorf("word %d: %x, want %x", word, got, want[word])
			}
		}
	})
}

// draws runs a graph function with a key and returns the numbers of its nodes.
func draws(t *testing.T, backend compute.Backend, define func(key *graph.Node) []*graph.Node, key any) [][]float64 {
	t.Helper()
	out, err := graph.CallOnceN(backend, func(in []*graph.Node) []*graph.Node { return define(in[0]) }, key)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float64, len(out))
	for i, o := range out {
		if values[i], err = tensor.Values(o); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

// shapeOf puts n, which is 0 for none, before the dimensions 6 and 3.
func shapeOf(n int) shapes.Shape {
	if n == 0 {
		return shapes.Make(dtypes.Float32, 6, 3)
	}
	return shapes.Make(dtypes.Float32, n, 6, 3)
}

// Several streams at once draw what each draws alone, at any step; and steps have streams of their own.
func TestStreamsAtOnce(t *testing.T) {
	seeds := []int64{5, 6, 7}
	at := func(step int32, n int) func(key *graph.Node) []*graph.Node {
		return func(key *graph.Node) []*graph.Node {
			s := NewStreamAt(key, graph.Const(key.Graph(), step))
			return []*graph.Node{s.Normal(shapeOf(n)), s.Uniform(shapeOf(n))}
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, step := range []int32{0, 1, 1000} {
			together := draws(t, backend, at(step, len(seeds)), Seeds(seeds, 1))
			for i, seed := range seeds {
				alone := draws(t, backend, at(step, 0), Seed(seed, 1))
				for k := range alone {
					if n := len(alone[k]); !slices.Equal(together[k][i*n:(i+1)*n], alone[k]) {
						t.Errorf("step %d, seed %d: draw %d differs from the stream alone", step, seed, k)
					}
				}
			}
		}
		first, second := draws(t, backend, at(0, 0), Seed(5, 1)), draws(t, backend, at(1, 0), Seed(5, 1))
		for i := range first[0] {
			if first[0][i] == second[0][i] {
				t.Errorf("steps 0 and 1 have the same number %v", first[0][i])
			}
		}
	})
}

// What is drawn for a part of a batch are the rows of that part, and several rows where these belong together.
func TestParts(t *testing.T) {
	const rows, dim = 12, 3
	define := func(devices, device, together int) func(key *graph.Node) []*graph.Node {
		return func(key *graph.Node) []*graph.Node {
			s := NewStream(key)
			if devices > 1 {
				s.For(&dealt.Part{Devices: devices, Device: graph.Const(key.Graph(), int32(device))})
			}
			shape := shapes.Make(dtypes.Float32, rows/devices, dim)
			inLoop := loop.Repeat(graph.Const(key.Graph(), int32(2)), func(pass *graph.Node, carry []*graph.Node) []*graph.Node {
				draws := s.At(carry[:len(carry)-1], pass)
				x := draws.Together(together).Normal(shape)
				return append(draws.Return(), x)
			}, append(s.State(), graph.Zeros(key.Graph(), shape))...)
			return []*graph.Node{s.Together(together).Normal(shape), s.Uniform(shape), inLoop[len(inLoop)-1], s.Whole().Uniform(shapes.Make(dtypes.Float32, 5)), s.Uniform(shapes.Make(dtypes.Float32))}
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, c := range []struct{ devices, together int }{{2, 1}, {3, 2}} {
			whole := draws(t, backend, define(1, 0, c.together), Seed(1, 1))
			for device := range c.devices {
				part := draws(t, backend, define(c.devices, device, c.together), Seed(1, 1))
				for k := range part {
					want := whole[k]
					if k < 3 {
						width := dim
						if k != 1 {
							width *= c.together
						}
						want = nil
						for row := device; row < len(whole[k])/width; row += c.devices {
							want = append(want, whole[k][row*width:(row+1)*width]...)
						}
					}
					if !slices.Equal(part[k], want) {
						t.Errorf("%+v: draw %d of device %d is %v, want %v", c, k, device, part[k], want)
					}
				}
			}
		}
	})
}

// The backends draw the same uniform numbers from a seed, to the bit.
func TestBackendsAgree(t *testing.T) {
	all := map[string][][]float64{}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		all[t.Name()] = draws(t, backend, func(key *graph.Node) []*graph.Node {
			s := NewStream(key)
			return []*graph.Node{s.Uniform(shapeOf(0)), s.Uniform(shapes.Make(dtypes.Float64, 6, 3))}
		}, Seed(1, 1))
	})
	if len(all) == 2 {
		goes, xla := all["TestBackendsAgree/go"], all["TestBackendsAgree/xla:cpu"]
		if !slices.EqualFunc(goes, xla, slices.Equal[[]float64]) {
			t.Errorf("the numbers are %v and %v", goes, xla)
		}
	}
}
