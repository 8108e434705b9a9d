package goloop

// Disable gives loops and products back to the Go backend.
func Disable() (enable func()) {
	restore()
	return replace
}

// Runs is how many loops have run as plans.
func Runs() int64 { return runs.Load() }

// Supported says what differs in the Go backend; "" is nothing.
func Supported() string { return supported() }
