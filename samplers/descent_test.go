package samplers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/dealt"
	"joule/internal/random"
	"joule/models"
)

// nothing has no random numbers: drawing any is a fault.
type nothing struct{ random.Draws }

func (nothing) Part() *dealt.Part                          { return nil }
func (nothing) State() []*graph.Node                       { return nil }
func (nothing) Return() []*graph.Node                      { return nil }
func (nothing) At([]*graph.Node, *graph.Node) random.Draws { return nothing{} }
func (nothing) Resume([]*graph.Node)                       {}

// Plain descent on a quadratic shrinks the distance to the mean by 1 − ελ a step. On one of condition 1000 Nesterov's
// momentum gets in as many steps where plain descent never would.
func TestDescentRates(t *testing.T) {
	const steps, large, small = 400, 10, 0.01
	model := &models.Quadratic{Mean: []float64{1, -1}, Precision: [][]float64{{large, 0}, {0, small}}}
	start := []float64{2, 1, 1, 0, -5, 3}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		end := func(momentum string) []float64 {
			return ends(t, backend, model, &Descent{Steps: steps, StepSize: 0.5 / large, Momentum: momentum}, start, 2, 1, nil)[0]
		}
		plain, fast := end("none"), end("nesterov")
		for i := range start {
			mean, lambda := []float64{1, -1}[i%2], []float64{large, small}[i%2]
			near(t, "plain descent", plain[i]-mean, (start[i]-mean)*math.Pow(1-0.5/large*lambda, steps), 1e-12)
			near(t, "with momentum", fast[i], mean, 0.02*math.Abs(start[i]-mean))
		}
	})
}

// With momentum a chain is the formula, and starts anew where it goes uphill: each by itself.
func TestDescentWithMomentum(t *testing.T) {
	const step, steps = 0.3, 12
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := run(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			return []*graph.Node{Run(&Descent{Steps: steps, StepSize: step, Momentum: "nesterov"}, net, in[0], Options{}, nothing{}).X}
		}, starts)[0]
		lambda, restarts := []float64{1, 3}, 0
		for chain, start := range starts {
			x, before, count := append([]float64(nil), start...), append([]float64(nil), start...), 1.0
			for range steps {
				uphill := 0.0
				for k := range x {
					y := x[k] + (count-1)/(count+2)*(x[k]-before[k])
					gradient := lambda[k] * (y - 1)
					before[k], x[k] = x[k], y-step*gradient
					uphill += gradient * (x[k] - before[k])
				}
				count++
				if uphill > 0 {
					count = 1
					restarts++
				}
			}
			for k := range x {
				near(t, "a coordinate", got[2*chain+k], x[k], 1e-13)
			}
		}
		if restarts == 0 {
			t.Error("no chain starts anew: that shows too little")
		}
	})
}
