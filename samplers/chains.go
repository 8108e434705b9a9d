package samplers

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// Start is the Gaussian with independent coordinates that chains start from.
type Start struct{ Mean, Std []float64 }

// purposeChains tells the random numbers of Draw from other uses of the same seed.
const purposeChains = 101

// Draw runs n chains of a compiled model on its backend and returns their ends row by row, [n·dim]. The same seed
// gives the same chains.
func Draw(model *models.Compiled, s Sampler, start Start, n int, seed int64) ([]float64, error) {
	if len(start.Mean) != model.Dim || len(start.Std) != model.Dim {
		return nil, fmt.Errorf("the chains start with %d means and %d standard deviations, and the model has %d coordinates", len(start.Mean), len(start.Std), model.Dim)
	}
	exec, err := model.Exec(func(net models.Net, in []*graph.Node) []*graph.Node {
		first, mean, std, length := in[0], in[1], in[2], in[3]
		draws := random.NewStream(first)
		x := graph.Add(graph.Mul(draws.Normal(shapes.Make(models.DType, n, model.Dim)), std), mean)
		return []*graph.Node{RunFor(s, length, net, x, draws)}
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	row := func(values []float64) any { return tensor.From(values, models.DType, 1, model.Dim) }
	out, err := model.Call(exec, random.Seed(seed, purposeChains), row(start.Mean), row(start.Std), int32(s.Length()))
	if err != nil {
		return nil, fmt.Errorf("cannot run the chains: %w", err)
	}
	return tensor.Values(out[0])
}
