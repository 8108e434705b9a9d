package models

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// The default is the tutorial's network: 256 features of 28×28 pixels, and 77 thousand parameters.
func TestConvDefault(t *testing.T) {
	parameters, err := NewConv().Parameters(28 * 28)
	if err != nil {
		t.Fatal(err)
	}
	var shapes []string
	for _, p := range parameters {
		shapes = append(shapes, fmt.Sprint(p.Name, p.Shape))
	}
	want := []string{
		"convolutions.0.weight[5 5 1 16]", "convolutions.0.bias[16]", "convolutions.1.weight[3 3 16 32]", "convolutions.1.bias[32]",
		"convolutions.2.weight[3 3 32 64]", "convolutions.2.bias[64]", "convolutions.3.weight[3 3 64 64]", "convolutions.3.bias[64]",
		"layers.0.weight[256 64]", "layers.0.bias[64]", "layers.1.weight[64 1]", "layers.1.bias[1]",
	}
	const everywhere = 16*16*25*16 + 8*8*9*16*32 + 4*4*9*32*64 + 2*2*9*64*64 // by kernels
	if n, err := Multiplications(NewConv(), 28*28); err != nil || n != everywhere+16+32+64+64+256*64+64+64+1 {
		t.Errorf("%d multiplications, %v", n, err)
	}
	if !slices.Equal(shapes, want) {
		t.Errorf("got %v, want %v", shapes, want)
	}
}

// A kernel as large as the image makes a layer of an MLP, whose matrix has the pixels row by row and their channels together. At a
// noise level it makes one of a conditional MLP.
func TestConvOfWholeImage(t *testing.T) {
	const dim = 12
	layers := Convolutions{Shape: []int{2, 2, 3}, Channels: []int{4}, Kernels: []int{2}, Strides: []int{1}, Paddings: []int{0}}
	conditional := ConditionalMLP{Hidden: []int{3}, Activation: "silu", NoiseLevels: NoiseLevels{SigmaMin: 0.3, SigmaMax: 4, DataStd: 1.5, Embedding: 3}}
	deeper := conditional
	deeper.Hidden = []int{4, 3}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, pair := range [][2]Energy{
			{&Conv{Convolutions: layers, Hidden: []int{3}, Activation: "silu"}, &MLP{Hidden: []int{4, 3}, Activation: "silu"}},
			{midway{&ConditionalConv{layers, conditional}}, midway{&deeper}},
		} {
			theta, x := moved(t, pair[1], dim, 3, 0.3), normals(2*dim, 4)
			define := func(net Net, x *graph.Node) []*graph.Node { return []*graph.Node{net.Energy(x), net.Score(x)} }
			got := evaluate(t, backend, pair[0], theta, x, dim, define)
			for i, want := range evaluate(t, backend, pair[1], theta, x, dim, define) {
				for j := range want {
					near(t, fmt.Sprintf("number %d of output %d of %T", j, i, pair[0]), got[i][j], want[j], 1e-12)
				}
			}
		}
	})
}

// Settings that do not fit one another, or the points, are named with what would be right.
func TestConvErrors(t *testing.T) {
	_, err := NewConv().Parameters(100)
	if want := "model.shape is [28 28 1], which makes 784 coordinates; the points have 100"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	small := NewConditionalConv()
	small.Shape, small.Paddings = []int{8, 8, 1}, []int{0, 0, 0, 0}
	_, err = small.Parameters(64)
	if want := "model.kernels has 3 for layer 1, into which 2×2 pixels go, with a padding of 0: use a smaller one"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	uneven := NewConditionalConv()
	uneven.Strides, uneven.SigmaMin = []int{1}, 7
	var got []string
	uneven.Check(func(key, problem string) { got = append(got, key+" "+problem) })
	if len(got) != 2 || !strings.HasPrefix(got[0], "strides has 1 ") || !strings.HasPrefix(got[1], "sigma_max is 5") {
		t.Errorf("%q", got)
	}
	if _, err = Multiplications(uneven, 784); err == nil {
		t.Error("layers without strides are accepted")
	}
}
