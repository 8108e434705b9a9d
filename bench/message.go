package bench

import "joule/results"

// Message is what a worker says: one of its parts is set.
type Message struct {
	// Ready says that the worker can take tasks; Unusable, that it never will, and with which exit code the program ends.
	Ready    bool   `json:"ready,omitempty"`
	Unusable string `json:"unusable,omitempty"`
	Code     int    `json:"code,omitempty"`
	// Beat says how far the task at hand is. It has to come now and then.
	Beat *Beat `json:"beat,omitempty"`
	// Done are the rows of the task at hand, which has ended.
	Done []*results.Row `json:"done,omitempty"`
	// Stopped says that the task was stopped by a signal, and saved.
	Stopped bool `json:"stopped,omitempty"`
	// Resident is the memory that the worker holds, in bytes, with Done.
	Resident int64 `json:"resident,omitempty"`
}

// The exit codes of a worker that a signal has stopped.
const (
	StoppedCode = 130
	RequeueCode = 75
)

// Beat is how far a task is.
type Beat struct {
	Phase string `json:"phase"` // compiling, training or measuring
	Step  int    `json:"step,omitempty"`
	Steps int    `json:"steps,omitempty"`
}
