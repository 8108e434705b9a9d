package batching

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
)

// sums is an evaluation with two values a point: the sum of its coordinates, and twice that.
func sums(points []float64) ([]float64, error) {
	values := make([]float64, 0, len(points))
	for i := 0; i < len(points); i += 2 {
		sum := points[i] + points[i+1]
		values = append(values, sum, 2*sum)
	}
	return values, nil
}

// gate is an evaluation that waits to be let through once it is armed, and says when it waits.
type gate struct {
	armed         bool // before any call of Do
	reached, open chan struct{}
	fail          error
	mutex         sync.Mutex
	sizes         []int
}

func newGate() *gate { return &gate{reached: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) evaluate(points []float64) ([]float64, error) {
	if !g.armed {
		return sums(points)
	}
	g.reached <- struct{}{}
	<-g.open
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.sizes = append(g.sizes, len(points)/2)
	if g.fail != nil {
		return nil, g.fail
	}
	return sums(points)
}

// made makes a batcher of a gate.
func (g *gate) made(t *testing.T, s Settings) *Batcher {
	t.Helper()
	b, err := New(2, 2, g.evaluate, s)
	if err != nil {
		t.Fatal(err)
	}
	g.armed = true
	return b
}

// pass lets the next batches through.
func (g *gate) pass(n int) {
	for range n {
		<-g.reached
		g.open <- struct{}{}
	}
}

// result is what a call of Do has returned.
type result struct {
	values []float64
	err    error
}

// launch calls Do in the background.
func launch(b *Batcher, ctx context.Context, points ...float64) <-chan result {
	out := make(chan result, 1)
	go func() {
		values, err := b.Do(ctx, points)
		out <- result{values, err}
	}()
	return out
}

// start is launch where points have to wait, and returns once these do.
func start(b *Batcher, ctx context.Context, points ...float64) <-chan result {
	before := b.Waiting()
	out := launch(b, ctx, points...)
	for b.Waiting() == before {
		runtime.Gosched()
	}
	return out
}

// Many callers at once get what they would get alone, whichever batches their points come to be in.
func TestDoOfMany(t *testing.T) {
	var mutex sync.Mutex
	points, requests := 0, 0
	s := Settings{Sizes: []int{1, 3, 8}, Queue: 1 << 20, Observe: func(batch Batch) {
		mutex.Lock()
		defer mutex.Unlock()
		if batch.Points > batch.Size || !slices.Contains([]int{1, 3, 8}, batch.Size) || batch.Err != nil {
			t.Errorf("a batch %+v", batch)
		}
		points, requests = points+batch.Points, requests+batch.Requests
	}}
	b, err := New(2, 2, sums, s)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var group sync.WaitGroup
	total := 0
	for caller := range 20 {
		sizes := []int{1, 2, 7, 8, 9, 30}
		for _, n := range sizes {
			total += n
		}
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(caller), 0))
			for _, n := range sizes {
				own := make([]float64, 2*n)
				for i := range own {
					own[i] = r.NormFloat64()
				}
				want, _ := sums(own)
				if got, err := b.Do(t.Context(), own); err != nil || !slices.Equal(got, want) {
					t.Errorf("%d points: %v, %v", n, got, err)
				}
			}
		})
	}
	group.Wait()
	mutex.Lock()
	defer mutex.Unlock()
	if points != total || requests < 6*20 {
		t.Errorf("%d points of %d in batches, %d requests", points, total, requests)
	}
}

// What waits while the device is busy is the next batch, padded to the size above it.
func TestGathers(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1, 4, 8}, Queue: 100})
	defer b.Close()
	first := launch(b, t.Context(), 1, 1)
	<-g.reached
	second := start(b, t.Context(), 2, 2, 3, 3)
	third := start(b, t.Context(), 4, 4)
	g.open <- struct{}{}
	g.pass(1)
	for i, out := range []<-chan result{first, second, third} {
		want := [][]float64{{2, 4}, {4, 8, 6, 12}, {8, 16}}[i]
		if r := <-out; r.err != nil || !slices.Equal(r.values, want) {
			t.Errorf("caller %d: %v, want %v", i, r, want)
		}
	}
	if !slices.Equal(g.sizes, []int{1, 4}) {
		t.Errorf("batches of %v points", g.sizes)
	}
}

// Apart, no caller shares a batch, nor waits for others.
func TestApart(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1, 4}, Queue: 100, Delay: 1 << 60, Apart: true})
	defer b.Close()
	first := launch(b, t.Context(), 1, 1)
	<-g.reached
	second := start(b, t.Context(), 2, 2, 3, 3, 4, 4, 5, 5, 6, 6)
	third := start(b, t.Context(), 7, 7)
	g.open <- struct{}{}
	g.pass(3)
	for i, out := range []<-chan result{first, second, third} {
		if r := <-out; r.err != nil || r.values[0] != []float64{2, 4, 14}[i] {
			t.Errorf("caller %d: %v", i, r)
		}
	}
	if !slices.Equal(g.sizes, []int{1, 4, 1, 1}) {
		t.Errorf("batches of %v points", g.sizes)
	}
}

// A caller who gives up gets its context's error, and its points are not evaluated.
func TestCancellation(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1, 4}, Queue: 100})
	defer b.Close()
	first := launch(b, t.Context(), 1, 1)
	<-g.reached
	ctx, cancel := context.WithCancel(t.Context())
	gone := start(b, ctx, 2, 2, 3, 3, 4, 4)
	stays := start(b, t.Context(), 5, 5)
	cancel()
	if r := <-gone; !errors.Is(r.err, context.Canceled) {
		t.Errorf("%v", r)
	}
	if n := b.Waiting(); n != 1 {
		t.Errorf("%d points wait", n)
	}
	g.open <- struct{}{}
	g.pass(1)
	if r := <-first; r.err != nil {
		t.Error(r.err)
	}
	if r := <-stays; r.err != nil || !slices.Equal(r.values, []float64{10, 20}) {
		t.Errorf("%v", r)
	}
	if !slices.Equal(g.sizes, []int{1, 1}) {
		t.Errorf("batches of %v points", g.sizes)
	}
	if _, err := b.Do(ctx, []float64{1, 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done: %v", err)
	}
}

// One that gives up when some of its points are evaluated does not hold up others.
func TestCancellationWithinBatches(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{2}, Queue: 100})
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	out := launch(b, ctx, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
	<-g.reached
	cancel()
	if r := <-out; !errors.Is(r.err, context.Canceled) {
		t.Errorf("%v", r)
	}
	if n := b.Waiting(); n != 0 {
		t.Errorf("%d points wait", n)
	}
	next := start(b, t.Context(), 6, 6)
	g.open <- struct{}{}
	g.pass(1)
	if r := <-next; r.err != nil || !slices.Equal(r.values, []float64{12, 24}) {
		t.Errorf("%v", r)
	}
}

// A batch that is not full waits for others as long as the delay, and a full one does not.
func TestDelay(t *testing.T) {
	g := newGate()
	b := g.made(t, Settings{Sizes: []int{1, 2}, Delay: 1 << 60, Queue: 100})
	defer b.Close()
	first := start(b, t.Context(), 1, 1)
	select {
	case <-g.reached:
		t.Fatal("it did not wait for a second point")
	default:
	}
	second := launch(b, t.Context(), 2, 2)
	g.pass(1)
	for _, out := range []<-chan result{first, second} {
		if r := <-out; r.err != nil {
			t.Error(r.err)
		}
	}
	if !slices.Equal(g.sizes, []int{2}) {
		t.Errorf("batches of %v points", g.sizes)
	}
	short, err := New(2, 2, sums, Settings{Sizes: []int{8}, Delay: 1, Queue: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer short.Close()
	if got, err := short.Do(t.Context(), []float64{1, 2}); err != nil || !slices.Equal(got, []float64{3, 6}) {
		t.Errorf("after the delay: %v, %v", got, err)
	}
}

// Energies and scores of a quadratic model, ½‖x − m‖² in the precision of the device, by several goroutines at once.
func TestModel(t *testing.T) {
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		model, err := models.Compile(backend, &models.Quadratic{Mean: []float64{1, -2}, Precision: [][]float64{{1, 0}, {0, 1}}}, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		s := Settings{Sizes: Sizes(16), Queue: 1 << 20}
		energies, err := New(2, 1, model.Energies, s)
		if err != nil {
			t.Fatal(err)
		}
		defer energies.Close()
		scores, err := New(2, 2, model.Scores, s)
		if err != nil {
			t.Fatal(err)
		}
		defer scores.Close()
		var group sync.WaitGroup
		for caller := range 8 {
			group.Go(func() {
				for n := 1; n < 40; n += 5 {
					points := make([]float64, 2*n)
					for i := range points {
						points[i] = float64(caller) + float64(i)/16
					}
					e, err := energies.Do(t.Context(), points)
					s, err2 := scores.Do(t.Context(), points)
					if err := errors.Join(err, err2); err != nil {
						t.Error(err)
						return
					}
					for i := range n {
						dx, dy := points[2*i]-1, points[2*i+1]+2
						want := (dx*dx + dy*dy) / 2
						if near(e[i], want) && near(s[2*i], -dx) && near(s[2*i+1], -dy) {
							continue
						}
						t.Errorf("energy %v and score %v, want %v and %v", e[i], s[2*i:2*i+2], want, []float64{-dx, -dy})
					}
				}
			})
		}
		group.Wait()
	})
}

// near compares by the precision of the device.
func near(a, b float64) bool { return a-b <= 1e-5*(1+max(b, -b)) && b-a <= 1e-5*(1+max(b, -b)) }
