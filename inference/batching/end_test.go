package batching

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Overload is told at once; a large request is heard where nothing waits.
func TestOverload(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1}, Queue: 3})
	first := launch(b, t.Context(), 1, 1)
	<-g.reached
	large := start(b, t.Context(), 1, 1, 2, 2, 3, 3, 4, 4)
	if _, err := b.Do(t.Context(), []float64{1, 1}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("one point too many: %v", err)
	}
	g.open <- struct{}{}
	g.pass(4)
	for _, out := range []<-chan result{first, large} {
		if r := <-out; r.err != nil {
			t.Error(r.err)
		}
	}
	b.Close()
}

// An error, or a panic, is that of all who are concerned, and of nobody else.
func TestErrors(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1, 2}, Queue: 100})
	defer b.Close()
	first := launch(b, t.Context(), 1, 1)
	<-g.reached
	// The next batch has all of the second caller, and half of the third, whose other half is then never evaluated.
	second, third := start(b, t.Context(), 2, 2), start(b, t.Context(), 3, 3, 4, 4)
	g.open <- struct{}{}
	if r := <-first; r.err != nil {
		t.Error(r.err)
	}
	<-g.reached
	g.fail = errors.New("the device is lost")
	g.open <- struct{}{}
	for _, out := range []<-chan result{second, third} {
		if r := <-out; !errors.Is(r.err, g.fail) || r.values != nil {
			t.Errorf("%v", r)
		}
	}
	g.fail = nil
	last := launch(b, t.Context(), 5, 5)
	g.pass(1)
	if r := <-last; r.err != nil || !slices.Equal(r.values, []float64{10, 20}) {
		t.Errorf("after an error: %v", r)
	}

	calls := 0
	b, err := New(1, 1, func(points []float64) ([]float64, error) {
		if calls++; calls == 2 {
			panic("no such shape")
		}
		return points, nil
	}, Settings{Sizes: []int{1}, Queue: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Do(t.Context(), []float64{1}); err == nil || !strings.Contains(err.Error(), "no such shape") {
		t.Errorf("a panic: %v", err)
	}
	if got, err := b.Do(t.Context(), []float64{3}); err != nil || got[0] != 3 {
		t.Errorf("after a panic: %v, %v", got, err)
	}
}

// Close evaluates what waits, and takes nothing more.
func TestCloseDrains(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1}, Delay: 1 << 60, Queue: 100})
	outs := []<-chan result{launch(b, t.Context(), 1, 1)}
	<-g.reached
	outs = append(outs, start(b, t.Context(), 2, 2), start(b, t.Context(), 3, 3))
	closed := make(chan struct{})
	go func() { b.Close(); close(closed) }()
	for {
		if _, err := b.Do(t.Context(), nil); err != nil {
			t.Fatal(err) // no points are none of the queue
		}
		b.mutex.Lock()
		isClosed := b.closed
		b.mutex.Unlock()
		if isClosed {
			break
		}
	}
	if _, err := b.Do(t.Context(), []float64{1, 1}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	g.open <- struct{}{}
	g.pass(2)
	<-closed
	for i, out := range outs {
		if r := <-out; r.err != nil || r.values[0] != float64(2*(i+1)) {
			t.Errorf("caller %d: %v", i, r)
		}
	}
	b.Close() // a second time is nothing
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		s    Settings
		want string
	}{
		{Settings{Queue: 1}, "no size of batches; want one or more"},
		{Settings{Sizes: []int{0, 1}, Queue: 1}, "batches of [0 1] points; want sizes from 1 on, rising"},
		{Settings{Sizes: []int{2, 2}, Queue: 1}, "batches of [2 2] points; want sizes from 1 on, rising"},
		{Settings{Sizes: []int{2}}, "a queue of 0 points; want 1 or more"},
		{Settings{Sizes: []int{2}, Queue: 1, Delay: -1}, "a delay of -1ns; want 0 or more"},
	} {
		if _, err := New(1, 1, sums, c.s); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.s, err, c.want)
		}
	}
	if _, err := New(2, 3, sums, NewSettings()); err == nil || err.Error() != "a batch of 1 points: 2 values of 1 points; want 3 for each" {
		t.Errorf("%v", err)
	}
	b, err := New(2, 2, sums, NewSettings())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Do(t.Context(), make([]float64, 3)); err == nil || err.Error() != "3 numbers are no points of 2 coordinates" {
		t.Errorf("%v", err)
	}
	if got := Sizes(100); !slices.Equal(got, []int{1, 4, 16, 64, 100}) || !slices.Equal(Sizes(1), []int{1}) {
		t.Errorf("sizes %v", got)
	}
}
