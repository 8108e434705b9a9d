package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"joule/backends"
	"joule/configs"
	"joule/trainers"
)

// usage is what a process holds.
type usage struct {
	goroutines, files int
	heap, resident    int // bytes
}

// What may come to a process over all the calls after the first tenth: a tensor that every call leaves would be more.
const (
	heapBound     = 1 << 20
	residentBound = 8 << 20
)

// measure collects what is free, and measures the rest.
func measure() (u usage, err error) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.goroutines, u.heap = runtime.NumGoroutine(), int(m.HeapAlloc)
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return u, errors.New("this system does not tell how much memory a process holds")
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		return u, err
	}
	u.resident = pages * os.Getpagesize()
	open, err := os.ReadDir("/proc/self/fd")
	u.files = len(open)
	return u, err
}

// leaks makes many calls of the training program in this process, and takes the state out and puts it back now and then.
func leaks(l *lab) []row {
	var rows []row
	for _, kind := range []string{"dsm", "mle"} {
		rows = append(rows, l.forBackends(func(backend string) row {
			t := counting("calls", "states taken out", "states put back")
			if err := l.call(t, backend, kind, max(1000, 10_000/l.thin)); err != nil {
				t.violate("%v", err)
			}
			return t.row("calls of the training program in one process: "+kind, backend)
		})...)
	}
	return rows
}

func (l *lab) call(t *tally, spec, kind string, calls int) error {
	sets := []string{"data.size=500", "model.hidden=[8]", "train.batch_size=8", fmt.Sprintf("train.steps=%d", calls), "train.ema=0.9"}
	if kind == "mle" {
		sets = append(sets, shortMLE...)
	}
	config, err := configs.Load("two-gaussians/"+kind, sets)
	if err != nil {
		return err
	}
	set, err := config.LoadData()
	if err != nil {
		return err
	}
	backend, err := backends.Open(spec, backends.Options{})
	if err != nil {
		return err
	}
	defer backend.Close()
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: config.Train, Data: set, Seed: config.Seed,
	})
	if err != nil {
		return err
	}
	defer trainer.Close()
	var first usage
	for i := range calls {
		t.begin()
		if i == calls/10 { // by then pools and caches are full
			if first, err = measure(); err != nil {
				return err
			}
		}
		if _, err := trainer.Block(1); err != nil {
			return err
		}
		if i%20 != 0 {
			continue
		}
		states, err := trainer.Snapshots([]int{0})
		if err != nil {
			return err
		}
		t.add("states taken out", 1)
		if i%100 == 0 {
			if err := trainer.Restore(0, states[0]); err != nil {
				return err
			}
			t.add("states put back", 1)
		}
	}
	t.add("calls", calls)
	last, err := measure()
	if err != nil {
		return err
	}
	t.note("goroutines %d → %d, open files %d → %d, heap %+.0f KiB, resident %+.0f KiB", first.goroutines, last.goroutines, first.files, last.files,
		float64(last.heap-first.heap)/1024, float64(last.resident-first.resident)/1024)
	if last.goroutines > first.goroutines || last.files > first.files || last.heap-first.heap > heapBound || last.resident-first.resident > residentBound {
		t.violate("from call %d to %d: %+v became %+v", calls/10, calls, first, last)
	}
	return nil
}
