package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"joule/internal/statistics"
	"joule/results"
)

// RankOptions are what is ranked, and over what.
type RankOptions struct {
	// Methods and Over are keys: the same as the rows and columns of a table by default.
	Methods, Over []string
	Figure        results.Figure
}

// Ranking is the order of methods by their ranks over data sets, on each of which a method stands for the mean over its completed
// runs. One that has none, though it was tried, is last there, and several such are tied.
type Ranking struct {
	Metric     string    `json:"metric"`
	MethodKeys []string  `json:"method_keys"`
	OverKeys   []string  `json:"over_keys"`
	Over       []string  `json:"over"`    // data sets, in the order of the ranks
	Methods    []*Ranked `json:"methods"` // by mean rank
	// LeftOut are data sets that not all methods were tried on, or none has the figure on, with the reason.
	LeftOut []string `json:"left_out,omitempty"`
	// Friedman is nil of fewer than two data sets; so is Critical, the difference of mean ranks from which on two methods differ.
	Friedman  *statistics.FriedmanTest `json:"-"`
	ChiSquare *float64                 `json:"chi_square,omitempty"`
	F         *float64                 `json:"f,omitempty"` // nil where it is infinite
	P         *float64                 `json:"p,omitempty"`
	Critical  *float64                 `json:"critical_difference,omitempty"`
	// Groups are methods that are not told apart, from the first to the last of each, as indices of Methods: by the critical
	// difference, and all of them where Friedman's test finds none that differs.
	Groups [][2]int `json:"groups,omitempty"`
	figure results.Figure
}

// Ranked is a method among others.
type Ranked struct {
	Name     string            `json:"name"`
	Keys     map[string]string `json:"keys"`
	MeanRank float64           `json:"mean_rank"`
	Ranks    []float64         `json:"ranks"`
	Means    []*float64        `json:"means"` // nil where it is last for want of one
	// Wins counts the data sets where it is the best; those that several share count in parts.
	Wins float64 `json:"wins"`
	// Runs counts its runs on these data sets, and Measured those that are completed and have the figure.
	Runs     int `json:"runs"`
	Measured int `json:"measured"`
}

// Rank ranks methods. It is an error if there are fewer than two, or no data set that all were tried on.
func Rank(rows []*results.Row, o RankOptions) (*Ranking, error) {
	f := o.Figure
	if f.Prefer == results.Neither {
		return nil, refuse("metric", "%s: no value of it is better than another", f.Name)
	}
	methods, over, err := layout(rows, o.Methods, o.Over, "methods", "over")
	if err != nil {
		return nil, err
	}
	t := tableOf(rows, methods, append([]string{}, over...), []results.Figure{f})
	if len(over) == 0 {
		return nil, refuse("over", "want a key of data sets: %s is of the methods", strings.Join(methods, ","))
	}
	if len(t.Rows) < 2 {
		return nil, fmt.Errorf("there is one method, %s; want several to rank", label(t.Rows[0]))
	}
	r := &Ranking{Metric: f.Name, MethodKeys: methods, OverKeys: over, figure: f}
	for _, values := range t.Rows {
		r.Methods = append(r.Methods, &Ranked{Name: label(values), Keys: named(methods, values)})
	}
	var blocks [][]float64
	for k, values := range t.Columns {
		samples := make([]*Sample, len(t.Rows))
		for i := range t.Rows {
			samples[i] = t.Samples[i][k]
		}
		if why := r.unfit(samples); why != "" {
			r.LeftOut = append(r.LeftOut, label(values)+": "+why)
			continue
		}
		r.Over = append(r.Over, label(values))
		blocks = append(blocks, r.add(samples))
	}
	if len(blocks) == 0 {
		return nil, fmt.Errorf("there is no data set to rank %s on: %s", f.Name, strings.Join(r.LeftOut, "; "))
	}
	r.test(blocks)
	return r, nil
}

// unfit says why methods cannot be ranked on a data set; empty: they can.
func (r *Ranking) unfit(samples []*Sample) string {
	var absent []string
	measured := false
	for i, s := range samples {
		if s == nil {
			absent = append(absent, r.Methods[i].Name)
		} else {
			measured = measured || s.N > 0
		}
	}
	switch {
	case len(absent) > 0:
		return "there are no runs of " + strings.Join(absent, ", ")
	case !measured:
		return "no completed run has " + r.Metric
	}
	return ""
}

// add ranks the methods on a data set.
func (r *Ranking) add(samples []*Sample) []float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = math.Inf(1)
		if s.N > 0 {
			if values[i] = *s.Mean; r.figure.Prefer == results.Most {
				values[i] = -values[i]
			}
		}
	}
	ranks := statistics.Ranks(values)
	best := slices.Min(ranks)
	winners := 0.
	for _, rank := range ranks {
		if rank == best {
			winners++
		}
	}
	for i, m := range r.Methods {
		m.Ranks, m.Means = append(m.Ranks, ranks[i]), append(m.Means, samples[i].Mean)
		m.Runs, m.Measured = m.Runs+samples[i].Runs, m.Measured+samples[i].N
		if ranks[i] == best {
			m.Wins += 1 / winners
		}
	}
	return ranks
}

// test orders the methods and finds which differ.
func (r *Ranking) test(blocks [][]float64) {
	for _, m := range r.Methods {
		m.MeanRank = statistics.Mean(m.Ranks)
	}
	test, ok := statistics.Friedman(blocks)
	slices.SortStableFunc(r.Methods, func(a, b *Ranked) int { return cmp.Compare(a.MeanRank, b.MeanRank) })
	if !ok {
		return
	}
	r.Friedman, r.ChiSquare, r.P = &test, &test.ChiSquare, &test.P
	if !math.IsInf(test.F, 0) {
		r.F = &test.F
	}
	r.Critical = new(statistics.CriticalDifference(len(r.Methods), len(blocks), Alpha))
	if last := len(r.Methods) - 1; test.P > Alpha {
		r.Groups = [][2]int{{0, last}}
		return
	}
	reached := 0
	for i := range r.Methods {
		j := i
		for j+1 < len(r.Methods) && r.Methods[j+1].MeanRank-r.Methods[i].MeanRank < *r.Critical {
			j++
		}
		if j > i && j > reached { // and not within the group before
			r.Groups = append(r.Groups, [2]int{i, j})
			reached = j
		}
	}
}
