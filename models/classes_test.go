package models

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
)

// For every example with classes: E(x) = −log Σ exp f(x)[y], E(x, y) = −f(x)[y] whether the label is the point's own or that of
// all, and Σ exp(E(x) − E(x, y)) = 1.
func TestClassifiers(t *testing.T) {
	const n = 3
	tested := map[string]bool{}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		forExamples(t, func(t *testing.T, model Energy, dim int) {
			classes := ClassesOf(model)
			small := model == examples["mlp, classes"] || model == examples["patch_transformer, classes"]
			if classes == 0 || dim == 1 || dim == 3 || backendtest.OnXLA(backend) && !small {
				return // compiling takes a while there
			}
			tested[fmt.Sprintf("%T", model)] = true
			labels := []int32{int32(classes - 1), 0, 1}
			run := prepare(t, backend, model, dim, func(net Net, x *graph.Node) []*graph.Node {
				out := []*graph.Node{net.Energy(x), net.Logits(x), net.Given(graph.Const(x.Graph(), []int32{0, 0, 0})).Given(graph.Const(x.Graph(), labels)).Energy(x)}
				for class := range classes {
					out = append(out, Net{OfClass(model.(Classifier), class), net.Theta}.Energy(x))
				}
				return out
			})
			got := run(moved(t, model, dim, 3, 0.3), normals(n*dim, 5))
			for i := range n {
				logits, sum, total := got[1][i*classes:(i+1)*classes], 0.0, 0.0
				for class, f := range logits {
					sum += math.Exp(f)
					near(t, "the energy of a class", got[3+class][i], -f, 1e-12*max(1, math.Abs(f)))
					total += math.Exp(got[0][i] - got[3+class][i])
				}
				near(t, "the energy", got[0][i], -math.Log(sum), 1e-10)
				near(t, "the sum of the probabilities", total, 1, 1e-10)
				near(t, "the energy of a labelled point", got[2][i], -logits[labels[i]], 1e-12*max(1, math.Abs(got[2][i])))
			}
		})
	})
	if len(tested) != 8 {
		t.Errorf("only %v have been tested", tested)
	}
}

// Logits that are large or far apart neither overflow nor vanish.
func TestLogSumExp(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		out, err := graph.CallOnceN(backend, func(x *graph.Node) []*graph.Node {
			return []*graph.Node{LogSumExp(x), softmax(x)}
		}, [][]float32{{500, 500}, {-500, -500}, {500, -500}})
		if err != nil {
			t.Fatal(err)
		}
		got := numbers(t, out)
		for i, want := range []float64{500 + math.Ln2, -500 + math.Ln2, 500} {
			near(t, "log Σ exp", got[0][i], want, 1e-4)
		}
		for i, want := range []float64{0.5, 0.5, 0.5, 0.5, 1, 0} {
			near(t, "a probability", got[1][i], want, 1e-6)
		}
	})
}

// The energies of a class of a model with noise levels are of its logits at those levels.
func TestLevelsOfAClass(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for _, name := range []string{"conditional_resnet", "conditional_patch_transformer"} {
		model := examples[name].(LevelClassifier)
		got := prepare(t, backend, model, 8, func(net Net, x *graph.Node) []*graph.Node {
			sigma := graph.Const(x.Graph(), []float64{0.4, 2})
			one := Net{OfClass(model, 1), net.Theta}
			smallest, _ := one.Model.(Conditional).Levels()
			lowest := graph.Scalar(x.Graph(), x.DType(), smallest)
			return []*graph.Node{
				one.At(sigma).Energy(x), net.Given(graph.Const(x.Graph(), []int32{1, 1})).At(sigma).Energy(x),
				graph.Neg(graph.SliceAxis(model.LogitsAt(net.Theta, x, sigma), -1, graph.AxisElem(1))),
				net.At(sigma).Energy(x), graph.Neg(LogSumExp(model.LogitsAt(net.Theta, x, sigma))),
				one.Energy(x), one.At(lowest).Energy(x),
			}
		})(moved(t, model, 8, 2, 0.3), normals(16, 3))
		for _, pair := range [][2]int{{0, 2}, {1, 2}, {3, 4}, {5, 6}} {
			for i := range 2 {
				near(t, fmt.Sprintf("%s: output %d", name, pair[0]), got[pair[0]][i], got[pair[1]][i], 1e-11*max(1, math.Abs(got[pair[1]][i])))
			}
		}
	}
}
