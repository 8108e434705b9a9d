package trainers

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/backendtest"
	"joule/internal/random"
	"joule/models"
	"joule/samplers"
)

// poisoned is a run on data with a point whose loss is not finite: whenever it is drawn, the step is sick.
func poisoned(policy string, retries int) Spec {
	spec := Spec{
		Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: normalData(16, []float64{0}, 1), Seed: 2,
		Loop: Loop{Steps: 60, BatchSize: 1, LogEvery: 20, CheckpointEvery: 5, Health: Health{Policy: policy, Retries: retries, RateFactor: 0.5}},
	}
	spec.Data.Train.Values[7] = 1e25
	return spec
}

// watched runs a trainer and returns its incidents.
func watched(t *testing.T, trainer *Trainer) (incidents []Incident, err error) {
	t.Helper()
	err = trainer.Run(t.Context(), Hooks{Incident: func(i Incident) { incidents = append(incidents, i) }})
	return incidents, err
}

// A sick step that is skipped changes nothing but the number of the step; the retries bound how often.
func TestSkip(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, poisoned(Skip, 100))
		incidents, err := watched(t, trainer)
		if err != nil || len(incidents) < 2 || trainer.Step() != 60 {
			t.Fatalf("%d incidents, error %v after step %d", len(incidents), err, trainer.Step())
		}
		// By hand: step by step, leaving out those.
		byHand := newTrainer(t, backend, poisoned(Stop, 1))
		for _, i := range incidents {
			if i.Quantity != "loss" || i.Action != Skip || !math.IsInf(i.Value, 0) && !math.IsNaN(i.Value) {
				t.Errorf("incident %+v", i)
			}
			for at := byHand.Step(); at < i.Step-1; at = byHand.Step() {
				if made, sick, err := byHand.advance([]int{0}, i.Step-1-at); err != nil || len(sick) > 0 || made == 0 {
					t.Fatalf("%d steps from %d, sick %v, error %v", made, at, sick, err)
				}
			}
			if _, sick, err := byHand.advance([]int{0}, 1); err != nil || len(sick) != 1 {
				t.Fatalf("step %d is not sick", i.Step)
			}
			byHand.replicas[0].step++
		}
		for byHand.Step() < 60 {
			if _, _, err := byHand.advance([]int{0}, 60-byHand.Step()); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := parameters(t, trainer), parameters(t, byHand); !reflect.DeepEqual(got, want) {
			t.Errorf("the parameters are %v, and without the sick steps %v", got, want)
		}
		last := newTrainer(t, backend, poisoned(Skip, len(incidents)-1))
		var diverged *DivergedError
		if _, err := watched(t, last); !errors.As(err, &diverged) || diverged.Step != incidents[len(incidents)-1].Step || last.Step() != diverged.Step-1 {
			t.Errorf("with one retry less: error %v after step %d", err, last.Step())
		}
		if all := last.Incidents(0); len(all) != len(incidents) || all[len(all)-1].Action != Stop {
			t.Errorf("the incidents are %+v", all)
		}
	})
}

// A rollback goes to the last checkpoint, with a lower rate from there on; what a snapshot keeps of it lasts.
func TestRollback(t *testing.T) {
	spec := Spec{
		Model: models.NewQuadratic(), Method: NewDSM(), Optimizer: NewOptimizer(), Data: normalData(64, []float64{0}, 1),
		Loop: Loop{Steps: 12, BatchSize: 8, LogEvery: 4, CheckpointEvery: 4, Health: Health{Policy: Rollback, Retries: 2, RateFactor: 1e-15}},
	}
	slow := spec
	slow.Optimizer.LearningRate = 1e-2
	spec.Optimizer.LearningRate = 1e28 // the second step is sick: twice lower it is 1e-2
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		trainer := newTrainer(t, backend, spec)
		incidents, err := watched(t, trainer)
		if err != nil || len(incidents) != 2 {
			t.Fatalf("incidents %+v, error %v", incidents, err)
		}
		for k, i := range incidents {
			if want := math.Pow(1e-15, float64(k+1)); i.Step < 2 || i.Action != Rollback || i.To != 0 || math.Abs(i.Rate/want-1) > 1e-12 {
				t.Errorf("incident %+v, want a rollback to 0 at %v of the rate", i, want)
			}
		}
		want := newTrainer(t, backend, slow)
		want.replicas[0].incidents = incidents // of which the random numbers are
		want.crews[0].setConstants()
		run(t, want, 12)
		same(t, "after two rollbacks", parameters(t, trainer), parameters(t, want), 1e-6)
		s := snapshots(t, trainer)[0]
		if s.Rate != incidents[1].Rate || !reflect.DeepEqual(s.Incidents, incidents) {
			t.Errorf("the snapshot keeps rate %v and incidents %+v", s.Rate, s.Incidents)
		}
		spec := spec
		spec.Loop.Steps = 16
		longer := goOn(t, backend, spec, []Snapshot{s})
		if reports := logged(t, longer); len(reports) != 1 || math.Abs(reports[0].Values[0][2]/1e-2-1) > 1e-5 || len(longer.Incidents(0)) != 2 {
			t.Errorf("going on with its state gives %+v and incidents %+v", reports, longer.Incidents(0))
		}
	})
}

// Wherever a run is taken apart, before or after a rollback, it goes back to where it would have gone at one go.
func TestRollbackOfARestoredRun(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		spec := poisoned(Rollback, 100)
		whole := newTrainer(t, backend, spec)
		incidents, err := watched(t, whole)
		if err != nil || len(incidents) < 2 {
			t.Fatalf("incidents %+v, error %v", incidents, err)
		}
		want := snapshots(t, whole)
		for _, cut := range []int{incidents[0].Step - 1, incidents[1].Step - 1, 58} {
			first := newTrainer(t, backend, spec)
			kept := map[int]Snapshot{} // the checkpoints
			hooks := Hooks{Checkpoint: func([]int) error {
				kept[first.Step()] = snapshots(t, first)[0]
				return nil
			}}
			for first.Step() < cut || len(first.Incidents(0)) == 0 && cut == incidents[1].Step-1 {
				active, step := first.behind(spec.Loop.Steps)
				first.pace = pace{length: 1, step: callTime} // step by step, so that it can be stopped at any
				made, sick, err := first.advance(active, first.stretch(step))
				if err == nil && made > 0 {
					err = first.arrived(active, hooks)
				}
				if err == nil {
					err = first.treatAll(sick, hooks)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			s := snapshots(t, first)[0]
			second := goOn(t, backend, spec, []Snapshot{s})
			if s.RollbackTo > 0 && s.RollbackTo != s.Step {
				second.SetRollback(0, kept[s.RollbackTo])
			}
			if _, err := watched(t, second); err != nil {
				t.Fatal(err)
			}
			if got := snapshots(t, second); !reflect.DeepEqual(got, want) {
				t.Errorf("cut at step %d the run ends with other bits: incidents %+v, want %+v", cut, got[0].Incidents, want[0].Incidents)
			}
		}
	})
}

// What one replica is sick of says nothing about another, whose state is not finite at the end of the same call.
func TestIncidentsAreOfTheirReplica(t *testing.T) {
	spec := fixedSpec(Loop{Steps: 100, LogEvery: 100})
	spec.Replicas = []Replica{{spec.Data, 1}}
	trainer := newTrainer(t, backendtest.Open(t, "go"), spec)
	nan := math.NaN()
	seen := look{sick: []int{0, 13}, finite: []bool{false, false}, seen: []float64{0, 0, 0, 1, nan, 1}}
	all := []int{0, 1}
	if first, known := seen.firstSick(all, 10, 20); first != 3 || !known {
		t.Errorf("the first sick step is %d, %v", first, known)
	}
	if got := trainer.incidents(seen, all, 10); len(got) != 1 || got[0].Replica != 1 || got[0].Quantity != "gradient_norm" {
		t.Errorf("incidents %+v", got)
	}
	seen.sick = []int{0, 0}
	if first, known := seen.firstSick(all, 10, 20); first != 20 || known {
		t.Errorf("the first sick step is %d, %v", first, known)
	}
	if got := trainer.incidents(seen, all, 10); len(got) != 2 || got[0].Quantity != stateQuantity {
		t.Errorf("incidents %+v", got)
	}
}

// Two replicas that skip a step where something is logged are reported together.
func TestSkippedAtALog(t *testing.T) {
	spec := poisoned(Skip, 1000)
	spec.Loop.LogEvery, spec.Loop.Steps = 1, 40
	spec.Replicas = []Replica{{spec.Data, spec.Seed}} // the same, so that they are sick together
	trainer := newTrainer(t, backendtest.Open(t, "go"), spec)
	for i, r := range logged(t, trainer) {
		if r.Step != i+1 || (r.Values[0] == nil) != (r.Values[1] == nil) {
			t.Errorf("report %d is %+v", i, r)
		}
	}
	if len(trainer.Incidents(1)) == 0 {
		t.Error("nothing was skipped")
	}
}

// Of several replicas the one that is sick is helped, and ends as it would alone; the others do not notice.
func TestReplicasAreHelpedAlone(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, policy := range []string{Skip, Rollback} {
			spec := poisoned(policy, 100)
			spec.Loop.Precision, spec.Loop.Health.RateFactor = float64bits, 0.5
			healthy := normalData(16, []float64{0}, 1)
			spec.Data.Train.Values[7] = 1e200
			spec.Replicas = []Replica{{healthy, 7}, {healthy, 8}}
			trainer := newTrainer(t, backend, spec)
			incidents, err := watched(t, trainer)
			if err != nil || len(incidents) < 2 {
				t.Fatalf("%s: incidents %+v, error %v", policy, incidents, err)
			}
			for i := range 3 {
				alone := spec
				alone.Replicas, alone.Data, alone.Seed = nil, trainer.replicas[i].Data, trainer.replicas[i].Seed
				single := newTrainer(t, backend, alone)
				seen, _ := watched(t, single)
				for k := range seen {
					seen[k].Value = 0 // 1 part in 10^16
				}
				got := slices.Clone(trainer.Incidents(i))
				for k := range got {
					got[k].Value, got[k].Replica = 0, 0
				}
				if len(got)+len(seen) > 0 && !reflect.DeepEqual(got, seen) || single.Step() != trainer.StepOf(i) {
					t.Errorf("%s: replica %d has the incidents %+v and comes to step %d, alone %+v and %d", policy, i, got, trainer.StepOf(i), seen, single.Step())
				}
				same(t, fmt.Sprintf("%s: replica %d", policy, i), parametersOf(t, trainer, i), parameters(t, single), 1e-10)
			}
		}
	})
}

// shrinking moves every chain a part of the way to one place.
type shrinking struct{ kernel }

func (shrinking) Length() int { return 1 }
func (shrinking) Transition(_ models.Net, s samplers.State, _ samplers.Clock, _ random.Draws) samplers.State {
	s.X = graph.MulScalar(s.X, 0.5)
	return s
}

// The chains of a method are watched, and what is seen has a name, a step and a cause.
func TestChainsAreWatched(t *testing.T) {
	for _, test := range []struct {
		name    string
		sampler samplers.Sampler
		health  Health
		want    string
		step    int
	}{
		// The data are in ±8 or so with the noise of standard deviation 2: a chain is 100 further on in each of 3 rounds.
		{"range", counted(100), Health{MaxChainRange: 30}, "chain_range", 12},
		{"spread", shrinking{}, Health{MinChainSpread: 1.0 / 64}, "chain_spread", 0},
		{"gap", counted(100), Health{MaxEnergyGap: 1000}, "energy_gap", 1},
		{"nothing", counted(100), Health{}, "", 0},
	} {
		backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
			spec := persistent(64, 0, test.sampler)
			spec.Loop.BatchSize, spec.Loop.Health = 16, test.health
			spec.Data, spec.Loop.Steps = normalData(16, []float64{0, 0}, 1), 40
			trainer := newTrainer(t, backend, spec)
			incidents, err := watched(t, trainer)
			if test.want == "" {
				if err != nil || len(incidents) > 0 {
					t.Errorf("%s: %v, %+v", test.name, err, incidents)
				}
				return
			}
			var diverged *DivergedError
			if !errors.As(err, &diverged) || diverged.Quantity != test.want || test.step != 0 && diverged.Step < test.step-4 || diverged.Step > 40 {
				t.Errorf("%s: error %v, want one about %s", test.name, err, test.want)
				return
			}
			if !strings.Contains(err.Error(), "the parameters are kept as they were before it. Likely ") {
				t.Errorf("error %v", err)
			}
			got := parameters(t, trainer)
			spec.Loop.Health = Health{}
			before := newTrainer(t, backend, spec)
			run(t, before, slices.Repeat([]int{1}, diverged.Step-1)...)
			if want := parameters(t, before); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: the parameters are %v, and before step %d they were %v", test.name, got, diverged.Step, want)
			}
		})
	}
}

// The energies of a learned sampler are held to those of the data as the energies of chains are.
func TestAdversarialGapIsBounded(t *testing.T) {
	for _, m := range (&adversarial{problem: Problem{Health: Health{MaxEnergyGap: 7}}}).Metrics() {
		if bounded := m.Min != nil && *m.Min == -7 && m.Max != nil && *m.Max == 7; bounded != (m.Name == "energy_gap") {
			t.Errorf("%s has the bounds %v and %v", m.Name, m.Min, m.Max)
		}
	}
}

// doubling carries a number that doubles in every step, and does not matter to the loss.
type doubling struct{ *DSM }

func (d doubling) Prepare(Problem) (Objective, error) { return doublingObjective{dsm(d)}, nil }

type doublingObjective struct{ dsm }

func (doublingObjective) State() []State {
	return []State{{Name: "number", Init: graph.OnesLike}}
}

func (d doublingObjective) Loss(in Input) Output {
	out := d.dsm.Loss(in)
	out.State = []*graph.Node{graph.MulScalar(in.State[0], 2)}
	return out
}

// A state that is not finite is found although the metrics of all steps are healthy, and so is the step.
func TestStateIsWatched(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		spec := fixedSpec(Loop{Steps: 1000, LogEvery: 1000})
		spec.Method = doubling{NewDSM()}
		trainer := newTrainer(t, backend, spec)
		trainer.pace = pace{length: 1000, step: 1} // all at one go
		_, err := watched(t, trainer)
		var diverged *DivergedError
		if !errors.As(err, &diverged) || diverged.Step != 128 || trainer.Step() != 127 || diverged.Quantity != stateQuantity {
			t.Errorf("error %v after step %d, want that the update of step 128 is not finite", err, trainer.Step())
		}
	})
}
