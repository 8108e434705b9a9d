package main

import "testing"

// The products of a step, counted by hand: multiply-adds for one point, layer by layer.
func TestFlops(t *testing.T) {
	const (
		forwardS  = 2*64 + 64*64          // as far as a score needs it
		backwardS = 64*64 + 64*2          // from the last hidden layer to the point
		energiesS = (2*64 + 64*64 + 64) + // forward
			(64 + 64*64 + 2*64) + //            weights
			(64 + 64*64) //                     hidden layers
		reverseS = 2*(64*64+64*2) + // both factors of each product on the way back
			(2*64 + 64*64) + //         weights of the way forward
			64*64 //                    its hidden layers
		scoreL    = 2 * (2*256 + 2*256*256)
		energiesL = 3*(2*256+2*256*256+256) - 2*256
		first     = 256 * 25 * 16
		scoreC    = 2 * (first + 64*144*32 + 16*288*64 + 4*576*64 + 256*64)
		energiesC = scoreC/2*3 + 3*64 - first
	)
	for _, c := range []struct {
		row  row
		want float64 // multiply-adds for one data point
	}{
		{row{"S", "dsm"}, forwardS + backwardS + reverseS},
		{row{"S", "fisher"}, forwardS + backwardS + reverseS},
		{row{"S", "nce"}, 2 * energiesS},
		{row{"S", "mle60"}, 60*(forwardS+backwardS) + 2*energiesS},
		{row{"S", "mle100"}, 100*(forwardS+backwardS) + 2*energiesS},
		{row{"L", "nce"}, 2 * energiesL},
		{row{"L", "mle100"}, 100*scoreL + 2*energiesL},
		{row{"L", "dsm"}, 3*scoreL - 2*256},
		{row{"C", "mle20"}, 20*scoreC + 2*energiesC},
		{row{"C", "dsm"}, 3*scoreC - first},
	} {
		got, err := flops(c.row)
		want := 2 * float64(networks[c.row.Size].batch) * c.want
		if err != nil || got != want {
			t.Errorf("flops(%s) = %g, %v; want %g", c.row, got, err, want)
		}
	}
	for _, r := range []row{{"M", "dsm"}, {"S", "cd"}} {
		if _, err := flops(r); err == nil {
			t.Errorf("flops(%s) has no error", r)
		}
	}
}

func TestChosen(t *testing.T) {
	if got, err := chosen("C dsm,S dsm", quickRows); err != nil || len(got) != 2 || got[0] != (row{"C", "dsm"}) || got[1] != (row{"S", "dsm"}) {
		t.Errorf("chosen: %v, %v", got, err)
	}
	if got, _ := chosen("", denseRows); len(got) != 10 {
		t.Errorf("without names %d rows", len(got))
	}
	if len(quickRows) != 7 {
		t.Errorf("%d quick rows: %v", len(quickRows), quickRows)
	}
	if _, err := chosen("C nce", quickRows); err == nil {
		t.Error("C nce is no row")
	}
}
