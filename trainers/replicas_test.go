package trainers

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/compute"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// exactSpecs are small runs of every method in float64, in which rounding is far below what is compared.
func exactSpecs(t *testing.T) map[string]Spec {
	t.Helper()
	specs := smallSpecs(t)
	uniform, chains := specs["nce"], specs["mle"]
	uniform.Method = &NCE{NoiseRatio: 2, Noise: &UniformNoise{Scale: 1.5}}
	chains.Method = &ShortRun{InitStd: 1, Contrast: Contrast{Sampler: samplers.NewULA(3, 0.05)}}
	fromData, atData := chains, specs["fisher"]
	fromData.Method = &CD{Contrast{Sampler: &samplers.Langevin{Steps: 3, StepSize: 0.05, Temperature: 0.5}}}
	atData.Method = NewFisher()
	specs["contrastive divergence"], specs["fisher at the data"] = fromData, atData
	gaussian := specs["dsm"]
	gaussian.Model = models.NewQuadratic()
	fixed := specs["dsm"]
	fixed.Model = &models.Quadratic{Precision: [][]float64{{2, 0.5}, {0.5, 1}}}
	specs["nce with uniform noise"], specs["short chains"], specs["quadratic"], specs["given precision"] = uniform, chains, gaussian, fixed
	for name, spec := range specs {
		spec.Loop.Precision = float64bits
		specs[name] = spec
	}
	return specs
}

// same compares parameters by name.
func same(t *testing.T, what string, got, want map[string][]float64, within float64) {
	t.Helper()
	for name, values := range want {
		if len(got[name]) != len(values) {
			t.Errorf("%s: %s has %d values, want %d", what, name, len(got[name]), len(values))
			continue
		}
		for i, v := range values {
			if !(math.Abs(got[name][i]-v) <= within*(1+math.Abs(v))) {
				t.Errorf("%s: %s[%d] is %v, want %v", what, name, i, got[name][i], v)
				return
			}
		}
	}
}

// Replicas that are trained together, on data of their own or on common data, become what each becomes alone, for every
// method, on every backend.
func TestReplicasAreRuns(t *testing.T) {
	specs := exactSpecs(t)
	other := normalData(64, []float64{0, 2}, 1.5)
	other.Density = gaussian(t, []float64{0, 2}, 1.5)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, spec := range quick(backend, specs) {
			for what, second := range map[string]*datasets.Set{"data of their own": other, "common data": spec.Data} {
				if second == spec.Data && name != "fisher" {
					continue // what is common matters to batches and to known densities
				}
				replicasAreRuns(t, backend, name+", "+what, spec, second)
			}
		}
	})
}

// replicasAreRuns trains replicas of a spec, one of them on a second set, and compares them with what each becomes alone on the Go
// backend, which compiles in no time.
func replicasAreRuns(t *testing.T, backend compute.Backend, name string, spec Spec, second *datasets.Set) {
	t.Helper()
	together := spec
	together.Replicas = []Replica{{second, 11}, {spec.Data, 12}}
	trainer, reference := newTrainer(t, backend, together), backendtest.Open(t, "go")
	reports := run(t, trainer, 3, 4)
	for i, r := range append([]Replica{{spec.Data, spec.Seed}}, together.Replicas...) {
		if i == 0 {
			continue // the last one is like it
		}
		alone := spec
		alone.Data, alone.Seed = r.Data, r.Seed
		single := newTrainer(t, reference, alone)
		want := run(t, single, 3, 4)
		title := fmt.Sprintf("%s, replica %d", name, i)
		same(t, title, parametersOf(t, trainer, i), parameters(t, single), 1e-10)
		for k, metric := range want[1].Names {
			near(t, title+": "+metric, reports[1].Values[i][k], want[1].Values[0][k], 1e-9*(1+math.Abs(want[1].Values[0][k])))
		}
	}
}

// A replica that diverges stays as it was before, and does not disturb the others.
func TestReplicaDiverges(t *testing.T) {
	spec := Spec{
		Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: normalData(64, []float64{0}, 1),
		Loop: Loop{Steps: 20, BatchSize: 8, LogEvery: 5}, Seed: 3,
	}
	sick := normalData(64, []float64{0}, 1)
	for i := 0; i < 64; i += 8 {
		sick.Train.Values[i] = 1e25 // sooner or later one of them is drawn
	}
	spec.Replicas = []Replica{{sick, 4}, {spec.Data, 5}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		var last Report
		err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error { last = r; return nil }})
		var diverged *DivergedError
		if !errors.As(err, &diverged) || diverged.Replica != 1 {
			t.Fatalf("error %v, want that replica 1 diverged", err)
		}
		if trainer.StepOf(0) != 20 || trainer.StepOf(1) != diverged.Step-1 || trainer.Step() != 20 {
			t.Errorf("steps %d and %d of %d, want 20 and %d", trainer.StepOf(0), trainer.StepOf(1), trainer.Step(), diverged.Step-1)
		}
		if last.Values[1] != nil || last.Values[0] == nil || last.Values[2] == nil {
			t.Errorf("the last report has the values %v, want none of replica 1 alone", last.Values)
		}
		for i := range 3 {
			alone := spec
			alone.Replicas, alone.Data, alone.Seed = nil, trainer.replicas[i].Data, trainer.replicas[i].Seed
			single := newTrainer(t, backend, alone)
			if err := single.Run(t.Context(), Hooks{}); (err != nil) != (i == 1) {
				t.Fatalf("replica %d alone: %v", i, err)
			}
			same(t, fmt.Sprintf("replica %d", i), parametersOf(t, trainer, i), parameters(t, single), 1e-5)
		}
	})
}

// What cannot be shared is refused.
func TestDevicesRefused(t *testing.T) {
	two := severalDevices(t, 2)
	spec := exactSpecs(t)["dsm"]
	for _, test := range []struct {
		devices, batch int
		want           string
	}{
		{3, 9, "train.devices is 3, and the backend has 2; all takes those that there are, 0 leaves the number open"},
		{2, 7, "train.batch_size 7 cannot be shared evenly by 2 devices (train.devices)"},
		{AllDevices, 7, "train.batch_size 7 cannot be shared evenly by 2 devices (train.devices: all)"},
	} {
		spec.Loop.Devices, spec.Loop.BatchSize = test.devices, test.batch
		if _, err := New(two, spec); err == nil || err.Error() != test.want {
			t.Errorf("%d devices and a batch of %d: error %v, want %s", test.devices, test.batch, err, test.want)
		}
	}
	spec.Replicas, spec.Loop.Devices = []Replica{{spec.Data, 6}, {spec.Data, 7}}, 2
	const neither = "3 replicas cannot be spread over 2 devices evenly (train.devices), nor can train.batch_size 7 be shared by them"
	if _, err := New(two, spec); err == nil || err.Error() != neither {
		t.Errorf("three replicas and a batch of 7 on two devices: error %v, want %s", err, neither)
	}
	spec.Replicas = nil
	spec.Method = &PCD{InitStd: 1, BufferSize: 9, Contrast: Contrast{Sampler: samplers.NewULA(1, 0.1)}}
	spec.Loop.BatchSize = 8
	const want = "method.buffer_size 9 cannot be shared evenly by 2 devices (train.devices)"
	if _, err := New(two, spec); err == nil || err.Error() != want {
		t.Errorf("an odd buffer: error %v, want %s", err, want)
	}
}

// The three precisions compute the same to their rounding: 24 and 8 bits, on every backend. What is exact is of the Go backend, which
// compiles in no time.
func TestPrecision(t *testing.T) {
	specs := smallSpecs(t)
	reference := backendtest.Open(t, "go")
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, spec := range quick(backend, specs) {
			loss := map[string]float64{}
			for _, precision := range []string{float64bits, float32bits, bfloat16} {
				if name == "fdsm" && precision == bfloat16 {
					continue // is refused
				}
				spec.Loop.Precision = precision
				on := backend
				if precision == float64bits {
					on = reference
				}
				loss[precision] = run(t, newTrainer(t, on, spec), 1)[0].Values[0][0]
			}
			exact := loss[float64bits]
			near(t, name+" in float32", loss[float32bits], exact, 1e-5*(1+math.Abs(exact)))
			if name == "fdsm" {
				continue
			}
			near(t, name+" in bfloat16", loss[bfloat16], exact, 0.03*(1+math.Abs(exact)))
			if loss[bfloat16] == loss[float32bits] || loss[float32bits] == exact {
				t.Errorf("%s: the losses are %v: two precisions give the same", name, loss)
			}
		}
	})
}
