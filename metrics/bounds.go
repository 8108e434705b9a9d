package metrics

// IsBound says whether log Z is the lower bound of annealed importance sampling, and so each negative log likelihood is one of
// its own.
func (e *Evaluation) IsBound() bool { return e.AIS != nil && e.Grid == 0 }

// IsTrusted says whether enough chains have a say in it.
func (b *Bounds) IsTrusted() bool { return b.EffectiveChains >= fewChains }
