package trainers

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"

	"joule/internal/dealt"
)

// vitals tell whether the negatives of a method are where they should be: how far they are apart in energy from the data,
// how far away they are, and how close together.
type vitals struct {
	// The box around the data and the noise that chains start from, and the spread of the data over all coordinates.
	centre, half [][]float64 // [replicas][dim]
	spread       [][]float64 // [replicas][1]
	dataVary     bool
}

// startWidth is how many standard deviations of the noise that chains start from are within its range.
const startWidth = 4

// newVitals are those of negatives that start at the data or at noise of a standard deviation around the origin.
func newVitals(p Problem, noise float64) vitals {
	v := vitals{dataVary: true}
	for _, set := range p.Data {
		low, high := set.Train.Range()
		centre, half := make([]float64, len(low)), make([]float64, len(low))
		for k := range low {
			l, h := min(low[k], -startWidth*noise), max(high[k], startWidth*noise)
			centre[k], half[k] = (l+h)/2, max((h-l)/2, math.SmallestNonzeroFloat32)
		}
		_, std := set.Train.Moments()
		variance := 0.0
		for _, s := range std {
			variance += s * s / float64(len(std))
		}
		if variance == 0 {
			variance, v.dataVary = 1, false
		}
		v.centre, v.half, v.spread = append(v.centre, centre), append(v.half, half), append(v.spread, []float64{math.Sqrt(variance)})
	}
	return v
}

// enoughChains is from how many on chains are not close together by chance.
const enoughChains = 16

// metrics are energy_gap, chain_range and chain_spread; the last two are in units of the data's.
func (v vitals) metrics(p Problem) []Metric {
	health := p.Health
	distance := Metric{Name: "chain_range", Cause: rangeCause}
	if health.MaxChainRange > 0 {
		distance.Max = &health.MaxChainRange
	}
	spread := Metric{Name: "chain_spread", Cause: tightCause}
	if health.MinChainSpread > 0 && p.batch() >= enoughChains && v.dataVary {
		spread.Min = &health.MinChainSpread
	}
	return []Metric{energyGap(health, gapCause), distance, spread}
}

// energyGap is the metric of that name, with its bounds.
func energyGap(health Health, cause string) Metric {
	gap := Metric{Name: "energy_gap", Cause: cause}
	if health.MaxEnergyGap > 0 {
		least := -health.MaxEnergyGap
		gap.Min, gap.Max = &least, &health.MaxEnergyGap
	}
	return gap
}

// of are chain_range and chain_spread of negatives [batch, dim], of all devices that have a part of them.
func (v vitals) of(x *graph.Node, part *dealt.Part) []*graph.Node {
	distance := graph.Abs(graph.Div(graph.Sub(x, rowOf(x, v.centre)), rowOf(x, v.half)))
	mean := part.Mean(graph.ReduceAndKeep(x, graph.ReduceMean, -2))
	variance := part.Mean(batchMean(graph.ReduceMean(graph.Square(graph.Sub(x, mean)), -1)))
	spread := graph.InsertAxes(graph.Sqrt(variance), -1)
	spread = graph.Div(spread, constantOf(spread, v.spread, func(s float64) float64 { return s }))
	return []*graph.Node{
		part.Max(graph.ReduceMax(graph.ReduceMax(distance, -1), -1)),
		graph.Squeeze(spread, -1),
	}
}
