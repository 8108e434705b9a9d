package trainers

// MLE is maximum likelihood with negatives from a Markov chain: the gradient of
//
//	mean E(x⁺) − mean E(x⁻) + α·(mean E(x⁺)² + mean E(x⁻)²)
//
// with x⁺ data, x⁻ from the sampler, and no gradient through x⁻. Where the chains start makes the classic variants, each of
// which is a method of its own too: noise is ShortRun, data is CD, and persistent is PCD.
type MLE struct {
	// Init is where chains start: noise, data or persistent.
	Init string `yaml:"init" check:"in noise|data|persistent"`
	PCD  `yaml:",inline"`
}

// NewMLE returns the default settings: those of NewPCD.
func NewMLE() *MLE { return &MLE{Init: "persistent", PCD: *NewPCD()} }

// Prepare implements Method.
func (m *MLE) Prepare(p Problem) (Objective, error) {
	switch m.Init {
	case "noise":
		return (&ShortRun{m.InitStd, m.Contrast}).Prepare(p)
	case "data":
		return (&CD{m.Contrast}).Prepare(p)
	}
	return m.PCD.Prepare(p)
}

// Suits implements Picky.
func (m *MLE) Suits(s Setting, report func(key, problem string)) {
	if m.Init == "persistent" {
		m.PCD.Suits(s, report)
		return
	}
	m.suits(s, m.Init == "noise", report)
}

// canShare implements sharing.
func (m *MLE) canShare(devices int) bool {
	return m.movesAlone() && (m.Init != "persistent" || m.splits(devices))
}
