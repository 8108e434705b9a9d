package measured

import (
	"slices"

	"joule/metrics"
	"joule/results"
)

// PutEvaluation puts those figures of an evaluation into a row that were asked for.
func PutEvaluation(row *results.Row, e *metrics.Evaluation, asked []string) {
	put := func(metric, name string, x *float64) {
		if x != nil && slices.Contains(asked, metric) {
			row.Put(name, *x)
		}
	}
	put("kl", "kl", e.KL)
	put("fisher", "fisher", e.Fisher)
	if e.LogZ != nil && !e.IsBound() {
		put("test_nll", "test_nll", e.TestNLL)
		put("kl", "border_mass", e.BorderMass)
	}
	if e.Entropy != nil {
		row.Put("entropy", *e.Entropy)
	}
	if e.AIS != nil && e.AIS.IsTrusted() {
		gap := e.AIS.Upper - e.AIS.Lower
		put("ais_nll", "ais_gap", &gap)
		if e.IsBound() {
			put("ais_nll", "ais_nll", e.TestNLL)
		} else if e.TestNLL != nil && e.LogZ != nil {
			nll := *e.TestNLL - *e.LogZ + e.AIS.Lower
			put("ais_nll", "ais_nll", &nll)
		}
	}
	if e.TestNLL != nil && e.Entropy != nil && (slices.Contains(asked, "test_nll") || slices.Contains(asked, "ais_nll")) {
		row.Put("nll_excess", *e.TestNLL-*e.Entropy)
	}
	if e.TestClasses != nil {
		put("accuracy", "accuracy", &e.TestClasses.Accuracy)
	}
}
