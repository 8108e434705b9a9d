// Package faults lets tests make the file system fail: every operation by which Joule changes a file asks here first.
//
// Nothing fails unless a test says so with [Inject], or the program was built with the tag faults and is told by the
// environment (see env.go).
package faults

import (
	"io"
	"sync/atomic"
)

// Op is an operation on a file or folder.
type Op string

// The operations.
const (
	Make   Op = "make" // a folder
	Create Op = "create"
	Write  Op = "write"
	Sync   Op = "sync"
	Rename Op = "rename"
	Remove Op = "remove"
)

// Hook decides what happens to an operation: nil lets it happen, an error is what it fails with.
type Hook func(op Op, name string) error

var hook atomic.Pointer[Hook]

// Inject sets the hook, and returns what takes it away again. Operations of all goroutines ask it.
func Inject(h Hook) (restore func()) {
	old := hook.Swap(&h)
	return func() { hook.Store(old) }
}

// Check asks whether an operation is to fail.
func Check(op Op, name string) error {
	if h := hook.Load(); h != nil {
		return (*h)(op, name)
	}
	return nil
}

// Writer is w with writes that may fail. One that does leaves half of what it was given, as a full disk would.
func Writer(w io.Writer, name string) io.Writer { return writer{w, name} }

type writer struct {
	io.Writer
	name string
}

func (w writer) Write(p []byte) (int, error) {
	err := Check(Write, w.name)
	if err == nil {
		return w.Writer.Write(p)
	}
	n, writeErr := w.Writer.Write(p[:len(p)/2])
	if writeErr != nil {
		err = writeErr
	}
	return n, err
}
