package tensorboard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"joule/internal/atomicfile"
	"joule/internal/faults"
)

// Live is an event file that grows while a run is trained. Its methods return at once: the file is written by a goroutine of its own.
// What cannot be written is kept in memory, and tried again whenever there is something new, and at the end. What is written outlives
// a crash of the process.
type Live struct {
	path string
	file *os.File
	size int64 // of what is written as a whole
	warn func(error)
	done chan struct{}

	mutex   sync.Mutex // guards what follows
	changed sync.Cond
	pending []byte
	states  func() []Event // what is told of the newest state, and not computed yet; nil: nothing
	closed  bool
	failed  error // why pending was not written when it was tried last
}

// Open makes a new event file in a folder, which is made where it is not there. It goes on after those that are there: what they
// tell of the step restart and of later ones is void. warn is called with what could not be written and will
// be tried again; it may be called by any goroutine.
func Open(folder, version string, restart int64, warn func(error)) (*Live, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, atomicfile.Error("make", folder, err)
	}
	names, err := namesOf(folder)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	second := now.Unix()
	if len(names) > 0 { // the new file is read after all others
		second = max(second, secondOf(names[len(names)-1])+1)
	}
	l := &Live{path: filepath.Join(folder, fmt.Sprintf(namedBy, second)+liveEnd), warn: warn, done: make(chan struct{})}
	l.changed.L = &l.mutex
	if err := faults.Check(faults.Create, l.path); err != nil {
		return nil, atomicfile.Error("make", l.path, err)
	}
	if l.file, err = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
		return nil, atomicfile.Error("make", l.path, err)
	}
	if len(names) == 0 {
		restart = 0 // TensorBoard takes the first one for a start, and heeds those after it
	}
	l.pending = append(header(now, version), encodeAll([]Event{{Time: now, Step: restart, Restart: true}})...)
	go l.work()
	return l, nil
}

// secondOf is the time in the name of an event file; 0: it has none.
func secondOf(name string) int64 {
	digits, _, _ := strings.Cut(strings.TrimPrefix(name, fmt.Sprintf("events.out.%s.", marker)), ".")
	second, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || len(digits) != 10 {
		return 0
	}
	return second
}

// Path is where the file is.
func (l *Live) Path() string { return l.path }

// Add adds events.
func (l *Live) Add(events ...Event) {
	l.add(func() { l.pending = append(l.pending, encodeAll(events)...) })
}

// AddState adds what is told of a state, which is computed beside the training. Where that of the one before was not begun yet, because
// the disk is slower than the training, this takes its place.
func (l *Live) AddState(compute func() []Event) { l.add(func() { l.states = compute }) }

func (l *Live) add(do func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	do()
	l.changed.Broadcast()
}

// How often, and how long after the time before, it is tried again to write what is pending when the file is closed.
const (
	lastTries = 3
	lastPause = 100 * time.Millisecond
)

// Close tries to write all that is pending, a few times if need be, and returns why it is not all on the disk.
func (l *Live) Close() error {
	l.add(func() { l.closed = true })
	<-l.done
	return errors.Join(l.failed, l.file.Close())
}

// work is the writing goroutine.
func (l *Live) work() {
	defer close(l.done)
	tried := 0 // how much of pending could not be written
	for tries := 0; ; {
		l.mutex.Lock()
		for len(l.pending) == tried && l.states == nil && !l.closed {
			l.changed.Wait()
		}
		last := l.closed
		states := l.states
		l.states = nil
		l.mutex.Unlock()
		if states != nil {
			l.Add(states()...)
		}

		l.mutex.Lock()
		todo := l.pending
		l.mutex.Unlock()
		err := l.write(todo)
		l.mutex.Lock()
		wasFailed := l.failed != nil
		l.failed, tried = err, len(todo)
		if err == nil {
			l.pending, tried = l.pending[len(todo):], 0
		}
		isEmpty := len(l.pending) == 0 && l.states == nil
		l.mutex.Unlock()

		if tries++; last && (isEmpty || tries >= lastTries) {
			return
		}
		if err != nil && !wasFailed {
			l.warn(fmt.Errorf("%w; training goes on, keeps it in memory and tries again", err))
		}
		if last {
			time.Sleep(lastPause)
		} else {
			tries = 0
		}
	}
}

// write adds whole records to the file. After an error it is as before, or what is beyond its size is written anew the next time.
func (l *Live) write(records []byte) error {
	if len(records) == 0 {
		return nil
	}
	if _, err := l.file.Seek(l.size, 0); err != nil {
		return atomicfile.Error("write", l.path, err)
	}
	if _, err := faults.Writer(l.file, l.path).Write(records); err != nil {
		return atomicfile.Error("write", l.path, errors.Join(err, l.file.Truncate(l.size)))
	}
	l.size += int64(len(records))
	return nil
}
