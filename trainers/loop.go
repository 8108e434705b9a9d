package trainers

// Loop is the settings of the training loop.
type Loop struct {
	// Steps is the length of the run. It is counted in 32 bits.
	Steps int `yaml:"steps" check:"> 0, <= 2000000000"`
	// BatchSize is the number of data points of a step, drawn with replacement.
	BatchSize int `yaml:"batch_size" check:"> 0, <= 1000000"`
	// LogEvery is the number of steps of a block: they run in one call, and their averages are logged.
	LogEvery int `yaml:"log_every" check:"> 0, <= 2000000000"`
	// CheckpointEvery is the number of steps between saves of the parameters; 0 saves at the end only.
	CheckpointEvery int `yaml:"checkpoint_every" check:">= 0, <= 2000000000"`
	// EMA is the decay of the running average of the parameters, which is what is then saved and evaluated; 0 keeps
	// none and saves the last parameters.
	EMA float64 `yaml:"ema" check:">= 0, < 1"`
}

// NewLoop returns the default settings.
func NewLoop() Loop {
	return Loop{Steps: 10000, BatchSize: 128, LogEvery: 100, CheckpointEvery: 1000}
}
