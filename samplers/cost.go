package samplers

// Cost is what chains cost, in gradient evaluations for each of them: see [joule/models.CostOfScore].
//
// What does not go through the network is not counted, such as distances of chains.
type Cost struct {
	// Start is that of the state of chains at given points.
	Start float64
	// Transition is that of a transition.
	Transition float64
}

// Of is the cost of a run of so many transitions, from its start.
func (c Cost) Of(transitions int) float64 { return c.Start + float64(transitions)*c.Transition }

// CostOfRun is what a run of a sampler's Length costs, in gradient evaluations for each chain.
func CostOfRun(s Sampler) float64 { return s.Cost().Of(s.Length()) }
