package trainers

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/internal/safetensors"
)

// logged runs a trainer to its end and returns what it reports, but for the speed.
func logged(t *testing.T, trainer *Trainer) (reports []Report) {
	t.Helper()
	err := trainer.Run(t.Context(), Hooks{Logged: func(r Report) error {
		r.StepsPerSecond = 0
		reports = append(reports, r)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// snapshots are those of all replicas.
func snapshots(t *testing.T, trainer *Trainer) []Snapshot {
	t.Helper()
	all, err := trainer.Snapshots(trainer.All())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// steps makes so many steps and, unlike Block, leaves the sums of what is logged as they come.
func steps(t *testing.T, trainer *Trainer, n int) {
	t.Helper()
	for n > 0 {
		made, sick, err := trainer.advance(trainer.All(), n)
		if n -= made; err != nil || len(sick) > 0 {
			t.Fatal(sick, err)
		}
	}
}

// goOn is a trainer that was given the state of another.
func goOn(t *testing.T, backend compute.Backend, spec Spec, from []Snapshot) *Trainer {
	t.Helper()
	trainer := newTrainer(t, backend, spec)
	restore(t, trainer, from)
	return trainer
}

// restore gives a trainer the state of another.
func restore(t *testing.T, trainer *Trainer, from []Snapshot) {
	t.Helper()
	for i, s := range from {
		if err := trainer.Restore(i, s); err != nil {
			t.Fatal(err)
		}
	}
}

// A run that is taken apart at any step, twice, and goes on in other processes ends with the same bits and has logged the
// same numbers, whatever the method.
func TestRestoredRunsGiveTheSameBits(t *testing.T) {
	specs := smallSpecs(t)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, spec := range quick(backend, specs) {
			spec.Loop.LogEvery = 3
			if name == "mle" || name == "fisher" {
				spec.Replicas = []Replica{{spec.Data, 8}, {spec.Data, 9}}
			}
			trainer := newTrainer(t, backend, spec)
			want, end := logged(t, trainer), snapshots(t, trainer)
			if err := trainer.restart(spec.Seed); err != nil {
				t.Fatal(err)
			}
			steps(t, trainer, 1)
			second := goOn(t, backend, spec, snapshots(t, trainer))
			steps(t, second, 1)
			half := snapshots(t, second)
			if backendtest.OnXLA(backend) { // where to compile once more takes a second
				restore(t, trainer, half)
			} else {
				trainer = goOn(t, backend, spec, half)
			}
			if got := logged(t, trainer); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: logged\n%v, and at one go\n%v", name, got, want)
			}
			if !reflect.DeepEqual(snapshots(t, trainer), end) {
				t.Errorf("%s: the bits at the end differ", name)
			}
			if half[0].Step != 2 || half[0].Summed != 2 {
				t.Errorf("%s: the snapshot says step %d, %d of them summed", name, half[0].Step, half[0].Summed)
			}
		}
	})
}

// Replicas that were left at different steps catch up, each as if alone.
func TestReplicasCatchUp(t *testing.T) {
	spec := smallSpecs(t)["mle"]
	spec.Loop.LogEvery = 2
	spec.Replicas = []Replica{{spec.Data, 8}, {spec.Data, 9}}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		whole := newTrainer(t, backend, spec)
		want := logged(t, whole)
		other := newTrainer(t, backend, spec)
		early := snapshots(t, other)
		run(t, other, 3)
		late := snapshots(t, other)
		late[0].Summed, late[1].Summed = 0, 0
		trainer := goOn(t, backend, spec, []Snapshot{late[0], early[1], late[2]})
		if trainer.Step() != 0 || trainer.StepOf(0) != 3 {
			t.Errorf("steps %d and %d, want 0 and 3", trainer.Step(), trainer.StepOf(0))
		}
		got := logged(t, trainer)
		seen := map[int][]int{} // by step, who is reported
		for _, r := range got {
			for i, values := range r.Values {
				if values != nil {
					seen[r.Step] = append(seen[r.Step], i)
				}
			}
		}
		if wantSeen := map[int][]int{2: {1}, 4: {0, 1, 2}, 6: {0, 1, 2}, 7: {0, 1, 2}}; !maps.EqualFunc(seen, wantSeen, slices.Equal) {
			t.Errorf("reported are %v, want %v", seen, wantSeen)
		}
		if a, b := got[len(got)-1].Values, want[len(want)-1].Values; !reflect.DeepEqual(a, b) {
			t.Errorf("the last report is %v, want %v", a, b)
		}
		if a, b := snapshots(t, trainer), snapshots(t, whole); !reflect.DeepEqual(a, b) {
			t.Error("the bits at the end differ")
		}
	})
}

// The names of the tensors are part of the format of checkpoints.
func TestSnapshotNames(t *testing.T) {
	spec := smallSpecs(t)["nce"]
	trainer := newTrainer(t, backendtest.Open(t, "go"), spec)
	s := snapshots(t, trainer)[0]
	got := map[string][]int{}
	for _, tensor := range s.Tensors {
		got[tensor.Name] = tensor.Shape
	}
	want := map[string][]int{"log.sums": {4}}
	for name, shape := range map[string][]int{
		"layers.0.weight": {2, 6}, "layers.0.bias": {6}, "layers.1.weight": {6, 5}, "layers.1.bias": {5},
		"layers.2.weight": {5, 1}, "layers.2.bias": {1}, "method.log_z": nil,
	} {
		for _, prefix := range []string{"parameters.", "optimizer.first.", "optimizer.second.", "average."} {
			want[prefix+name] = shape
		}
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	run(t, trainer, 3)
	values := parameters(t, trainer)
	for _, tensor := range ParameterTensors(snapshots(t, trainer)[0].Tensors) {
		if numbers, err := safetensors.Floats(tensor); err != nil || !slices.Equal(numbers, values[tensor.Name]) {
			t.Errorf("%s is %v in the snapshot, %v; want %v", tensor.Name, numbers, err, values[tensor.Name])
		}
		delete(values, tensor.Name)
	}
	if len(values) > 0 {
		t.Errorf("%v are missing", slices.Collect(maps.Keys(values)))
	}
}

// What does not fit is refused, and leaves the run as it was.
func TestRestoreRefuses(t *testing.T) {
	backend := backendtest.Open(t, "go")
	spec := fixedSpec(Loop{Steps: 5, LogEvery: 5})
	trainer := newTrainer(t, backend, spec)
	good := snapshots(t, trainer)[0]
	without := slices.Clone(good.Tensors)[1:]
	wider := slices.Clone(good.Tensors)
	wider[0] = safetensors.New(wider[0].Name, []int{2}, []float32{1, 2})
	double := slices.Clone(good.Tensors)
	double[0] = safetensors.New(double[0].Name, []int{1}, []float64{1})
	for _, test := range []struct {
		s    Snapshot
		want string
	}{
		{Snapshot{Rate: 1, Tensors: without}, "the state of step 0 has no tensor parameters.mean"},
		{Snapshot{Rate: 1, Tensors: wider}, "the state of step 0 has parameters.mean as F32 [2], and this run needs F32 [1]"},
		{Snapshot{Rate: 1, Tensors: double}, "the state of step 0 has parameters.mean as F64 [1], and this run needs F32 [1]"},
		{Snapshot{Rate: 1, Tensors: append(slices.Clone(good.Tensors), safetensors.New("more", nil, []float32{1}))}, "the state of step 0 has 8 tensors, and this run 7"},
		{Snapshot{Rate: 1, Step: 6, Tensors: good.Tensors}, "a state of step 6 with 0 steps since the last log and 1 of the learning rate does not fit a run of 5 steps"},
		{Snapshot{Rate: 1, Step: 2, Summed: 3, Tensors: good.Tensors}, "a state of step 2 with 3 steps since the last log and 1 of the learning rate does not fit a run of 5 steps"},
		{Snapshot{Tensors: good.Tensors}, "a state of step 0 with 0 steps since the last log and 0 of the learning rate does not fit a run of 5 steps"},
	} {
		if err := trainer.Restore(0, test.s); err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %q", err, test.want)
		}
		if !reflect.DeepEqual(snapshots(t, trainer)[0], good) {
			t.Errorf("%s: the run has changed", test.want)
		}
	}
}
