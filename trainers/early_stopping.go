package trainers

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/internal/safetensors"
	"joule/models"
)

// EarlyStopping is the settings of what a run is judged by on the validation points, and of when it stops before its last
// step because that gets no better. The parameters to be used are then those at which it was best.
type EarlyStopping struct {
	// Metric is the criterion, of which less is better: the method's own loss, with fixed random numbers; the objective of
	// score matching along fixed random directions, which suits every method and needs no log Z; or the negative log
	// likelihood, where log Z is cheap.
	Metric string `yaml:"metric" check:"in none|loss|score_matching|nll"`
	// Every is the number of steps from one look at it to the next. The last step is looked at, too.
	Every int `yaml:"every" check:"> 0, <= 2000000000"`
	// Patience is how many looks in a row may find nothing better before the run stops; 0 never stops it.
	Patience int `yaml:"patience" check:">= 0, <= 1000000"`
	// MinDelta is how much less counts as better.
	MinDelta float64 `yaml:"min_delta" check:">= 0"`
}

// The criteria.
const (
	noCriterion   = "none"
	byLoss        = "loss"
	byScores      = "score_matching"
	byLikelihood  = "nll"
	validatedName = "validation_"
)

// NewEarlyStopping returns the default settings: none, and if there is a criterion, patience for ten looks.
func NewEarlyStopping() EarlyStopping {
	return EarlyStopping{Metric: noCriterion, Every: 500, Patience: 10}
}

// IsOn says whether there is a criterion.
func (e EarlyStopping) IsOn() bool { return e.Metric != "" && e.Metric != noCriterion }

// Name is that under which the criterion is logged.
func (e EarlyStopping) Name() string { return validatedName + e.Metric }

// Best is the best value of the criterion so far.
type Best struct {
	Metric string // its name
	Value  float64
	Step   int // at which it was so
	Since  int // the number of looks since then
}

// Evaluation is a look at the criterion.
type Evaluation struct {
	Step     int
	Metric   string
	Replicas []int
	Values   []float64 // one for each of these replicas
}

const criterionKey = "train.early_stopping.metric"

// Suits reports what of a config does not go with the criterion, by its key, before any data is loaded.
func (e EarlyStopping) Suits(s Setting, report func(key, problem string)) {
	if !e.IsOn() {
		return
	}
	if kept, ok := s.Data.(interface{ HasValidation() bool }); ok && !kept.HasValidation() {
		report(criterionKey, fmt.Sprintf("is %q, and there are no validation points; data.validation_fraction keeps some", e.Metric))
	}
	if e.Metric == byLoss && s.Method != nil && !ranks(s.Method) {
		report(criterionKey, e.noRank())
	}
}

// noRank is what is wrong with the loss of a method that does not tell models apart.
func (e EarlyStopping) noRank() string {
	return fmt.Sprintf("is %q, and the loss of this method says nothing about how good the model is; want %s or %s", e.Metric, byScores, byLikelihood)
}

// fits reports a criterion that the method, the model or the data has not.
func (e EarlyStopping) fits(spec Spec) error {
	_, isNormalized := spec.Model.(models.Normalized)
	switch n, dim := spec.Data.Validation.N, spec.Data.Train.Dim; {
	case n < 2:
		return fmt.Errorf("%s is %q, and there are %d validation points; data.validation_fraction keeps some", criterionKey, e.Metric, n)
	case e.Metric == byLoss && !ranks(spec.Method):
		return fmt.Errorf("%s %s", criterionKey, e.noRank())
	case e.Metric == byLikelihood && dim > 2 && !isNormalized:
		return fmt.Errorf("%s is %q, and log Z is cheap in one or two dimensions only, of which the data has %d; want %s, or %s if the method's tells models apart",
			criterionKey, e.Metric, dim, byScores, byLoss)
	}
	return nil
}

// ranks says whether a lower loss of a method means a better model: not where it is a difference of energies to negatives that
// move with the model, nor where it takes labels, which the validation points come without.
func ranks(method Method) bool {
	switch method.(type) {
	case *MLE, *CD, *PCD, *ShortRun, *FlowNCE, *Adversarial, *JEM:
		return false
	}
	return true
}

// validate looks at the criterion of some replicas, which are all at one step, if that is due.
func (t *Trainer) validate(replicas []int, hooks Hooks) error {
	e, step := t.spec.Loop.EarlyStopping, t.replicas[replicas[0]].step
	if !e.IsOn() || step < t.spec.Loop.Steps && step%e.Every != 0 {
		return nil
	}
	all, err := t.criteria()
	if err != nil {
		return fmt.Errorf("cannot look at the validation points after step %d: %w", step, err)
	}
	look := Evaluation{Step: step, Metric: e.Name(), Replicas: replicas}
	for _, i := range replicas {
		look.Values = append(look.Values, all[i])
		if err := t.judge(i, all[i]); err != nil {
			return err
		}
	}
	if hooks.Evaluated != nil {
		return hooks.Evaluated(look)
	}
	return nil
}

// judge compares the criterion of a replica with its best, and keeps the parameters if it is better. What is not finite is
// not.
func (t *Trainer) judge(i int, value float64) error {
	r, e := &t.replicas[i], t.spec.Loop.EarlyStopping
	isFinite := !math.IsNaN(value) && !math.IsInf(value, 0)
	if !isFinite || r.best != nil && value >= r.best.Value-e.MinDelta {
		if r.best != nil {
			r.best = &Best{e.Name(), r.best.Value, r.best.Step, r.best.Since + 1}
		}
		return nil
	}
	kept, err := t.tensorsOf([]int{i}, func(name string) bool { return strings.HasPrefix(name, t.program.usedName()) })
	if err != nil {
		return err
	}
	for k := range kept[0] {
		kept[0][k].Name = bestName + strings.TrimPrefix(kept[0][k].Name, t.program.usedName())
	}
	r.best, r.bestParameters = &Best{e.Name(), value, r.step, 0}, kept[0]
	return nil
}

// usedName begins the names of the parameters that are to be used, of those that change with every step.
func (p *program) usedName() string {
	if p.settings.EMA > 0 {
		return averageName
	}
	return parametersName
}

// Best is the best value of a replica's criterion; nil: there is none yet.
func (t *Trainer) Best(replica int) *Best { return t.replicas[replica].best }

// StoppedEarly says whether a replica has stopped because its criterion got no better.
func (t *Trainer) StoppedEarly(replica int) bool {
	e, best := t.spec.Loop.EarlyStopping, t.replicas[replica].best
	return e.IsOn() && e.Patience > 0 && best != nil && best.Since >= e.Patience
}

// hasEnded says whether a replica makes no more steps, whatever the limit.
func (t *Trainer) hasEnded(replica int) bool {
	return t.replicas[replica].stopped != nil || t.StoppedEarly(replica)
}

// restoreBest takes over what a snapshot says of the criterion, if it is still the same one, given the tensors under names of
// the best parameters.
func (t *Trainer) restoreBest(i int, s Snapshot, kept []safetensors.Tensor) error {
	r := &t.replicas[i]
	r.best, r.bestParameters = nil, nil
	if e := t.spec.Loop.EarlyStopping; !e.IsOn() || s.Best == nil || s.Best.Metric != e.Name() {
		return nil
	}
	wanted := map[string]slot{}
	for _, slot := range t.program.slots() {
		if name, ok := strings.CutPrefix(slot.name, parametersName); ok {
			wanted[bestName+name] = slot
		}
	}
	for _, tensor := range kept {
		slot, ok := wanted[tensor.Name]
		if !ok || tensor.DType != t.program.dtypeInFile() || !slices.Equal(tensor.Shape, slot.shape) || len(tensor.Data) != slot.size*t.program.dtype.Size() {
			return fmt.Errorf("the state of step %d has %s as %s %v, which does not fit this run", s.Step, tensor.Name, tensor.DType, tensor.Shape)
		}
	}
	if len(kept) != len(wanted) {
		return fmt.Errorf("the state of step %d has %d tensors of the best parameters, and this run %d", s.Step, len(kept), len(wanted))
	}
	best := *s.Best
	r.best, r.bestParameters = &best, kept
	return nil
}
