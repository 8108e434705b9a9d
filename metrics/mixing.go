package metrics

import (
	"encoding/json"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mixing says how far Markov chains have agreed on one number, such as a coordinate of their points (Vehtari et al. 2021).
type Mixing struct {
	// Mean and Std are the mean and the standard deviation over all chains.
	Mean Figure `json:"mean"`
	Std  Figure `json:"std"`
	// RHat is the rank-normalised split R̂, the larger of those of the values and of their distances from the median: about 1
	// where the halves of all chains look alike, infinite where none moves and they differ.
	RHat Figure `json:"r_hat"`
	// BulkESS is how many independent draws would give the mean of the ranks as well.
	BulkESS Figure `json:"ess_bulk"`
	// TailESS is the same for the 5 % and the 95 % quantile; the smaller one.
	TailESS Figure `json:"ess_tail"`
}

// Figure is a number that may be missing, NaN, or infinite. In JSON either is null.
type Figure float64

// MarshalJSON implements json.Marshaler.
func (f Figure) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// LeastDraws is how many draws of a chain can be compared: five in each half. With fewer no correlation comes into the effective
// numbers, which would be the same for any draws, and R̂ is well above 1 even of independent ones.
const LeastDraws = 10

// MixingOf measures how draws mix, [draws][chains]. What cannot be told is NaN: all but mean and standard deviation with fewer
// than LeastDraws draws a chain or where all are the same, and everything where one is not finite.
func MixingOf(x []float64, chains int) Mixing {
	nan := Figure(math.NaN())
	m := Mixing{nan, nan, nan, nan, nan}
	if slices.ContainsFunc(x, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) || len(x) == 0 {
		return m
	}
	mean, std := stat.MeanStdDev(x, nil)
	m.Mean, m.Std = Figure(mean), Figure(std)
	if draws := len(x) / chains; draws < LeastDraws || slices.Min(x) == slices.Max(x) {
		return m
	}
	halves := splitChains(x, chains)
	ranked := rankNormalized(halves)
	sorted := slices.Sorted(slices.Values(slices.Concat(halves...)))
	median := quantile(sorted, 0.5)
	folded := transformed(halves, func(v float64) float64 { return math.Abs(v - median) })
	m.RHat = Figure(potentialScale(ranked))
	// Draws of two values, each as often as the other, are all as far from the median: then there is nothing to compare.
	if r := Figure(potentialScale(rankNormalized(folded))); r > m.RHat {
		m.RHat = r
	}
	m.BulkESS = Figure(effectiveSize(ranked))
	m.TailESS = Figure(math.Inf(1))
	all := slices.Sorted(slices.Values(x))
	for _, p := range []float64{0.05, 0.95} {
		limit := quantile(all, p)
		isBelow := transformed(halves, func(v float64) float64 {
			if v <= limit {
				return 1
			}
			return 0
		})
		m.TailESS = min(m.TailESS, Figure(effectiveSize(isBelow)))
	}
	return m
}

// splitChains makes two chains of each, [2·chains][draws/2]: the first and the second half of its draws, without the middle
// one of an odd number.
func splitChains(x []float64, chains int) [][]float64 {
	draws := len(x) / chains
	half := draws / 2
	halves := make([][]float64, 0, 2*chains)
	for _, first := range []int{0, draws - half} {
		for chain := range chains {
			part := make([]float64, half)
			for i := range part {
				part[i] = x[(first+i)*chains+chain]
			}
			halves = append(halves, part)
		}
	}
	return halves
}

// transformed applies a function to every draw.
func transformed(chains [][]float64, f func(float64) float64) [][]float64 {
	out := make([][]float64, len(chains))
	for i, chain := range chains {
		out[i] = make([]float64, len(chain))
		for k, v := range chain {
			out[i][k] = f(v)
		}
	}
	return out
}

// quantile interpolates linearly between sorted numbers, the first of which is that of 0 and the last that of 1.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	below := int(at)
	if below+1 == len(sorted) {
		return sorted[below]
	}
	part := at - float64(below)
	return sorted[below]*(1-part) + sorted[below+1]*part
}

// rankNormalized replaces draws by normal scores of their ranks among all, Φ⁻¹((rank − ⅜)/(n + ¼)); equal ones share the mean of
// their ranks.
func rankNormalized(chains [][]float64) [][]float64 {
	sorted := slices.Sorted(slices.Values(slices.Concat(chains...)))
	n := float64(len(sorted))
	return transformed(chains, func(v float64) float64 {
		first, _ := slices.BinarySearch(sorted, v)
		after, _ := slices.BinarySearch(sorted, math.Nextafter(v, math.Inf(1)))
		rank := float64(first+1+after) / 2
		return distuv.UnitNormal.Quantile((rank - 0.375) / (n + 0.25))
	})
}

// potentialScale is R̂ of chains as they are (Gelman & Rubin 1992): the root of the variance of all draws over the mean variance
// within a chain.
func potentialScale(chains [][]float64) float64 {
	n := float64(len(chains[0]))
	means, within := make([]float64, len(chains)), 0.0
	for i, chain := range chains {
		mean, variance := stat.MeanVariance(chain, nil)
		means[i] = mean
		within += variance / float64(len(chains))
	}
	between := n * stat.Variance(means, nil)
	return math.Sqrt((between/within + n - 1) / n)
}
