package datasets

// Multimodal is a density that is known to be a mixture of Gaussians: its components are its modes.
type Multimodal interface {
	// Modes is that mixture.
	Modes() *Mixture
}

// ModesOf are the modes of a density; nil where none are known.
func ModesOf(p Density) *Mixture {
	if m, ok := p.(Multimodal); ok {
		return m.Modes()
	}
	return nil
}

// Modes implements [Multimodal].
func (m *Mixture) Modes() *Mixture { return m }

// HeldOut are points of a set that nothing is trained on, and the name of the part that they are: the test part, or where there is none
// the validation part; none where nothing was held out.
func (s *Set) HeldOut() (points Points, part string) {
	switch {
	case s.Test.N > 0:
		return s.Test, "test"
	case s.Validation.N > 0:
		return s.Validation, "validation"
	}
	return Points{}, ""
}
