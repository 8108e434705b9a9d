package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"joule/rundir"
)

// title names the page after its runs.
func title(runs []Run) string {
	if len(runs) == 1 {
		return runs[0].Name
	}
	data := distinct(runs, func(r Run) string { return r.Data })
	return fmt.Sprintf("%d models of %s", len(runs), strings.Join(data, ", "))
}

// facts are what the runs were made with.
func facts(p Page) []fact {
	of := func(name string, value func(Run) string) fact {
		return fact{name, strings.Join(distinct(p.Runs, value), "; ")}
	}
	return []fact{
		of("Data", func(r Run) string {
			d := r.Dataset
			text := fmt.Sprintf("%s (%s): %d training and %d held-out points", r.Data, strings.Join(d.Columns, ", "), d.Train, d.Test)
			if d.Standardizer != nil {
				text += ", standardised for training"
			}
			return text
		}),
		of("Trained on", func(r Run) string { return backend(r.Environment.Backend) }),
		{"Measured on", p.Backend},
		of("Versions", versions),
		of("Machine", func(r Run) string {
			e := r.Environment
			return fmt.Sprintf("%s, %d processors, %s/%s", e.CPU, e.CPUs, e.OS, e.Arch)
		}),
		of("Seed", func(r Run) string { return fmt.Sprint(r.Environment.Seed) }),
	}
}

// factsOf are what is particular to a run.
func factsOf(r Run) []fact {
	list := []fact{
		{"Directory", r.Dir},
		{"Method", r.Method},
		{"Ended", ending(r)},
		{"Started", moment(r.Environment.Started)},
		{"Backend", backend(r.Environment.Backend)},
	}
	e := r.Evaluation
	if e.TrainNLL != nil && !e.IsBound() {
		list = append(list, fact{"Training NLL", decimals(4)(*e.TrainNLL) + " nats"})
	} else if e.TrainNLL != nil && e.AIS.IsTrusted() {
		list = append(list, fact{"Training NLL", "at least " + decimals(4)(*e.TrainNLL) + " nats"})
	}
	if e.AIS != nil {
		list = append(list, fact{"log Z by AIS", fmt.Sprintf("%s ± %s from below, %s ± %s from above, by %.3g effective chains", decimals(3)(e.AIS.Lower),
			decimals(3)(e.AIS.LowerError), decimals(3)(e.AIS.Upper), decimals(3)(e.AIS.UpperError), e.AIS.EffectiveChains)})
	}
	if e.BorderMass != nil {
		list = append(list, fact{"Border mass", fmt.Sprintf("%.1e of the model's probability", *e.BorderMass)})
	}
	return list
}

func ending(r Run) string {
	if r.Result == nil {
		return fmt.Sprintf("not yet, or it was killed; the parameters are those of step %d", r.Step)
	}
	text := fmt.Sprintf("%s after %d steps in %.1f s, of which %.1f s went to compiling",
		r.Result.Status, r.Result.Step, r.Result.Seconds, r.Result.CompileSeconds)
	if r.Result.Error != "" {
		text += ": " + r.Result.Error
	}
	return text
}

func backend(b rundir.Backend) string {
	if b.PluginAPI == "" {
		return b.Spec
	}
	return fmt.Sprintf("%s (PJRT API %s)", b.Spec, b.PluginAPI)
}

func versions(r Run) string {
	list := []string{"joule " + r.Environment.Joule, r.Environment.Go}
	for _, name := range slices.Sorted(maps.Keys(r.Environment.Modules)) {
		list = append(list, name+" "+r.Environment.Modules[name])
	}
	return strings.Join(list, ", ")
}

// warnings are what makes figures doubtful, each with its run.
func warnings(runs []Run) (list []string) {
	for _, r := range runs {
		if r.Result == nil || r.Result.Status != rundir.Completed {
			list = append(list, fmt.Sprintf("%s: %s", r.Name, ending(r)))
		}
		for _, w := range append(r.Evaluation.Warnings(), r.Problems...) {
			list = append(list, fmt.Sprintf("%s: %s", r.Name, w))
		}
	}
	return list
}

// reassurance says why the figures can be believed.
func reassurance(runs []Run) string {
	worst, measured := 0.0, false
	for _, r := range runs {
		if r.Evaluation.BorderMass != nil {
			worst, measured = max(worst, *r.Evaluation.BorderMass), true
		}
	}
	if !measured {
		return ""
	}
	return fmt.Sprintf("No warnings: no grid has more than %.1e of its model's probability at the border, so that log Z and what follows from it are sound.", worst)
}

// notes explain the table.
func notes(runs []Run) []string {
	list := []string{
		"NLL is the mean negative log likelihood of held-out points, in nats and in the units of the data; lower is better.",
		"KL is the Kullback–Leibler divergence KL(p ‖ model) in nats, Fisher the Fisher divergence ½ E‖∇ log p − ∇ log model‖², " +
			"and entropy the lowest NLL there can be. They are there where the density p of the data is given, and the first two in one and " +
			"two dimensions, where there is a grid that sees it.",
		"log Z and Fisher are in the coordinates of the model. Seconds are of training, with compilation; steps/s are without.",
		"The best of the runs on the same data stands out; of seconds and steps/s, the best of all.",
	}
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Evaluation.IsBound() }) {
		list = append(list, "≥ In three and more dimensions log Z is estimated by annealed importance sampling (AIS), from below in expectation, and the NLL "+
			"with it; both are left out where too few chains count. The distance to the estimate from above says how much there is to it.")
	}
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Fitted }) {
		list = append(list, "† The density of this data is not known: p is a Gaussian mixture fitted to the training part, and no truth.")
	}
	return list
}

// distinct are the different values that the runs have, in their order.
func distinct(runs []Run, value func(Run) string) (list []string) {
	for _, r := range runs {
		if v := value(r); !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

func moment(t time.Time) string { return t.Format("2 January 2006, 15:04 MST") }
