package main

import (
	"fmt"
	"syscall"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"joule/backends"
	"joule/internal/loop"
)

func usage() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func main() {
	b, err := backends.Open("xla:cpu", backends.Options{Devices: 1, Threads: 1})
	if err != nil {
		panic(err)
	}
	for _, s := range [][3]int{{16, 25, 16384}, {25, 16, 16384}, {32, 144, 4096}, {144, 32, 4096}, {64, 288, 1024}, {288, 64, 1024}, {64, 576, 256}, {576, 64, 256}, {144, 4096, 32}} {
		line := fmt.Sprint(s, " ")
		for _, eq := range []string{"mk,kn->mn", "km,kn->mn", "mk,nk->mn", "nk,km->nm", "nk,mk->nm", "kn,km->nm"} {
			m, k, n := s[0], s[1], s[2]
			size := map[byte]int{'m': m, 'k': k, 'n': n}
			exec, err := graph.NewExec(b.Backend, func(times *graph.Node) *graph.Node {
				g := times.Graph()
				ones := func(d ...int) *graph.Node {
					return graph.MulScalar(graph.IotaFull(g, shapes.Make(dtypes.Float32, d...)), 1e-6)
				}
				a, c := ones(size[eq[0]], size[eq[1]]), ones(size[eq[3]], size[eq[4]])
				tie := func(n, by *graph.Node) *graph.Node {
					for by.Rank() > 0 {
						by = graph.Squeeze(graph.Slice(by, graph.AxisElem(0)), 0)
					}
					return graph.Add(n, graph.MulScalar(by, 1e-20))
				}
				out := loop.Repeat(times, func(_ *graph.Node, s []*graph.Node) []*graph.Node {
					a, c, y := s[0], s[1], s[2]
					if size[eq[0]]*size[eq[1]] < size[eq[3]]*size[eq[4]] {
						a = tie(a, y)
					} else {
						c = tie(c, y)
					}
					y = graph.Einsum(eq, a, c)
					return []*graph.Node{a, c, y}
				}, a, c, graph.Einsum(eq, a, c))
				return graph.Add(graph.ReduceAllSum(out[0]), graph.Add(graph.ReduceAllSum(out[1]), graph.ReduceAllSum(out[2])))
			})
			if err != nil {
				panic(err)
			}
			it := int32(2)
			exec.MustExec1(it)
			for {
				t := time.Now()
				exec.MustExec1(it).Value()
				if time.Since(t) > 60*time.Millisecond {
					break
				}
				it *= 2
			}
			best := 1e9
			for range 5 {
				u := usage()
				exec.MustExec1(it).Value()
				best = min(best, (usage()-u)/float64(it))
			}
			line += fmt.Sprintf("  %s %.0fµs %.0fGF", eq, best*1e6, 2*float64(m*k*n)/best/1e9)
		}
		fmt.Println(line)
	}
}
