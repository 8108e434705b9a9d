package trainers

import (
	"testing"

	"joule/models"
	"joule/samplers"
)

// A small network takes one thread, a large one or a large batch all of them.
func TestPlan(t *testing.T) {
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
	// Large products of chains are shared by devices, as many as divide the batch and the buffer evenly.
	for _, test := range []struct {
		method         Method
		batch, devices int // that the settings ask for
		want           int
	}{
		{NewMLE(), 128, 0, 4}, {NewMLE(), 126, 0, 2}, {NewMLE(), 125, 0, 1}, {NewMLE(), 128, 2, 2}, {NewMLE(), 128, 1, 1},
		{&PCD{BufferSize: 1026}, 128, 0, 2}, {&MLE{Init: "noise", PCD: PCD{BufferSize: 1026}}, 128, 0, 4},
		{NewDSM(), 128, 0, 1}, {NewDSM(), 128, 2, 2},
		{&ShortRun{Contrast: Contrast{Sampler: samplers.NewSVGD()}}, 128, 0, 1}, // whose chains move by each other
	} {
		loop := NewLoop()
		loop.BatchSize, loop.Devices = test.batch, test.devices
		if got := PlanFor(large, test.method, 2, loop, 4).Devices; got != test.want {
			t.Errorf("%+v with a batch of %d and devices: %d plans %d devices, want %d", test.method, test.batch, test.devices, got, test.want)
		}
	}
	all := NewLoop()
	all.Devices = AllDevices
	if got := PlanFor(small, NewDSM(), 2, all, 4).Devices; got != 4 {
		t.Errorf("all devices of four cores are planned as %d", got)
	}
	if got := PlanFor(small, NewMLE(), 2, NewLoop(), 4).Devices; got != 1 {
		t.Errorf("chains of a small network are planned for %d devices, want 1", got)
	}
	if got := PlanFor(&models.Quadratic{Mean: []float64{1}}, NewDSM(), 2, NewLoop(), 2).Threads; got != 0 {
		t.Errorf("a model that does not fit the data: %d threads", got)
	}
}
