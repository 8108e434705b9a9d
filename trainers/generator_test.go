package trainers

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
)

// stretched is the generator y = a + e^b z in every coordinate on its own, with the parameters a and b [dim].
type stretched struct{}

func (stretched) Parameters(dim int) ([]models.Parameter, error) {
	return []models.Parameter{{Name: "shift", Shape: []int{dim}}, {Name: "log_scale", Shape: []int{dim}}}, nil
}

func (stretched) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	z := graph.Mul(graph.Sub(x, graph.InsertAxes(theta[0], 0)), graph.InsertAxes(graph.Exp(graph.Neg(theta[1])), 0))
	constant := graph.AddScalar(graph.ReduceAllSum(theta[1]), 0.5*float64(theta[1].Shape().Dimensions[0])*math.Log(2*math.Pi))
	return graph.Add(graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), 0.5), constant)
}

func (stretched) Sample(theta []*graph.Node, z *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(z, graph.InsertAxes(graph.Exp(theta[1]), 0)), graph.InsertAxes(theta[0], 0))
}

// The generator of the tests: its parameters, and the mean and the deviation of the data that it is to learn.
var (
	shift, logScale = []float64{0.3, -0.2}, []float64{0.1, -0.4}
	dataMean        = []float64{1, -1}
	dataStd         = []float64{2, 0.8}
	stretching      = &generator{flow: stretched{}, mean: [][]float64{dataMean}, std: [][]float64{dataStd}}
)

// placed is where the generator puts a standard normal point, and its mean and deviation there.
func placed(z []float64) (y, mean, std []float64) {
	for k := range z {
		mean, std = append(mean, dataMean[k]+dataStd[k]*shift[k]), append(std, dataStd[k]*math.Exp(logScale[k]))
		y = append(y, mean[k]+std[k]*z[k])
	}
	return y, mean, std
}

// generatedLog is the log density of the generator.
func generatedLog(x []float64) (sum float64) {
	_, mean, std := placed(x)
	for k := range x {
		z := (x[k] - mean[k]) / std[k]
		sum -= 0.5*z*z + math.Log(std[k]*math.Sqrt(2*math.Pi))
	}
	return sum
}

// withGenerator evaluates a graph function of the quadratic energy, the generator, points and standard normal numbers.
func withGenerator(t *testing.T, backend compute.Backend, define func(net models.Net, flow generated, x, z *graph.Node) []*graph.Node) [][]float64 {
	t.Helper()
	return tilted.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
		return define(net, stretching.at(in[2:4]), in[0], in[1])
	}, fivePoints, fiveNoises, tensor.From(shift, dtypes.Float64, 2), tensor.From(logScale, dtypes.Float64, 2))
}

// A generator works in the coordinates of the data: its points and its density are those of the flow, moved and stretched.
func TestGenerator(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := withGenerator(t, backend, func(_ models.Net, flow generated, x, z *graph.Node) []*graph.Node {
			return []*graph.Node{flow.place(z), flow.LogProb(x), graph.Gradient(graph.ReduceAllSum(flow.frozen().LogProb(x)), flow.theta[0])[0]}
		})
		for i, z := range fiveNoises {
			y, _, _ := placed(z)
			for k := range y {
				near(t, "a point", got[0][2*i+k], y[k], 1e-14)
			}
			near(t, "a log density", got[1][i], generatedLog(fivePoints[i]), 1e-13)
		}
		for _, v := range got[2] {
			near(t, "a gradient by a frozen parameter", v, 0, 0)
		}
	})
}

// The loss is that of nce with the generator as its noise, with the gradient of that by the energy and log Z; the flow's
// gradient is the opposite, points included, plus that of its likelihood. Neither player feels the other's.
func TestFlowNCELoss(t *testing.T) {
	const c, beta = 0.3, 0.7
	n := float64(len(fivePoints))
	logit := func(x []float64) float64 { return -tilted.energy(x) - c - generatedLog(x) }
	loss, nll, byLogZ := 0.0, 0.0, 0.0
	var byMean, byShift [2]float64 // of the energy's mean, and of the flow's shift
	for i, x := range fivePoints {
		y, mean, std := placed(fiveNoises[i])
		loss += (softplusOnHost(-logit(x)) + softplusOnHost(logit(y))) / n
		nll -= generatedLog(x) / n
		data, fake := 1/(1+math.Exp(logit(x))), 1/(1+math.Exp(-logit(y))) // σ(−G(x)) and σ(G(y))
		byLogZ += (data - fake) / n
		sx, sy := tilted.score(x), tilted.score(y)
		for k := range byMean {
			byMean[k] += (data*sx[k] - fake*sy[k]) / n // −∂G/∂μ = ∂E/∂μ is the score
			// Of V = −softplus(−G(x)) − softplus(G(y)), where log q(x) has the slope (x−m)/s² by m, log q(y) has none along the
			// path y(m), and −E(y) has s(y); m = mean + std·shift.
			slope := -data*(x[k]-mean[k])/(std[k]*std[k]) - fake*sy[k]
			byShift[k] += dataStd[k] * (slope - beta*(x[k]-mean[k])/(std[k]*std[k])) / n
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := withGenerator(t, backend, func(net models.Net, flow generated, x, z *graph.Node) []*graph.Node {
			logZ := graph.Scalar(x.Graph(), x.DType(), c)
			y := flow.place(z)
			l, nll := (&FlowNCE{NoiseRatio: 1, Likelihood: beta}).loss(net, logZ, flow, x, y, graph.StopGradient(y), flow.frozen())
			return append([]*graph.Node{l, nll}, graph.Gradient(l, net.Theta[0], flow.theta[0], logZ)...)
		})
		near(t, "the loss", got[0][0], loss, 1e-13)
		near(t, "the flow's negative log likelihood", got[1][0], nll, 1e-13)
		near(t, "the gradient by log Z", got[4][0], byLogZ, 1e-13)
		for k := range byMean {
			near(t, "the gradient by the energy's mean", got[2][k], byMean[k], 1e-13)
			near(t, "the gradient by the flow's shift", got[3][k], byShift[k], 1e-13)
		}
	})
}

// The energy's loss is mean E(x) − mean E(y) with its penalties, the sampler's mean E(y) + log q(y) along the path of y
// alone: by m it has the slope −s(y) − (y−m)/s². Neither feels the other's.
func TestAdversarialLoss(t *testing.T) {
	const alpha, gamma = 0.05, 0.3
	n := float64(len(fivePoints))
	loss, divergence := 0.0, 0.0
	var byMean, byShift [2]float64
	for i, x := range fivePoints {
		y, mean, std := placed(fiveNoises[i])
		ex, ey, sx, sy := tilted.energy(x), tilted.energy(y), tilted.score(x), tilted.score(y)
		loss += (ex - ey + alpha*(ex*ex+ey*ey) + gamma*(sx[0]*sx[0]+sx[1]*sx[1])) / n
		divergence += (ey + generatedLog(y)) / n
		p := tilted.precision()
		for k := range byMean {
			penalty := 2 * gamma * (p[k][0]*sx[0] + p[k][1]*sx[1]) // of ‖s‖² by μ, since ds/dμ = Λ
			byMean[k] += ((1+2*alpha*ex)*sx[k] - (1-2*alpha*ey)*sy[k] + penalty) / n
			byShift[k] += dataStd[k] * (-sy[k] - (y[k]-mean[k])/(std[k]*std[k])) / n
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := withGenerator(t, backend, func(net models.Net, flow generated, x, z *graph.Node) []*graph.Node {
			y := flow.place(z)
			l, d := (&Adversarial{EnergyL2: alpha, GradientPenalty: gamma}).Loss(net, flow, x, y), samplerLoss(net, flow, y)
			own := append(graph.Gradient(l, net.Theta[0], flow.theta[0]), graph.Gradient(d, net.Theta[0], flow.theta[0])...)
			both := graph.Gradient(graph.Add(l, gradientOnly(d)), net.Theta[0], flow.theta[0])
			return append(append([]*graph.Node{l, d, gradientOnly(d)}, own...), both...)
		})
		near(t, "the loss", got[0][0], loss, 1e-13)
		near(t, "the sampler's loss", got[1][0], divergence, 1e-13)
		near(t, "the sampler's part of the loss", got[2][0], 0, 0)
		for k := range byMean {
			near(t, "the gradient of the energy's loss by its mean", got[3][k], byMean[k], 1e-13)
			near(t, "the gradient of the energy's loss by the shift", got[4][k], 0, 0)
			near(t, "the gradient of the sampler's loss by the mean", got[5][k], 0, 0)
			near(t, "the gradient of the sampler's loss by its shift", got[6][k], byShift[k], 1e-13)
			near(t, "the gradient of both by the mean", got[7][k], byMean[k], 1e-13)
			near(t, "the gradient of both by the shift", got[8][k], byShift[k], 1e-13)
		}
	})
}

// With importance weights the energy's gradient is mean ∂E(x) − Σ w ∂E(y), w in proportion to exp(−E(y))/q(y).
func TestAdversarialImportance(t *testing.T) {
	var weights []float64
	sum, loss := 0.0, 0.0
	for _, z := range fiveNoises {
		y, _, _ := placed(z)
		weights = append(weights, math.Exp(-tilted.energy(y)-generatedLog(y)))
		sum += weights[len(weights)-1]
	}
	var byMean [2]float64
	for i, x := range fivePoints {
		y, _, _ := placed(fiveNoises[i])
		w, n := weights[i]/sum, float64(len(fivePoints))
		loss += tilted.energy(x)/n - w*tilted.energy(y)
		sx, sy := tilted.score(x), tilted.score(y)
		for k := range byMean {
			byMean[k] += sx[k]/n - w*sy[k]
		}
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := withGenerator(t, backend, func(net models.Net, flow generated, x, z *graph.Node) []*graph.Node {
			l := (&Adversarial{Weights: "importance"}).Loss(net, flow, x, flow.place(z))
			return append([]*graph.Node{l}, graph.Gradient(l, net.Theta[0], flow.theta[0])...)
		})
		near(t, "the loss", got[0][0], loss, 1e-13)
		for k := range byMean {
			near(t, "the gradient by the mean", got[1][k], byMean[k], 1e-13)
			near(t, "the gradient by the shift", got[2][k], 0, 0)
		}
	})
}

// The wide points come on top of the sampler's, and in place of some of the flow's, in the share that is asked for, and the
// density is that of both. Where a share is not asked for, or weights are equal, there are none.
func TestDefence(t *testing.T) {
	const batch = 12
	wide := defence{&DiagonalGaussian{Mean: [][]float64{{100, 200}}, Std: [][]float64{{2, 3}}}}
	problem := Problem{Data: []*datasets.Set{{Train: datasets.NewPoints(1, 2)}}, BatchSize: batch, DType: dtypes.Float64}
	adversary := func(m Adversarial) defended {
		return func(flow generated, y *graph.Node, draws random.Draws) (*graph.Node, LogDensity) {
			points, density, _ := (&adversarial{&m, stretching, wide, problem}).defended(flow, y, draws)
			return points, density
		}
	}
	contrast := func(m FlowNCE) defended { return (&flowNCE{&m, stretching, wide, problem}).defended }
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, c := range map[string]struct {
			defended
			given, narrow, wide int
		}{
			"adversarial":                {adversary(Adversarial{Weights: importance, Defence: 0.25}), batch, batch, 4},
			"adversarial, none":          {adversary(Adversarial{Weights: importance}), batch, batch, 0},
			"adversarial, equal weights": {adversary(Adversarial{Weights: "equal", Defence: 0.25}), batch, batch, 0},
			"flow_nce":                   {contrast(FlowNCE{NoiseRatio: 2, Defence: 0.25}), 2 * batch, 18, 6},
			"flow_nce, none":             {contrast(FlowNCE{NoiseRatio: 1}), batch, batch, 0},
		} {
			got := withGenerator(t, backend, func(_ models.Net, flow generated, _, _ *graph.Node) []*graph.Node {
				g := flow.theta[0].Graph()
				y := graph.Zeros(g, problem.points(c.given))
				samples, density := c.defended(flow, y, random.NewStream(graph.Const(g, []uint32{1, 2})))
				return []*graph.Node{samples, density.LogProb(samples), flow.LogProb(samples), wide.wide.LogProb(samples)}
			})
			if len(got[1]) != c.narrow+c.wide {
				t.Fatalf("%s: %d points, want %d", name, len(got[1]), c.narrow+c.wide)
			}
			for i, logProb := range got[1] {
				x := got[0][2*i : 2*i+2]
				if isWide := math.Abs(x[0]-100) < 12 && math.Abs(x[1]-200) < 18; isWide != (i >= c.narrow) {
					t.Errorf("%s: point %d is %v", name, i, x)
				}
				want := got[2][i]
				if c.wide > 0 {
					want = math.Log(0.75*math.Exp(got[2][i]) + 0.25*math.Exp(got[3][i]))
				}
				near(t, name+": a log density", logProb, want, 1e-12)
			}
		}
	})
}

// defended puts wide points among those of a generator.
type defended func(flow generated, y *graph.Node, draws random.Draws) (*graph.Node, LogDensity)

// At its optimum, where the generator is the model, the sampler's gradient is 0 at every point, and the bound of log Z is
// log Z itself.
func TestSamplerAtItsOptimum(t *testing.T) {
	_, mean, std := placed(shift)
	same := learned{mean: [2]float64(mean), factor: [2][2]float64{{1 / std[0], 0}, {0, 1 / std[1]}}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		got := same.evaluate(t, backend, func(net models.Net, in []*graph.Node) []*graph.Node {
			flow := stretching.at(in[1:3])
			d := samplerLoss(net, flow, flow.place(in[0]))
			return append([]*graph.Node{graph.Neg(d)}, graph.Gradient(d, flow.theta...)...)
		}, fiveNoises, tensor.From(shift, dtypes.Float64, 2), tensor.From(logScale, dtypes.Float64, 2))
		near(t, "the bound", got[0][0], math.Log(2*math.Pi*std[0]*std[1]), 1e-13)
		for k := range 2 {
			near(t, "the gradient by the shift", got[1][k], 0, 1e-13)
			near(t, "the gradient by the scale", got[2][k], 0, 1e-13)
		}
	})
}

// A flow has to be one, and to fit the data; its parameters are the method's.
func TestGeneratorOfAMethod(t *testing.T) {
	data := []*datasets.Set{normalData(8, []float64{0, 0}, 1)}
	for _, method := range []Method{&FlowNCE{NoiseRatio: 1, Flow: models.NewMLP()}, &Adversarial{Flow: models.NewMLP()}} {
		var problems []string
		method.(interface {
			Check(func(key, problem string))
		}).Check(func(key, problem string) { problems = append(problems, key) })
		if len(problems) != 1 || problems[0] != "flow" {
			t.Errorf("%T with a network for a flow: problems with %v, want flow", method, problems)
		}
		if _, err := method.Prepare(Problem{Data: data, DType: dtype}); err == nil {
			t.Errorf("%T with a network for a flow is no error", method)
		}
	}
	for _, method := range []Method{NewFlowNCE(), NewAdversarial()} {
		objective, err := method.Prepare(Problem{Data: data, DType: dtype})
		if err != nil {
			t.Fatal(err)
		}
		if last := objective.Parameters(); last[len(last)-1].Name != "flow.couplings.7.shift.bias" {
			t.Errorf("%T: the last parameter is %q", method, last[len(last)-1].Name)
		}
		flat := []*datasets.Set{{Train: datasets.Points{N: 2, Dim: 1, Values: []float64{3, 3}}}}
		if _, err := method.Prepare(Problem{Data: flat, DType: dtype}); err == nil {
			t.Errorf("%T on data that does not vary is no error", method)
		}
	}
	short := smallFlow()
	short.Layers = 1
	_, err := (&FlowNCE{NoiseRatio: 1, Flow: short}).Prepare(Problem{Data: data, DType: dtype})
	if want := "method.flow.layers is 1, and a coupling moves half of the 2 coordinates; want at least 2"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
