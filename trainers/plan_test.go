package trainers

import (
	"testing"

	"joule/models"
)

// A small network takes one thread, a large one or a large batch all of them.
func TestPlanThreads(t *testing.T) {
	small, large := &models.MLP{Hidden: []int{64, 64}, Activation: "silu"}, &models.MLP{Hidden: []int{256, 256, 256}, Activation: "silu"}
	for _, test := range []struct {
		model models.Energy
		batch int
		want  int
	}{{small, 128, 1}, {large, 128, 0}, {small, 8192, 0}, {large, 8, 1}, {small, 1 << 62, 0}} {
		loop := NewLoop()
		loop.BatchSize = test.batch
		if got := PlanFor(test.model, NewDSM(), 2, loop, 2).Threads; got != test.want {
			t.Errorf("%v with a batch of %d: %d threads, want %d", test.model, test.batch, got, test.want)
		}
	}
	if got := PlanFor(&models.Quadratic{Mean: []float64{1}}, NewDSM(), 2, NewLoop(), 2).Threads; got != 0 {
		t.Errorf("a model that does not fit the data: %d threads", got)
	}
}
