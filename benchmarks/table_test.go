package main

import (
	"strings"
	"testing"
)

// example is a row in which the second variant of JAX is the best peer.
func example() report {
	return report{
		Date: "2026-01-02", CPU: "a processor", Cores: 2, Versions: []string{"x 1", "y 2"}, Rounds: 3, Seconds: 0.5,
		Absent: []string{"TorchEBM, 1 thread: ended without an answer"},
		Results: []result{{Row: row{"S", "dsm"}, Entries: []*entry{
			{Column: jouleXLA, CompileSeconds: 1, Speeds: speeds{5000, 6000, 5500}},
			{Column: eager, Variant: "1 thread", CompileSeconds: 0.5, Speeds: speeds{70, 80, 90}},
			{Column: jaxScan, Variant: "1 thread", CompileSeconds: 2, Speeds: speeds{4000, 4500, 9000}},
			{Column: jaxScan, Variant: "2 threads", CompileSeconds: 3, Speeds: speeds{5000, 5000, 4000}},
			{Column: jaxJIT, Variant: "1 thread", Error: "no"},
		}}},
		Peaks:    []peak{{"S", "1024x1024", 71.0082560}, {"L", "128x64", 1}},
		Crowds:   []crowd{{row{"S", "dsm"}, 1, speeds{100, 110, 90}}, {row{"S", "dsm"}, 4, speeds{400, 390, 410}}},
		Startups: []startup{{"joule train x", 2.5, 1.25, 240.6}},
	}
}

func TestMarkdown(t *testing.T) {
	got := example().markdown()
	for _, want := range []string{
		"Measured on 2026-01-02: 3 rounds of 0.5 s for each side. Machine: a processor, 2 cores. Versions: x 1; y 2.\n",
		"Not measured: TorchEBM, 1 thread: ended without an answer\n",
		"| S dsm | 5500 (5000–6000) | – | 80.0 (70.0–90.0) | – | – | 5000 (4000–5000) | – | JAX scan | **1.20** | – |\n",
		"| S dsm | 1.00 | – | 0.50, 1 thread | – | – | 3.00, 2 threads | – |\n",
		// 5500 steps a second of 6455296 operations are 35.5 GFLOP/s, half of 71.
		"| S dsm | 6.5 | 35.5 | 71.0 | 50 % | 128×64×64 | 0.00 | – |\n",
		// Four replicas make 400 steps a second together where one makes 100: each costs a quarter of a run.
		"| S dsm | 4 | 400 | 0.25 |\n",
		"| `joule train x` | 2.50 | 1.25 | 241 |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line\n%sin\n%s", want, got)
		}
	}
}

// Every table has as many cells in each line as in its heading.
func TestTablesAreRectangular(t *testing.T) {
	cells := 0
	for line := range strings.Lines(example().markdown()) {
		n := strings.Count(line, "|")
		if cells > 0 && n > 0 && n != cells {
			t.Errorf("%d bars instead of %d: %s", n, cells, line)
		}
		cells = n
	}
}
