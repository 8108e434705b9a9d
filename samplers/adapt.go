package samplers

// Adapter is implemented by samplers that can adapt their step size to a target acceptance.
type Adapter interface {
	// Adapts says whether the settings ask for it.
	Adapts() bool
}

// Adapts says whether a sampler adapts its step size where it is given a Scale and a gain.
func Adapts(s Sampler) bool {
	a, ok := s.(Adapter)
	return ok && a.Adapts()
}

// Accepter is implemented by samplers that may refuse what they propose, and count it in State.Accepted.
type Accepter interface {
	// Accepts says whether it does.
	Accepts() bool
}

// Accepts says whether a sampler may refuse what it proposes.
func Accepts(s Sampler) bool {
	a, ok := s.(Accepter)
	return ok && a.Accepts()
}

// Crowd is implemented by samplers whose chains move by each other.
type Crowd interface {
	// CheckChains says what is wrong with so many chains, in each of so many replicas, that so many devices share; nil: nothing is.
	CheckChains(chains, replicas, devices int) error
}

// CheckChains says what is wrong with so many chains of a sampler, in each of so many replicas that it moves at once, that so many
// devices share; nil: nothing is.
func CheckChains(s Sampler, chains, replicas, devices int) error {
	if c, ok := s.(Crowd); ok {
		return c.CheckChains(chains, replicas, devices)
	}
	return nil
}

// Spreader is implemented by samplers that begin by spreading chains from where they are.
type Spreader interface {
	// Spreads says whether it does.
	Spreads() bool
}

// Spreads says whether a sampler begins by spreading chains, so that it matters little where they start.
func Spreads(s Sampler) bool {
	p, ok := s.(Spreader)
	return ok && p.Spreads()
}
