package results

import "slices"

// Preference says which values of a figure are good.
type Preference int

// The preferences.
const (
	Neither Preference = iota
	Least
	Most
)

// Figure is something that is measured of a run.
type Figure struct {
	Name  string // in files and on the command line
	Title string // in tables
	Unit  string // empty: none
	// Prefer says which values are good.
	Prefer   Preference
	Decimals int
	// Cost says that it is what a run takes rather than how good it is.
	Cost bool
	// Meaning is one sentence.
	Meaning string
}

// Figures are all that can be measured, in the order in which they are shown.
var Figures = []Figure{
	{Name: "kl", Title: "KL", Unit: "nats", Prefer: Least, Decimals: 4, Meaning: "Kullback–Leibler divergence of the model from the true density, by quadrature in one and two dimensions"},
	{Name: "fisher", Title: "Fisher", Prefer: Least, Decimals: 4, Meaning: "Fisher divergence ½E‖∇log p − ∇log p_θ‖² in the coordinates of the model, by quadrature"},
	{Name: "test_nll", Title: "test NLL", Unit: "nats", Prefer: Least, Decimals: 4, Meaning: "mean negative log likelihood of held-out points, by quadrature, or exact where the model is normalised"},
	{Name: "nll_excess", Title: "NLL − entropy", Unit: "nats", Prefer: Least, Decimals: 4, Meaning: "test NLL, or else that of annealed importance sampling, above the entropy of the true density"},
	{Name: "ais_nll", Title: "AIS NLL", Unit: "nats", Prefer: Least, Decimals: 4, Meaning: "the same with log Z by annealed importance sampling from below: a bound"},
	{Name: "ais_gap", Title: "AIS gap", Unit: "nats", Prefer: Least, Decimals: 3, Meaning: "distance between the two estimates of log Z of annealed importance sampling, from below and from above"},
	{Name: "ksd", Title: "KSD", Prefer: Least, Decimals: 4, Meaning: "kernelised Stein discrepancy of held-out points and the score of the model"},
	{Name: "ksd_floor", Title: "KSD floor", Decimals: 4, Meaning: "about what KSD is of a perfect model, as there are only so many points"},
	{Name: "mmd", Title: "MMD²", Prefer: Least, Decimals: 5, Meaning: "squared maximum mean discrepancy between samples of the model and held-out points, without bias"},
	{Name: "mmd_floor", Title: "MMD² floor", Decimals: 5, Meaning: "that of as many training points in place of the samples: a draw from around 0"},
	{Name: "sliced_wasserstein", Title: "sliced W₂", Prefer: Least, Decimals: 4, Meaning: "sliced Wasserstein distance between samples of the model and held-out points"},
	{Name: "sliced_wasserstein_floor", Title: "sliced W₂ floor", Decimals: 4, Meaning: "that of as many training points in place of the samples"},
	{Name: "mode_coverage", Title: "modes", Prefer: Most, Decimals: 3, Meaning: "share of the modes of the true density that samples of the model reach"},
	{Name: "mode_weight_error", Title: "mode weights", Prefer: Least, Decimals: 4, Meaning: "total variation between the weights of the modes and their shares of the samples"},
	{Name: "mode_weight_floor", Title: "mode weights floor", Decimals: 4, Meaning: "that of held-out points: what is due to their number"},
	{Name: "stray", Title: "stray", Prefer: Least, Decimals: 4, Meaning: "share of the samples that are near no mode"},
	{Name: "auroc", Title: "AUROC", Prefer: Most, Decimals: 4, Meaning: "area under the receiver operating characteristic of the energy, held-out points against uniform ones around them"},
	{Name: "auroc_ceiling", Title: "AUROC of p", Decimals: 4, Meaning: "AUROC of the true density, which no score exceeds in the mean"},
	{Name: "accuracy", Title: "accuracy", Prefer: Most, Decimals: 4, Meaning: "share of held-out points whose class the model has right"},
	{Name: "entropy", Title: "entropy", Unit: "nats", Decimals: 4, Meaning: "entropy of the true density, the lowest NLL there can be"},
	{Name: "border_mass", Title: "border mass", Prefer: Least, Decimals: 6, Meaning: "the model's probability near the border of the grid of the quadrature"},
	{Name: "time_to_target", Title: "time to target", Unit: "s", Prefer: Least, Decimals: 2, Cost: true, Meaning: "seconds of training until the KL was at the target, compilation apart; nothing where it never was"},
	{Name: "steps_to_target", Title: "steps to target", Prefer: Least, Cost: true, Meaning: "training steps until the KL was at the target"},
	{Name: "steps", Title: "steps", Cost: true, Meaning: "training steps that were made"},
	{Name: "gradient_evaluations", Title: "gradient evaluations", Prefer: Least, Cost: true, Meaning: "evaluations of the network's gradient at a point, in all of the training"},
	{Name: "seconds", Title: "seconds", Unit: "s", Prefer: Least, Decimals: 2, Cost: true, Meaning: "wall time of the training without compilation; of runs that were trained as replicas in one program, each one's share"},
	{Name: "compile_seconds", Title: "compile", Unit: "s", Prefer: Least, Decimals: 2, Cost: true, Meaning: "wall time of compiling the training program, of which each replica has its share"},
	{Name: "measure_seconds", Title: "measuring", Unit: "s", Prefer: Least, Decimals: 2, Cost: true, Meaning: "wall time of measuring the trained model"},
	{Name: "steps_per_second", Title: "steps/s", Prefer: Most, Cost: true, Meaning: "training steps a second, without compilation, of all replicas of a program together"},
	{Name: "peak_memory", Title: "memory", Unit: "MiB", Prefer: Least, Cost: true, Meaning: "the most that the process held while it trained and measured, on the host, all replicas together"},
	{Name: "parameters", Title: "parameters", Meaning: "numbers that the model learns"},
}

// FigureOf finds a figure by its name.
func FigureOf(name string) (Figure, bool) {
	i := slices.IndexFunc(Figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		return Figure{}, false
	}
	return Figures[i], true
}

// FigureNames are the names of all figures.
func FigureNames() []string {
	names := make([]string, len(Figures))
	for i, f := range Figures {
		names[i] = f.Name
	}
	return names
}
