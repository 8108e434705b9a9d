package trainers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"joule/internal/safetensors"
	"joule/internal/tensor"
	"joule/models"
)

// Snapshot is everything that the future of one run depends on, beside its spec. Random numbers and the choice of batches
// follow from the seed and the number of the step, so there is nothing of them in it.
type Snapshot struct {
	Step   int     // steps done
	Summed int     // of those, the steps in the sums of what is logged
	Rate   float64 // what the scheduled learning rate is multiplied by
	// Incidents are the sick steps that the run was helped out of.
	Incidents []Incident
	// RollbackTo is the step that a rollback from here goes back to; −1: none is kept, or it is this one.
	RollbackTo int
	// Best is that of the criterion of early stopping; nil: there is none yet.
	Best *Best
	// Tensors are, by name: parameters.P of every parameter P, optimizer.first.P and optimizer.second.P, average.P with
	// Loop.EMA, best.P where there is a Best, state.S of every State S of the method, and log.sums. They are whole, and in the order
	// of the rows, however many devices share a batch: a run can go on with another number of them.
	Tensors []safetensors.Tensor
}

// The names of tensors in a state, or how they begin.
const (
	parametersName = "parameters."
	firstName      = "optimizer.first."
	secondName     = "optimizer.second."
	averageName    = "average."
	bestName       = "best."
	stateName      = "state."
	sumsName       = "log.sums"
)

// ParameterTensors are those of a state's tensors that are the parameters to be used after training, by the names that
// Parameters gives them: those at which the criterion of early stopping was best, or else the running averages, where there
// are any.
func ParameterTensors(state []safetensors.Tensor) (parameters []safetensors.Tensor) {
	for _, prefix := range []string{bestName, averageName, parametersName} {
		for _, t := range state {
			if len(t.Name) > len(prefix) && t.Name[:len(prefix)] == prefix {
				t.Name = t.Name[len(prefix):]
				parameters = append(parameters, t)
			}
		}
		if len(parameters) > 0 {
			break
		}
	}
	return parameters
}

// Parameters are the learned values of a replica's model, and those of the method under names that start with "method.":
// the running averages when the settings ask for them, and the best ones where there is a criterion of early stopping.
func (t *Trainer) Parameters(replica int) ([]models.Value, error) {
	states, err := t.Snapshots([]int{replica})
	if err != nil {
		return nil, err
	}
	var values []models.Value
	for _, tensor := range ParameterTensors(states[0].Tensors) {
		numbers, err := safetensors.Floats(tensor)
		if err != nil {
			return nil, err
		}
		values = append(values, models.Value{Name: tensor.Name, Shape: tensor.Shape, Numbers: numbers})
	}
	return values, nil
}

// Compile puts the model of a replica, with the values that [Trainer.Parameters] gives, on the trainer's backend, to be evaluated
// and sampled. It has a copy of them: it stays as it is while training goes on, and when the trainer is closed.
func (t *Trainer) Compile(replica int) (*models.Compiled, error) {
	values, err := t.Parameters(replica)
	if err != nil {
		return nil, err
	}
	return models.Compile(t.backend, t.spec.Model, t.spec.Data.Train.Dim, values)
}

// Snapshots are those of some replicas.
func (t *Trainer) Snapshots(replicas []int) ([]Snapshot, error) {
	tensors, err := t.tensorsOf(replicas, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	states := make([]Snapshot, len(replicas))
	for k, i := range replicas {
		r := t.replicas[i]
		states[k] = Snapshot{
			Step: r.step, Summed: r.summed, Rate: r.rate, Incidents: slices.Clone(r.incidents), RollbackTo: -1, Best: r.best,
			Tensors: append(tensors[k], r.bestParameters...),
		}
		if r.good != nil {
			states[k].RollbackTo = r.good.Step
		}
	}
	return states, nil
}

func (p *program) dtypeInFile() safetensors.DType {
	if p.dtype == dtypes.Float64 {
		return safetensors.F64
	}
	return safetensors.F32
}

// Restore makes a replica of a new trainer go on from a snapshot. An error says what of it does not fit the spec.
//
// A rollback goes back to where it would have gone without the interruption: to the start, to s, or, where that is another
// step, to what SetRollback is then given.
func (t *Trainer) Restore(replica int, s Snapshot) error {
	if err := t.restore(replica, s); err != nil {
		return err
	}
	if s.RollbackTo != 0 {
		t.SetRollback(replica, s)
	}
	return nil
}

// SetRollback says what a rollback of a replica goes back to, if the settings ask for rollbacks.
func (t *Trainer) SetRollback(replica int, s Snapshot) {
	if t.spec.Loop.Health.Policy == Rollback {
		t.replicas[replica].good = &s
	}
}

func (t *Trainer) restore(replica int, s Snapshot) error {
	given := map[string]safetensors.Tensor{}
	var best []safetensors.Tensor
	for _, tensor := range s.Tensors {
		if strings.HasPrefix(tensor.Name, bestName) {
			best = append(best, tensor)
			continue
		}
		given[tensor.Name] = tensor
	}
	slots := t.program.slots()
	for _, slot := range slots {
		tensor, ok := given[slot.name]
		if !ok {
			return fmt.Errorf("the state of step %d has no tensor %s", s.Step, slot.name)
		}
		if want := t.program.dtypeInFile(); tensor.DType != want || !slices.Equal(tensor.Shape, slot.shape) || len(tensor.Data) != slot.size*t.program.dtype.Size() {
			return fmt.Errorf("the state of step %d has %s as %s %v, and this run needs %s %v", s.Step, slot.name, tensor.DType, tensor.Shape, want, slot.shape)
		}
	}
	if len(given) != len(slots) {
		return fmt.Errorf("the state of step %d has %d tensors, and this run %d", s.Step, len(given), len(slots))
	}
	if s.Step < 0 || s.Step > t.spec.Loop.Steps || s.Summed < 0 || s.Summed > s.Step || !(s.Rate > 0) {
		return fmt.Errorf("a state of step %d with %d steps since the last log and %v of the learning rate does not fit a run of %d steps",
			s.Step, s.Summed, s.Rate, t.spec.Loop.Steps)
	}
	if err := t.restoreBest(replica, s, best); err != nil {
		return err
	}
	crew, own := t.crewOf(replica)
	if err := crew.write(own, given); err != nil {
		return err
	}
	r := &t.replicas[replica]
	r.step, r.summed, r.rate, r.incidents, r.stopped = s.Step, s.Summed, s.Rate, slices.Clone(s.Incidents), nil
	crew.setConstants()
	return nil
}

// Where the constants have the data, and what changes with a rollback.
const (
	atData = 0
	atKey  = 1
	atRate = 3
)

// setConstants hands the rates and the keys of the random numbers of all replicas to the devices. After each rollback there
// are other random numbers: the old ones might lead to the same end.
func (c *crew) setConstants() {
	rates, seeds, purposes := make([]float64, len(c.replicas)), make([]int64, len(c.replicas)), make([]uint64, len(c.replicas))
	for i, r := range c.replicas {
		rates[i], seeds[i], purposes[i] = r.rate, r.Seed, purposeSteps
		for _, incident := range r.incidents {
			if incident.Action == Rollback {
				purposes[i] += afterRollback
			}
		}
	}
	for device := range c.fixed {
		tensor.Free(c.fixed[device][atRate], c.fixed[device][atKey])
		c.fixed[device][atRate] = tensor.From(rates, c.program.dtype, c.program.layout.each()...)
		c.fixed[device][atKey] = keyOf(seeds, purposes...)
	}
}

// keepGood keeps the states of some replicas for a rollback, if the settings ask for that.
func (t *Trainer) keepGood(replicas []int) error {
	if t.spec.Loop.Health.Policy != Rollback {
		return nil
	}
	states, err := t.Snapshots(replicas)
	if err != nil {
		return err
	}
	for k, i := range replicas {
		t.replicas[i].good = &states[k]
	}
	return nil
}
