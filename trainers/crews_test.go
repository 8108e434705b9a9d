package trainers

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"joule/internal/backendtest"
)

// spreadSpec are four replicas, two of them on data of their own, with batches that two devices could not share.
func spreadSpec(t *testing.T, method Method) Spec {
	t.Helper()
	spec := sharedSpecs(t)["dsm"]
	spec.Method, spec.Loop.BatchSize, spec.Loop.Steps = method, 7, 6
	spec.Data.Validation = normalData(20, []float64{1, -1}, 0.5).Train
	other := normalData(64, []float64{0, 2}, 1.5)
	other.Validation = normalData(20, []float64{0, 2}, 1.5).Train
	spec.Replicas = []Replica{{other, 8}, {spec.Data, 9}, {other, 10}}
	spec.Loop.EarlyStopping = EarlyStopping{Metric: byScores, Every: 3}
	return spec
}

// Replicas that are spread over devices become what they become on one, up to the order in which numbers are added; and from there they
// can go on elsewhere.
func TestReplicasAreSpread(t *testing.T) {
	two, one := severalDevices(t, 2), backendtest.Open(t, "go")
	spec := spreadSpec(t, &NCE{NoiseRatio: 2, Noise: NewGaussianNoise(), LearnLogZ: true}) // whose noise is fitted to the data
	ended := func(devices int, from []Snapshot) (states []Snapshot, looks [][]float64, trainer *Trainer) {
		backend := one
		if spec.Loop.Devices = devices; devices > 1 {
			backend = two
		}
		trainer = newTrainer(t, backend, spec)
		for i, s := range from {
			if err := trainer.Restore(i, s); err != nil {
				t.Fatal(err)
			}
		}
		err := trainer.Run(t.Context(), Hooks{Evaluated: func(e Evaluation) error { looks = append(looks, e.Values); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return snapshots(t, trainer), looks, trainer
	}
	want, wantLooks, _ := ended(1, nil)
	got, looks, trainer := ended(2, nil)
	sameState(t, "spread", got, want, 1e-10)
	for i := range wantLooks {
		for k := range wantLooks[i] {
			near(t, fmt.Sprintf("look %d of replica %d", i, k), looks[i][k], wantLooks[i][k], 1e-10)
		}
	}
	if len(trainer.crews) != 2 || len(trainer.crews[1].replicas) != 2 {
		t.Fatalf("there are %d crews", len(trainer.crews))
	}
	for device, crew := range trainer.crews {
		for k, tensor := range crew.states[0][:crew.program.atSums()] {
			if on, err := tensor.Device(); err != nil || int(on) != device {
				t.Errorf("value %d of the state of device %d is on %d, error %v", k, device, on, err)
			}
			if dims := tensor.Shape().Dimensions; dims[0] != 2 {
				t.Errorf("value %d of the state of device %d is %v, want that of two replicas", k, device, dims)
			}
		}
	}
	again := newTrainer(t, two, spec)
	run(t, again, 3)
	middle := snapshots(t, again)
	run(t, again, 3)
	moved, _, _ := ended(1, middle)
	sameState(t, "from two devices to one", parametersOnly(moved), parametersOnly(snapshots(t, again)), 1e-10)
}

// parametersOnly are states without what the best look had.
func parametersOnly(states []Snapshot) []Snapshot {
	only := make([]Snapshot, len(states))
	for i, s := range states {
		only[i] = s
		only[i].Tensors = nil
		for _, tensor := range s.Tensors {
			if strings.HasPrefix(tensor.Name, parametersName) {
				only[i].Tensors = append(only[i].Tensors, tensor)
			}
		}
	}
	return only
}

// A replica that diverges on its device stops where it would on one, and goes back where it would; the others go on.
func TestSpreadReplicaDiverges(t *testing.T) {
	two := severalDevices(t, 2)
	for _, policy := range []string{Stop, Rollback} {
		spec := spreadSpec(t, NewDSM())
		spec.Loop.EarlyStopping, spec.Loop.Steps, spec.Loop.CheckpointEvery = EarlyStopping{}, 8, 2
		spec.Loop.Health = Health{Policy: policy, Retries: 2, RateFactor: 0.5}
		sick := normalData(64, []float64{0, 0}, 1)
		for i := 0; i < 128; i += 24 {
			sick.Train.Values[i] = 1e300 // sooner or later one of them is drawn
		}
		spec.Replicas[1].Data = sick
		ended := func(devices int) ([]Snapshot, []Incident, string) {
			spec.Loop.Devices = devices
			trainer := newTrainer(t, two, spec)
			err := trainer.Run(t.Context(), Hooks{})
			if _, diverged := errors.AsType[*DivergedError](err); !diverged || trainer.StepOf(0) != 8 || trainer.StepOf(3) != 8 || trainer.StepOf(2) == 8 {
				t.Fatalf("%s: steps %d, %d and %d, error %v", policy, trainer.StepOf(0), trainer.StepOf(2), trainer.StepOf(3), err)
			}
			return snapshots(t, trainer), trainer.Incidents(2), err.Error()
		}
		want, incidents, said := ended(1)
		got, again, saidAgain := ended(2)
		sameState(t, policy, got, want, 1e-10)
		if fmt.Sprint(again) != fmt.Sprint(incidents) || saidAgain != said {
			t.Errorf("%s: %v, %s; want %v, %s", policy, again, saidAgain, incidents, said)
		}
	}
}
