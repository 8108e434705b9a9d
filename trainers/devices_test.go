package trainers

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/gomlx/compute"

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
	optimizer := cosine(0.01)
	optimizer.WarmupSteps, optimizer.ClipNorm = 3, 1
	optimizer.Epsilon = 1e-4 // an additive constant has no gradient but rounding, which is not to become a step
	specs := map[string]Spec{}
	add := func(name string, method Method) {
		specs[name] = Spec{
			Model: models.NewQuadratic(), Method: method, Optimizer: optimizer, Data: data, Seed: 5,
			Loop: Loop{Steps: 4, BatchSize: 8, LogEvery: 4, EMA: 0.9, Precision: float64bits},
		}
	}
	with := func(name string, change func(s *Spec)) {
		spec := specs[name]
		change(&spec)
		specs[name] = spec
	}
	chains := func(s samplers.Sampler) Contrast { return Contrast{EnergyL2: 0.01, Sampler: s} }
	langevin := samplers.NewULA(3, 0.05)
	add("mle", &MLE{Init: "noise", PCD: PCD{InitStd: 1, Contrast: chains(langevin)}})
	add("cd", &CD{Contrast{GradientPenalty: 0.1, SpectralPenalty: 0.01, DataNoise: 0.1, Sampler: &samplers.MALA{Steps: 3, StepSize: 0.05, TargetAcceptance: 0.6}}})
	// A buffer that batches do not divide: every batch begins elsewhere in it.
	add("pcd", &PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3, Contrast: chains(&samplers.HMC{Steps: 2, StepSize: 0.1, Leapfrog: 3, Jitter: 0.2, TargetAcceptance: 0.8})})
	add("short_run", &ShortRun{InitStd: 1, Contrast: chains(&samplers.Underdamped{Steps: 3, StepSize: 0.1, Friction: 1})})
	add("fisher", &Fisher{Points: "density"})
	add("sm", NewSM())
	add("ssm", &SSM{Projections: 2, Distribution: "spherical"})
	add("fdsm", &FDSM{Epsilon: 1, Projections: 2, Distribution: "rademacher"})
	add("ksd", NewKSD())
	add("ksd, v", &KSD{Kernel: "rbf", Bandwidth: 1, Statistic: "v"})
	add("dsm", NewDSM())
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
	add("flow_nce", &FlowNCE{NoiseRatio: 2, Flow: smallFlow(), Defence: 0.25, Likelihood: 0.5})
	add("adversarial", &Adversarial{Flow: smallFlow(), Weights: importance, Defence: 0.2, EnergyL2: 0.01, GradientPenalty: 0.1})
	add("adversarial, equal weights", &Adversarial{Flow: smallFlow(), Weights: "equal", Likelihood: 0.5, EnergyL2: 0.01})
	add("jem", &JEM{Generative: &PCD{InitStd: 1, BufferSize: 12, RestartFraction: 0.3, Contrast: chains(langevin)}, Conditional: true, Classification: 1})
	with("jem", func(s *Spec) {
		s.Model, s.Data = &models.MLP{Hidden: []int{4}, Activation: "silu", Confinement: 4, Head: models.Head{Number: 2}}, &classes
	})
	add("parallel tempering", &CD{chains(&samplers.ParallelTempering{Steps: 3, StepSize: 0.05, Temperatures: 3, MaxTemperature: 5, TargetAcceptance: 0.6})})
	add("svgd", &CD{chains(&samplers.SVGD{Steps: 3, StepSize: 0.1})})
	add("ensemble", &CD{chains(&samplers.Ensemble{Steps: 2, Local: langevin, Jitter: 0.01})})
	add("descent", &CD{chains(&samplers.Descent{Steps: 3, StepSize: 0.01, Momentum: "nesterov"})})
	return specs
}

// Every method gives on several devices what it gives on one, up to the order in which numbers are added: the parameters, what
// the optimizer and the method carry, and what is logged.
func TestDevicesAreOne(t *testing.T) {
	four := severalDevices(t, 4)
	specs := sharedSpecs(t)
	for name := range Kinds {
		if !slices.ContainsFunc(slices.Collect(keysOf(specs)), func(spec string) bool { return strictyaml.KindOf(Kinds, specs[spec].Method) == name }) {
			t.Errorf("there is no run of %s", name)
		}
	}
	for name, spec := range specs {
		start := time.Now()
		want := stateAfter(t, four, spec, 1, 4)
		if name == "adversarial" || name == "pcd" {
			sameState(t, name+" on two devices", stateAfter(t, four, spec, 2, 4), want, 1e-10)
		}
		sameState(t, name+" on four devices", stateAfter(t, four, spec, 4, 4), want, 1e-10)
		t.Log(name, time.Since(start))
	}
}

func keysOf(specs map[string]Spec) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range specs {
			if !yield(name) {
				return
			}
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
	for device := range trainer.states[1:] {
		for _, s := range trainer.slots() {
			if !s.isDealt && !slices.Equal(bytesOf(t, trainer.states[0][s.at]), bytesOf(t, trainer.states[1+device][s.at])) {
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
