package random

import (
	"errors"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/internal/dealt"
)

// Stream is a counter-based pseudo-random generator: number i of draw n is a function of key, n and i alone (Salmon et
// al. 2011). Nothing goes from one draw to the next, all numbers of a draw are computed at once, and the same seed gives
// the same numbers on every backend, normal ones up to rounding.
//
// The key may be those of several streams, [streams, 2]: then the first axis of every shape is that of the streams.
type Stream struct {
	key   *graph.Node   // uint32 [2] or [streams, 2]
	part  *dealt.Part   // of a batch that it draws for; nil: the whole
	rows  int           // of a draw that belong to one row of the batch; 0 is 1
	draws *uint32       // so far; shared by a stream and those of the loops in it
	pass  *graph.Node   // uint32: of the loop that this is the stream of; nil outside of loops
	given []*graph.Node // the state that At made it from
}

// Generator is the name of what computes the numbers. It changes whenever the numbers of a seed do.
const Generator = "threefry-2x32-13"

// NewStream begins the stream of a key, which is the node that Seed's tensor becomes.
func NewStream(key *graph.Node) *Stream { return &Stream{key: key, draws: new(uint32)} }

// NewStreamAt begins the stream of step number step (int32) of a key: every step has its own.
func NewStreamAt(key, step *graph.Node) *Stream {
	return NewStream(shifted(key, []uint32{0, 1}, graph.ConvertDType(step, dtypes.Uint32)))
}

// shifted adds a multiple of two words to a key. Threefry is as good with keys in a row as with any others: a seed's are
// random, and those of its steps and of the passes of its loops follow them in the second and the first word.
func shifted(key *graph.Node, words []uint32, times *graph.Node) *graph.Node {
	shift := graph.ExpandLeftToRank(graph.Mul(graph.Const(key.Graph(), words), times), key.Rank())
	return graph.Add(key, graph.BroadcastToDims(shift, key.Shape().Dimensions...))
}

// For makes the stream draw for a part of a batch: a draw of the shape [n, …] gives the rows of the part, out of those that a
// draw for the whole batch gives. Numbers that are no rows, of the shape [], are the same for all parts.
func (s *Stream) For(part *dealt.Part) { s.part = part }

// Part implements Draws.
func (s *Stream) Part() *dealt.Part { return s.part }

// Together implements Draws.
func (s *Stream) Together(k int) Draws {
	together := *s
	together.rows = k
	return &together
}

// Whole implements Draws.
func (s *Stream) Whole() Draws {
	whole := *s
	whole.part = nil
	return &whole
}

// Seed returns the key of a seed, [2]. Different purposes of one seed get independent streams.
func Seed(seed int64, purpose uint64) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(words(seed, purpose), 2)
}

// Seeds returns the keys of several seeds, [seeds, 2], for one purpose, or for a purpose each.
func Seeds(seeds []int64, purposes ...uint64) *tensors.Tensor {
	var keys []uint32
	for i, seed := range seeds {
		keys = append(keys, words(seed, purposes[min(i, len(purposes)-1)])...)
	}
	return tensors.FromFlatDataAndDimensions(keys, len(seeds), 2)
}

func words(seed int64, purpose uint64) []uint32 {
	r := rand.New(rand.NewPCG(uint64(seed), purpose))
	return []uint32{r.Uint32(), r.Uint32()}
}

// bits returns two independent words, uint32 of the given dimensions, for each number of a draw.
func (s *Stream) bits(dimensions ...int) (a, b *graph.Node) {
	g := s.key.Graph()
	own := dimensions // of one stream
	if s.key.Rank() == 2 {
		own = dimensions[1:]
	}
	index := graph.Const(g, uint32(0))
	if shape := shapes.Make(dtypes.Uint32, own...); !shape.IsScalar() {
		index = s.numbers(g, shape)
	}
	if len(own) < len(dimensions) {
		index = graph.InsertAxes(index, 0)
	}
	draw := graph.Const(g, *s.draws)
	*s.draws++
	key := s.key
	if s.pass != nil {
		key = shifted(key, []uint32{1, 0}, graph.OnePlus(s.pass))
	}
	return threefry(word(key, 0, dimensions), word(key, 1, dimensions),
		graph.BroadcastToDims(index, dimensions...), graph.BroadcastToDims(draw, dimensions...))
}

// numbers count the numbers of a draw of a shape of one stream, as those of a draw for the whole batch.
func (s *Stream) numbers(g *graph.Graph, shape shapes.Shape) *graph.Node {
	if s.part == nil {
		return graph.IotaFull(g, shape)
	}
	rows := shape.Dimensions[0] / max(s.rows, 1)
	width := shape.Size() / rows // numbers of a row of the batch
	laid := shapes.Make(dtypes.Uint32, rows, width)
	row := graph.MulScalar(graph.Iota(g, laid, 0), float64(s.part.Devices*width))
	own := graph.MulScalar(graph.ConvertDType(s.part.Device, dtypes.Uint32), float64(width))
	all := graph.Add(graph.Add(row, graph.Iota(g, laid, 1)), graph.BroadcastToDims(own, rows, width))
	return graph.Reshape(all, shape.Dimensions...)
}

// word is word i of the key for each number of a draw.
func word(key *graph.Node, i int, dimensions []int) *graph.Node {
	if key.Rank() == 1 {
		return graph.BroadcastToDims(graph.Reshape(graph.Slice(key, graph.AxisElem(i))), dimensions...)
	}
	each := make([]int, len(dimensions)) // [streams, 1, …]
	for axis := range each {
		each[axis] = 1
	}
	each[0] = key.Shape().Dimensions[0]
	return graph.BroadcastToDims(graph.Reshape(graph.Slice(key, graph.AxisRange(), graph.AxisElem(i)), each...), dimensions...)
}

// Uniform implements Draws: multiples of 2⁻²⁴, in float64 of 2⁻⁵³.
func (s *Stream) Uniform(shape shapes.Shape) *graph.Node {
	a, b := s.bits(shape.Dimensions...)
	if shape.DType != dtypes.Float64 {
		return graph.ConvertDType(graph.MulScalar(top(a, 24, dtypes.Float32), 1.0/(1<<24)), shape.DType)
	}
	high, low := top(a, 27, dtypes.Float64), top(b, 26, dtypes.Float64)
	return graph.MulScalar(graph.Add(graph.MulScalar(high, 1<<26), low), 1.0/(1<<53))
}

// Normal implements Draws by the inverse of the distribution function: √2·erf⁻¹(2u − 1), u being odd multiples of 2⁻²⁵. Of
// 2²⁴ numbers on the whole, none is beyond ±5.42.
func (s *Stream) Normal(shape shapes.Shape) *graph.Node {
	dtype := shape.DType
	if dtype != dtypes.Float64 {
		dtype = dtypes.Float32
	}
	a, _ := s.bits(shape.Dimensions...)
	x := graph.AddScalar(graph.MulScalar(top(a, 24, dtype), 1.0/(1<<23)), 1.0/(1<<24)-1) // exact, and symmetric about 0
	return graph.StopGradient(graph.ConvertDType(normalQuantile(x), shape.DType))
}

// top is the number that the first n < 32 bits of a word are.
func top(word *graph.Node, n int, dtype dtypes.DType) *graph.Node {
	shifted := graph.BitwiseShiftRightLogicalScalar(word, uint32(32-n))
	return graph.ConvertDType(graph.ConvertDType(shifted, dtypes.Int32), dtype) // processors convert signed numbers faster
}

// State implements Draws.
func (s *Stream) State() []*graph.Node {
	if s.part == nil {
		return []*graph.Node{s.key}
	}
	return []*graph.Node{s.key, s.part.Device}
}

// At implements Draws.
func (s *Stream) At(state []*graph.Node, pass *graph.Node) Draws {
	if s.pass != nil {
		panic(errors.New("random: a stream reaches into a loop, not into another one within it"))
	}
	in := &Stream{key: state[0], rows: s.rows, draws: s.draws, pass: graph.ConvertDType(pass, dtypes.Uint32), given: state}
	if s.part != nil {
		in.part = &dealt.Part{Devices: s.part.Devices, Device: state[1]}
	}
	return in
}

// Return implements Draws.
func (s *Stream) Return() []*graph.Node { return s.given }

// Resume implements Draws.
func (s *Stream) Resume([]*graph.Node) {}
