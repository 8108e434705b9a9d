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
