package main

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// The columns of the table, in order.
const (
	jouleXLA = "Joule XLA"
	jouleGo  = "Joule Go"
	eager    = "PyTorch eager"
	compiled = "torch.compile"
	jaxJIT   = "JAX jit"
	jaxScan  = "JAX scan"
	torchEBM = "TorchEBM"
)

var columns = []string{jouleXLA, jouleGo, eager, compiled, jaxJIT, jaxScan, torchEBM}

// peers are the columns that Joule is compared with.
var peers = columns[2:]

// side is one way to run the rows. The sides of a column are variants: the fastest one counts.
type side struct {
	Column, Variant string
	command, env    []string
	sizes           string // the sizes it runs
	child           *child
}

func (s *side) String() string {
	if s.Variant == "" {
		return s.Column
	}
	return s.Column + ", " + s.Variant
}

// start runs the side's process.
func (s *side) start(patience time.Duration) (err error) {
	s.child, err = start(s.command, s.env, io.Discard, patience)
	return err
}

// revive starts a process anew that died in an earlier row: a row that hangs must not cost the others.
func (s *side) revive(patience time.Duration) {
	if s.child.dead == nil {
		return
	}
	if again, err := start(s.command, s.env, io.Discard, patience); err == nil {
		s.child = again
	}
}

// sides lists what takes part. joule is the program of Joule's side, python an interpreter that has the peers. A quick run
// takes one thread on S and all cores on L, which is what is fastest nearly always, instead of trying both on each;
// autotune adds torch.compile with max-autotune, which compiles for minutes.
func sides(joule, python string, quick, autotune bool) []*side {
	list := []*side{
		{Column: jouleXLA, command: []string{joule, "-size", "S"}, sizes: "S"},
		{Column: jouleXLA, command: []string{joule, "-size", "L"}, sizes: "L"},
		{Column: jouleXLA, command: []string{joule, "-size", "C"}, sizes: "C"},
		{Column: jouleGo, command: []string{joule, "-backend", "go"}, sizes: "SLC"},
	}
	var sizes string
	peer := func(column, variant string, env []string, program string, args ...string) {
		list = append(list, &side{
			Column: column, Variant: variant, env: env, sizes: sizes,
			command: append([]string{python, "benchmarks/peers/" + program}, args...),
		})
	}
	for _, threads := range threadCounts() {
		n := strconv.Itoa(threads)
		variant := n + " threads"
		if threads == 1 {
			variant = "1 thread"
		}
		if sizes = "SLC"; quick && runtime.NumCPU() > 1 {
			sizes = map[bool]string{true: "S", false: "L"}[threads == 1]
		}
		nproc := []string{"NPROC=" + n}
		peer(eager, variant, nil, "torch_side.py", "--mode", "eager", "--threads", n)
		peer(compiled, variant, nil, "torch_side.py", "--mode", "compile", "--threads", n)
		if autotune {
			peer(compiled, variant+", autotuned", nil, "torch_side.py", "--mode", "compile", "--threads", n, "--autotune")
		}
		peer(jaxJIT, variant, nproc, "jax_side.py", "--mode", "jit")
		peer(jaxScan, variant, nproc, "jax_side.py", "--mode", "scan")
		if wide := append(nproc, "XLA_FLAGS=--xla_cpu_prefer_vector_width=512 --xla_cpu_copy_insertion_use_region_analysis=true"); hasAVX512() && !quick {
			peer(jaxScan, variant+", tuned", wide, "jax_side.py", "--mode", "scan", "--generator", "rbg")
		}
		sizes = strings.TrimSuffix(sizes, "C")
		peer(torchEBM, variant, nil, "torchebm_side.py", "--threads", n)
	}
	return list
}

// threadCounts are the numbers of threads that the peers are tried with.
func threadCounts() []int {
	if n := runtime.NumCPU(); n > 1 {
		return []int{1, n}
	}
	return []int{1}
}

// versionsOf lists the versions that the sides report, each text once, in order.
func versionsOf(all []*side) []string {
	var list []string
	seen := map[string]bool{}
	for _, s := range all {
		if s.child != nil && !seen[s.child.versions] {
			seen[s.child.versions] = true
			list = append(list, s.child.versions)
		}
	}
	return list
}

// productRow is the row of matrix products [rows, width]·[width, width] that Joule's side knows.
func productRow(rows, width int) row { return row{"product", fmt.Sprintf("%dx%d", rows, width)} }
