package trainers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/backends"
	"joule/datasets"
	"joule/internal/backendtest"
	"joule/internal/safetensors"
	"joule/internal/strictyaml"
	"joule/models"
	"joule/samplers"
)

// severalDevices is XLA's CPU plugin with so many devices.
func severalDevices(t *testing.T, n int) compute.Backend {
	t.Helper()
	backendtest.Open(t, "xla:cpu") // or skip
	backend, err := backends.Open("xla:cpu", backends.Options{Devices: n})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(backend.Close)
	return backend.Backend
}

// sharedSpecs are runs of every method, and of every sampler and way to start chains, in float64, of which a step is made of a
// batch of 8.
func sharedSpecs(t *testing.T) map[string]Spec {
	t.Helper()
	data := normalData(64, []float64{1, -1}, 0.5)
	data.Density = gaussian(t, []float64{1, -1}, 0.5)
	classes := *data
	classes.Labels = &datasets.Labels{Classes: []string{"left", "right"}, Train: make([]int, 64)}
	for i := range classes.Labels.Train {
		if data.Train.Row(i)[0] > 1 {
			classes.Labels.Train[i] = 1
		}
	}
	optimizer := NewOptimizer()
	optimizer.LearningRate, optimizer.Epsilon = 0.01, 1e-4 // an additive constant has no gradient but rounding, which is not to become a step
	specs := map[string]Spec{}
	add := func(name string, method Method) {
		specs[name] = Spec{
			Model: models.NewQuadratic(), Method: method, Optimizer: optimizer, Data: data, Seed: 5,
			Loop: Loop{Steps: 4, BatchSize: 8, LogEvery: 4, Precision: float64bits},
		}
	}
	with := func(name string, change func(s *Spec)) {
		spec := specs[name]
		change(&spec)
		specs[name] = spec
	}
	chains := func(s samplers.Sampler) Contrast { return Contrast{EnergyL2: 0.01, Sampler: s} }
	langevin := samplers.NewULA(3, 0.05)
	flow := independent{}
	add("mle", &MLE{Init: "noise", PCD: PCD{InitStd: 1, Contrast: chains(&samplers.ParallelTempering{Steps: 3, StepSize: 0.05, Temperatures: 3, MaxTemperature: 5, TargetAcceptance: 0.6})}})
	add("cd", &CD{Contrast{SpectralPenalty: 0.01, DataNoise: 0.1, Sampler: &samplers.MALA{Steps: 3, StepSize: 0.05, TargetAcceptance: 0.6}}})
	// A buffer that batches do not divide: every batch begins elsewhere in it.
	add("pcd", &PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3, Contrast: chains(&samplers.HMC{Steps: 2, StepSize: 0.1, Leapfrog: 3, Jitter: 0.2, TargetAcceptance: 0.8})})
	add("short_run", &ShortRun{InitStd: 1, Contrast: chains(&samplers.SVGD{Steps: 3, StepSize: 0.1})})
	add("fisher", &Fisher{Points: "density"})
	add("sm", NewSM())
	add("ssm", &SSM{Projections: 2, Distribution: "spherical"})
	add("fdsm", &FDSM{Epsilon: 1, Projections: 2, Distribution: "rademacher"})
	add("ksd", NewKSD())
	add("ksd, v", &KSD{Kernel: "rbf", Bandwidth: 1, Statistic: "v"})
	add("dsm", NewDSM())
	with("dsm", func(s *Spec) {
		s.Optimizer.Schedule, s.Optimizer.WarmupSteps, s.Optimizer.ClipNorm, s.Loop.EMA = "cosine", 3, 1, 0.9
	})
	add("msdsm", NewMSDSM())
	with("msdsm", func(s *Spec) {
		s.Model = &models.ConditionalMLP{Hidden: []int{4}, Activation: "silu", NoiseLevels: models.NoiseLevels{SigmaMin: 0.1, SigmaMax: 3, DataStd: 1, Embedding: 3}}
	})
	broad := NewMixtureNoise()
	broad.Components = 2
	add("nce", &NCE{NoiseRatio: 2, Noise: broad, LearnLogZ: true})
	add("cnce", NewCNCE())
	add("ranking_nce", &RankingNCE{NoiseRatio: 3, Noise: &DensityNoise{}})
	add("energy_discrepancy", &EnergyDiscrepancy{T: 0.5, Negatives: 3, W: 1})
	// Of 16 points of the noise 4 are wide, and 4 come on top of 8 samples, or 2, which four devices cannot share evenly.
	add("flow_nce", &FlowNCE{NoiseRatio: 2, Flow: flow, Defence: 0.25, Likelihood: 0.5})
	add("adversarial", &Adversarial{Flow: flow, Weights: importance, Defence: 0.2, EnergyL2: 0.01})
	add("jem", &JEM{Generative: &PCD{InitStd: 1, BufferSize: 12, RestartFraction: 0.3, Contrast: chains(langevin)}, Conditional: true, Classification: 1})
	with("jem", func(s *Spec) {
		s.Model, s.Data = &models.MLP{Hidden: []int{4}, Activation: "silu", Confinement: 4, Head: models.Head{Number: 2}}, &classes
	})
	add("ensemble", &CD{chains(&samplers.Ensemble{Steps: 2, Local: langevin, Jitter: 0.01})})
	other := normalData(64, []float64{0, 2}, 1.5)
	for _, name := range []string{"short_run", "pcd", "ksd", "flow_nce", "adversarial", "ensemble"} {
		with(name, func(s *Spec) { s.Replicas = []Replica{{other, 8}, {s.Data, 9}} })
	}
	return specs
}

// independent is a generator that compiles in no time: a Gaussian of independent coordinates, with the parameters a and b [dim], of
// which a point is a + e^b z.
type independent struct{}

func (independent) Parameters(dim int) ([]models.Parameter, error) {
	zeros := func(*rand.Rand) []float64 { return make([]float64, dim) }
	return []models.Parameter{{Name: "shift", Shape: []int{dim}, Init: zeros}, {Name: "log_scale", Shape: []int{dim}, Init: zeros}}, nil
}

func (independent) Energy(theta []*graph.Node, x *graph.Node) *graph.Node {
	z := graph.Mul(graph.Sub(x, graph.InsertAxes(theta[0], -2)), graph.InsertAxes(graph.Exp(graph.Neg(theta[1])), -2))
	return graph.Add(graph.MulScalar(graph.ReduceSum(graph.Square(z), -1), 0.5), graph.InsertAxes(graph.ReduceSum(theta[1], -1), -1))
}

func (independent) Sample(theta []*graph.Node, z *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(z, graph.InsertAxes(graph.Exp(theta[1]), -2)), graph.InsertAxes(theta[0], -2))
}

// Every method gives on several devices what it gives on one, up to the order in which numbers are added: the parameters, what
// the optimizer and the method carry, and what is logged. The one is of the Go backend, which compiles in no time.
func TestDevicesAreOne(t *testing.T) {
	four, one := severalDevices(t, 4), backendtest.Open(t, "go")
	specs := sharedSpecs(t)
	used := map[string]bool{}
	for name, spec := range specs {
		used[strictyaml.KindOf(Kinds, spec.Method)] = true
		t.Run(name, func(t *testing.T) {
			want := stateAfter(t, one, spec, 1, 4)
			if name == "pcd" {
				sameState(t, "on one device of XLA", stateAfter(t, four, spec, 1, 4), want, 1e-10)
				sameState(t, "on two", stateAfter(t, four, spec, 2, 4), want, 1e-10)
			}
			sameState(t, "on four devices", stateAfter(t, four, spec, 4, 4), want, 1e-10)
		})
	}
	for name := range Kinds {
		if !used[name] {
			t.Errorf("there is no run of %s", name)
		}
	}
}

// stateAfter is the state of all replicas of a spec after steps that devices share.
func stateAfter(t *testing.T, backend compute.Backend, spec Spec, devices, steps int) []Snapshot {
	t.Helper()
	spec.Loop.Devices = devices
	trainer := newTrainer(t, backend, spec)
	if _, err := trainer.Block(1); err != nil {
		t.Fatal(err)
	}
	for trainer.Step() < steps { // without a report, which would clear the sums
		if _, _, err := trainer.advance(trainer.All(), steps-trainer.Step()); err != nil {
			t.Fatal(err)
		}
	}
	states := trainer.crews[0].states
	for device := range states[1:] {
		for _, s := range trainer.program.slots() {
			if !s.isDealt && !slices.Equal(bytesOf(t, states[0][s.at]), bytesOf(t, states[1+device][s.at])) {
				t.Errorf("devices 0 and %d differ in %s", 1+device, s.name)
			}
		}
	}
	return snapshots(t, trainer)
}

// sameState compares states tensor by tensor.
func sameState(t *testing.T, what string, got, want []Snapshot, within float64) {
	t.Helper()
	for i := range want {
		if len(got[i].Tensors) != len(want[i].Tensors) || got[i].Step != want[i].Step {
			t.Errorf("%s: %d tensors of step %d, want %d of step %d", what, len(got[i].Tensors), got[i].Step, len(want[i].Tensors), want[i].Step)
			return
		}
		for k, tensor := range want[i].Tensors {
			a, err := safetensors.Floats(got[i].Tensors[k])
			if err != nil {
				t.Fatal(err)
			}
			b, err := safetensors.Floats(tensor)
			if err != nil {
				t.Fatal(err)
			}
			if got[i].Tensors[k].Name != tensor.Name || !slices.Equal(got[i].Tensors[k].Shape, tensor.Shape) {
				t.Errorf("%s: %s %v, want %s %v", what, got[i].Tensors[k].Name, got[i].Tensors[k].Shape, tensor.Name, tensor.Shape)
				continue
			}
			for n := range b {
				if !(math.Abs(a[n]-b[n]) <= within*(1+math.Abs(b[n]))) {
					t.Errorf("%s: %s[%d] of replica %d is %v, want %v", what, tensor.Name, n, i, a[n], b[n])
					break
				}
			}
		}
	}
}

// A state is whole, whatever number of devices has made it: on as many it goes on to the same bits, and on others up to the order
// in which numbers are added.
func TestSnapshotOnOtherDevices(t *testing.T) {
	four := severalDevices(t, 4)
	spec := sharedSpecs(t)["cd"]
	spec.Method = &PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3, Contrast: Contrast{SpectralPenalty: 0.01, Sampler: samplers.NewULA(3, 0.05)}}
	spec.Replicas = []Replica{{spec.Data, 8}, {spec.Data, 9}}
	spec.Loop.Devices = 2
	whole := newTrainer(t, four, spec)
	run(t, whole, 2)
	state := snapshots(t, whole)
	shapes := map[string][]int{}
	for _, tensor := range state[1].Tensors {
		if strings.HasPrefix(tensor.Name, stateName) {
			shapes[tensor.Name] = tensor.Shape
		}
	}
	if want := map[string][]int{"state.chains": {20, 2}, "state.singular.precision_factor": {2}}; !reflect.DeepEqual(shapes, want) {
		t.Errorf("the method has %v, want %v", shapes, want)
	}
	run(t, whole, 2)
	want := snapshots(t, whole)
	for _, devices := range []int{1, 2, 4} {
		backend := four
		if devices == 1 {
			backend = backendtest.Open(t, "go") // which compiles in no time
		}
		spec.Loop.Devices = devices
		again := newTrainer(t, backend, spec)
		for i := range state {
			if err := again.Restore(i, state[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got := snapshots(t, again); !reflect.DeepEqual(got, state) {
			t.Errorf("on %d devices the state is another one", devices)
		}
		run(t, again, 2)
		got := snapshots(t, again)
		sameState(t, fmt.Sprintf("on %d devices", devices), got, want, 1e-10)
		if devices == 2 && !reflect.DeepEqual(got, want) {
			t.Error("on as many devices the bits are others")
		}
	}
}

// Of what a state is made of, each device holds the parameters and the optimizer's averages whole, and its share of the chains.
func TestMemoryOfDevices(t *testing.T) {
	four := severalDevices(t, 4)
	spec := sharedSpecs(t)["jem"]
	spec.Loop.Devices = 4
	trainer := newTrainer(t, four, spec)
	run(t, trainer, 1)
	p := trainer.program
	values := 0
	for _, learned := range p.layout.learned {
		values += learned.Size()
	}
	const buffer, dim, width = 12, 2, 8
	want := map[string]int{
		"parameters": values * width, "optimizer": 2 * values * width,
		"state.chains": buffer / 4 * dim * width, "state.chain_labels": buffer / 4 * width,
	}
	for device, state := range trainer.crews[0].states {
		got := map[string]int{}
		for at, tensor := range state {
			name := "parameters"
			switch {
			case at >= p.atSums():
				continue
			case at >= p.atCarried():
				name = stateName + p.objective.State()[at-p.atCarried()].Name
			case at >= p.atMoments():
				name = "optimizer"
			}
			got[name] += int(tensor.ByteSize())
			if on, err := tensor.Device(); err != nil || int(on) != device {
				t.Errorf("%s of device %d is on %d, error %v", name, device, on, err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("device %d holds %v bytes, want %v", device, got, want)
		}
	}
}
