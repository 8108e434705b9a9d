package main

import (
	"encoding/json"
	"io"
	"testing"
	"time"
)

// A row that one side cannot do is left out of its column, and nothing of it keeps the report from being written.
func TestMeasure(t *testing.T) {
	good, err := shell(t, `echo ready good; while read size method steps; do echo "$steps 0.5"; done`)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := shell(t, `echo ready bad; while read line; do echo "error cannot do it"; done`)
	if err != nil {
		t.Fatal(err)
	}
	p := plan{rounds: 3, seconds: 0.5, heat: 0.2, patience: time.Minute}
	res := p.measure(row{"S", "nce"}, []*side{
		{Column: jouleXLA, sizes: "S", child: good}, {Column: torchEBM, sizes: "SL", child: bad},
		{Column: eager, sizes: "L", child: good}, {Column: compiled, sizes: "SL"},
	}, io.Discard)

	if len(res.Entries) != 2 {
		t.Fatalf("%d entries, want two: eager does not run S, compiled has no process", len(res.Entries))
	}
	joule := res.best(jouleXLA)
	if joule == nil || len(joule.Speeds) != p.rounds || joule.Speeds.median() != 2*float64(stepsFor(joule.Heat, p.seconds)) {
		t.Errorf("Joule: %+v", joule)
	}
	if joule.CompileSeconds != 0.5 {
		t.Errorf("compiled in %g s, want 0.5", joule.CompileSeconds)
	}
	if res.best(torchEBM) != nil || res.bestPeer() != nil || res.Entries[1].Error != "cannot do it" {
		t.Errorf("TorchEBM: %+v", res.Entries[1])
	}
	if _, err := json.Marshal(report{Results: []result{res}}); err != nil {
		t.Error(err)
	}
}

// A process that ends in one row is started anew for the next.
func TestMeasureAfterAnEnd(t *testing.T) {
	s := &side{Column: jouleGo, sizes: "SL", command: []string{"sh", "-c",
		`echo ready x; while read size method steps; do test $method = dsm && exit; echo "$steps 0.5"; done`}}
	if err := s.start(time.Minute); err != nil {
		t.Fatal(err)
	}
	defer func() { s.child.stop() }()
	p := plan{rounds: 2, seconds: 0.5, heat: 0.2, patience: time.Minute}
	if e := p.measure(row{"S", "dsm"}, []*side{s}, io.Discard).Entries[0]; e.Error != "ended without an answer" {
		t.Errorf("first row: %+v", e)
	}
	if e := p.measure(row{"S", "nce"}, []*side{s}, io.Discard).Entries[0]; e.Error != "" || len(e.Speeds) != 2 {
		t.Errorf("second row: %+v", e)
	}
}
