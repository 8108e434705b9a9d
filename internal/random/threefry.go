package random

import "github.com/gomlx/gomlx/core/graph"

// The constants of Threefry-2x32: by how many bits each round rotates, and the parity of the key schedule.
var (
	rotations = [8]uint32{13, 15, 26, 6, 17, 29, 16, 24}
	parity    = uint32(0x1BD11BDA)
)

// rounds is the smallest number that passes all tests of TestU01's BigCrush (Salmon et al. 2011, table 2).
const rounds = 13

// threefry is Threefry-2x32 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011): it turns a counter of two
// words into two random words under a key of two words. All are uint32 nodes of one shape.
func threefry(key0, key1, x0, x1 *graph.Node) (*graph.Node, *graph.Node) {
	key := [3]*graph.Node{key0, key1, graph.BitwiseXor(graph.BitwiseXor(key0, key1), graph.Scalar(key0.Graph(), key0.DType(), parity))}
	x0, x1 = graph.Add(x0, key[0]), graph.Add(x1, key[1])
	for round := range rounds {
		x0 = graph.Add(x0, x1)
		x1 = graph.BitwiseXor(rotated(x1, rotations[round%8]), x0)
		if n := (round + 1) / 4; (round+1)%4 == 0 {
			x0 = graph.Add(x0, key[n%3])
			x1 = graph.Add(x1, graph.AddScalar(key[(n+1)%3], float64(n)))
		}
	}
	return x0, x1
}

// rotated turns the bits of a word to the left by n.
func rotated(word *graph.Node, n uint32) *graph.Node {
	return graph.BitwiseOr(graph.BitwiseShiftLeftScalar(word, n), graph.BitwiseShiftRightLogicalScalar(word, 32-n))
}
