package trainers

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/internal/tensor"
	"joule/models"
	"joule/samplers"
)

// twoClasses are n points, three in four of them of class 0 around (−2, 0) and the others of class 1 around (2, 1), all of
// variance ¼, in random order.
func twoClasses(n int) *datasets.Set {
	r := rand.New(rand.NewPCG(2, 1))
	labels, train := make([]int, n), datasets.NewPoints(n, 2)
	for i := range n {
		if r.IntN(4) == 0 {
			labels[i] = 1
		}
		for k, v := range classMeans[labels[i]] {
			train.Row(i)[k] = v + 0.5*r.NormFloat64()
		}
	}
	return &datasets.Set{Train: train, Labels: &datasets.Labels{Classes: []string{"many", "few"}, Train: labels}}
}

var classMeans = [][]float64{{-2, 0}, {2, 1}}

// classifying is a small run of jem on them.
func classifying(method *JEM) Spec {
	return Spec{
		Model:  &models.MLP{Hidden: []int{16, 16}, Activation: "silu", Confinement: 4, Head: models.Head{Number: 2}},
		Method: method, Data: twoClasses(1000), Optimizer: cosine(0.01), Loop: Loop{Steps: 400, BatchSize: 64, LogEvery: 400, EMA: 0.99}, Seed: 1,
	}
}

// The loss, and its gradient, are those of the other method and λ times the cross entropy, by hand; and with conditional they
// are of the energies −f(x)[y].
func TestJEMLossIsTheSumOfItsParts(t *testing.T) {
	const weight = 0.3
	data := twoClasses(5)
	model := &models.MLP{Hidden: []int{4}, Activation: "tanh", Head: models.Head{Number: 2}}
	problem := Problem{Data: []*datasets.Set{data}, Model: model, BatchSize: 5, Devices: 1, DType: dtypes.Float64}
	parameters, err := model.Parameters(2)
	if err != nil {
		t.Fatal(err)
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		in := []any{data.Train.Values, []int32{1, 0, 0, 1, 1}, fiveNoises}
		r := rand.New(rand.NewPCG(1, 1))
		for _, p := range parameters {
			in = append(in, tensor.From(p.Init(r), dtypes.Float64, p.Shape...))
		}
		for _, conditional := range []bool{false, true} {
			objective, err := (&JEM{Generative: NewDSM(), Conditional: conditional, Classification: weight}).Prepare(problem)
			if err != nil {
				t.Fatal(err)
			}
			got := evaluate(t, backend, func(in []*graph.Node) []*graph.Node {
				x, labels, z, net := graph.Reshape(in[0], 5, 2), in[1], in[2], models.Net{Model: model, Theta: in[3:]}
				given := graph.InsertAxes(z, 0)
				out := objective.Loss(Input{Net: net, Batch: x, Labels: labels, Draws: random.NewReplay(given.Graph(), given, nil)})
				logits := net.Logits(x)
				chosen := graph.ConvertDType(labels, logits.DType()) // f[y] = f[0] + y(f[1] − f[0])
				first, second := graph.SliceAxis(logits, -1, graph.AxisElem(0)), graph.SliceAxis(logits, -1, graph.AxisElem(1))
				joint := graph.Add(graph.Squeeze(first, -1), graph.Mul(chosen, graph.Squeeze(graph.Sub(second, first), -1)))
				total := graph.Log(graph.ReduceSum(graph.Exp(logits), -1))
				entropy := graph.ReduceAllMean(graph.Sub(total, joint))
				energies := net
				if conditional {
					energies.Model = jointOfTwo{model, chosen}
				}
				want := graph.Add(NewDSM().Loss(energies, x, z), graph.MulScalar(entropy, weight))
				nodes := []*graph.Node{out.Loss, want, out.Metrics[0], entropy}
				return append(append(nodes, graph.Gradient(out.Loss, net.Theta...)...), graph.Gradient(want, net.Theta...)...)
			}, in...)
			near(t, "the loss", got[0][0], got[1][0], 1e-12)
			near(t, "the cross entropy", got[2][0], got[3][0], 1e-12)
			for k := range parameters {
				for j, want := range got[4+len(parameters)+k] {
					near(t, "the gradient by "+parameters[k].Name, got[4+k][j], want, 1e-12)
				}
			}
		}
	})
}

// jointOfTwo is E(x, y) = −f(x)[0] − y(f(x)[1] − f(x)[0]) for labels y of 0 and 1, as numbers [batch].
type jointOfTwo struct {
	*models.MLP
	labels *graph.Node
}

func (e jointOfTwo) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	logits := e.Logits(theta, x)
	row := graph.InsertAxes(e.labels, -1)
	chosen := graph.Concatenate([]*graph.Node{graph.OneMinus(row), row}, -1)
	return graph.Neg(graph.ReduceSum(graph.Mul(logits, chosen), -1))
}

func (e jointOfTwo) Score(theta []*graph.Node, x *graph.Node, _ bool) *graph.Node {
	return graph.Neg(graph.Gradient(graph.ReduceAllSum(e.Energy(theta, x)), x)[0])
}

// Classes that do not overlap are told apart, whatever learns the energy.
func TestJEMTellsClassesApart(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		chains := &PCD{InitStd: 2, BufferSize: 64, RestartFraction: 0.05, Contrast: Contrast{Sampler: samplers.NewULA(5, 0.05)}}
		for name, method := range map[string]*JEM{"dsm": {Generative: NewDSM(), Classification: 1}, "pcd": {Generative: chains, Classification: 1}} {
			spec := classifying(method)
			spec.Loop.Steps, spec.Loop.LogEvery = 200, 100
			var last Report
			if err := newTrainer(t, backend, spec).Run(t.Context(), Hooks{Logged: func(r Report) error { last = r; return nil }}); err != nil {
				t.Fatal(err)
			}
			accuracy := last.Values[0][slices.Index(last.Names, "accuracy")]
			if !(accuracy >= 0.99) || accuracy > 1 { // the classes are eight standard deviations apart
				t.Errorf("%s: the accuracy is %v", name, accuracy)
			}
		}
	})
}

// Points that are drawn from the energy of a class are around the mean of that class. Langevin chains of dsm give the variance
// ¼ + σ² = 0.34, so that the mean of 500 has a standard error of 0.026 but for what is learned, which is allowed ten times that.
func TestClassesAreDrawn(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for name, method := range map[string]*JEM{
		"of E(x)":    {Generative: NewDSM(), Classification: 1},
		"of E(x, y)": {Generative: NewDSM(), Conditional: true, Classification: 1},
	} {
		spec := classifying(method)
		trainer := newTrainer(t, backend, spec)
		run(t, trainer, spec.Loop.Steps)
		values, err := trainer.Parameters(0)
		if err != nil {
			t.Fatal(err)
		}
		for class, mean := range classMeans {
			model, err := models.Compile(backend, models.OfClass(spec.Model.(models.Classifier), class), 2, values)
			if err != nil {
				t.Fatal(err)
			}
			start := samplers.Start{Mean: []float64{0, 0}, Std: []float64{2, 2}}
			sample, err := samplers.Draw(model, samplers.NewULA(300, 0.02), samplers.NewSampling(), start, 500, 3)
			if err != nil {
				t.Fatal(err)
			}
			for k, want := range mean {
				sum := 0.0
				for i := k; i < len(sample.Points); i += 2 {
					sum += sample.Points[i] / 500
				}
				near(t, name+": the mean of points of a class", sum, want, 0.26)
			}
		}
	}
}

// Replicas with data of their own become what each becomes alone, with labels that chains keep, too.
func TestJEMReplicas(t *testing.T) {
	chains := &PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3, Contrast: Contrast{Sampler: samplers.NewULA(3, 0.05), GradientPenalty: 0.1}}
	spec := classifying(&JEM{Generative: chains, Conditional: true, Classification: 0.5})
	spec.Loop = Loop{Steps: 7, BatchSize: 8, LogEvery: 7, Precision: float64bits}
	other := twoClasses(1000)
	slices.Reverse(other.Train.Values)
	slices.Reverse(other.Labels.Train)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		replicasAreRuns(t, backend, "jem", spec, other)
	})
}

// Persistent chains have classes as often as the data have them, and keep them but where they start anew.
func TestChainsKeepTheirClasses(t *testing.T) {
	const size = 4000
	method := &PCD{InitStd: 1, BufferSize: size, Contrast: Contrast{Sampler: samplers.NewULA(1, 1e-3)}}
	spec := classifying(&JEM{Generative: method, Conditional: true, Classification: 1})
	spec.Loop.BatchSize, spec.Loop.Steps = 1000, 10
	share := 0.0
	for _, label := range spec.Data.Labels.Train {
		share += float64(label) / float64(spec.Data.Train.N)
	}
	labels := func(trainer *Trainer) []float64 {
		values, err := tensor.Values(trainer.crews[0].states[0][trainer.program.atCarried()+1])
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		first, sum := labels(trainer), 0.0
		for _, label := range first {
			if label != 0 && label != 1 {
				t.Fatalf("a chain has the label %v", label)
			}
			sum += label / size
		}
		near(t, "the share of class 1", sum, share, 5*math.Sqrt(share*(1-share)/size))
		run(t, trainer, 1)
		want := append(slices.Clone(first[1000:]), first[:1000]...)
		if !slices.Equal(labels(trainer), want) {
			t.Error("after a step the queue has not gone on by the batch")
		}
		run(t, trainer, 3)
		if !slices.Equal(labels(trainer), first) {
			t.Error("after a round the chains have other classes")
		}
	})
}

// What does not fit is refused, and named by its key.
func TestJEMRefuses(t *testing.T) {
	backend := backendtest.Open(t, "go")
	for want, change := range map[string]func(*Spec){
		"data: there are no labels":    func(s *Spec) { s.Data = normalData(10, []float64{0, 0}, 1) },
		"model tells no classes apart": func(s *Spec) { s.Model = models.NewMLP() },
		"model.classes is 3, and the data have 2": func(s *Spec) {
			s.Model = &models.MLP{Hidden: []int{3}, Activation: "silu", Head: models.Head{Number: 3}}
		},
		"method.generative.buffer_size is 8, less than": func(s *Spec) {
			s.Method = &JEM{Generative: &PCD{InitStd: 1, BufferSize: 8, Contrast: NewCD().Contrast}}
		},
		"model.kind: ":                      func(s *Spec) { s.Method = &JEM{Generative: NewMSDSM()} },
		"replica 2 has labels, or has none": func(s *Spec) { s.Replicas = []Replica{{Data: normalData(1000, []float64{0, 0}, 1)}} },
	} {
		spec := classifying(NewJEM())
		change(&spec)
		if trainer, err := New(backend, spec); err == nil {
			trainer.Close()
			t.Errorf("want an error with %q", want)
		} else if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
	for want, method := range map[string]*JEM{
		"generative: is jem":                       {Generative: NewJEM()},
		"conditional: is true, and the generative": {Generative: NewNCE(), Conditional: true},
		"generative.sampler: lets chains meet":     {Generative: &CD{Contrast{Sampler: samplers.NewEnsemble()}}, Conditional: true},
		"":                                         {Generative: NewPCD(), Conditional: true},
	} {
		got := ""
		method.Check(func(key, problem string) { got += key + ": " + problem })
		if (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%T is refused by %q, want %q", method.Generative, got, want)
		}
	}
}
