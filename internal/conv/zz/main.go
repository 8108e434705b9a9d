package main

import (
	"flag"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"joule/backends"
	"joule/internal/conv"
	"joule/internal/loop"
)

type layer struct {
	name             string
	h, c, o, k, s, p int
}

var layers = []layer{
	{"1", 28, 1, 16, 5, 2, 4}, {"2", 16, 16, 32, 3, 2, 1}, {"3", 8, 32, 64, 3, 2, 1}, {"4", 4, 64, 64, 3, 2, 1},
	{"5", 16, 64, 64, 3, 1, 1}, {"6", 32, 128, 128, 3, 1, 1},
}

func usage() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func main() {
	spec := flag.String("backend", "xla:cpu", "")
	variants := flag.String("v", "col", "")
	ops := flag.String("ops", "ctk", "")
	which := flag.String("l", "1234", "")
	batch := flag.Int("batch", 64, "")
	nested := flag.Bool("nested", true, "")
	flag.Parse()
	b, err := backends.Open(*spec, backends.Options{Devices: 1, Threads: 1})
	if err != nil {
		panic(err)
	}
	_ = nested
	for _, l := range layers {
		if !strings.Contains(*which, l.name) {
			continue
		}
		w := conv.Window{l.s, l.p, l.p}
		oh := w.Out(l.h, l.k)
		for _, op := range *ops {
			line := fmt.Sprintf("layer %s %c:", l.name, op)
			for _, v := range strings.Split(*variants, ",") {
				conv.SetVariant(v)
				exec, err := graph.NewExec(b.Backend, func(times *graph.Node) *graph.Node {
					g := times.Graph()
					ones := func(d ...int) *graph.Node { return graph.MulScalar(graph.IotaFull(g, shapes.Make(dtypes.Float32, d...)), 1e-6) }
					x, k, y := ones(l.c, l.h, l.h, *batch), ones(l.k, l.k, l.c, l.o), ones(l.o, oh, oh, *batch)
					tie := func(n, by *graph.Node) *graph.Node {
						for by.Rank() > 0 {
							by = graph.Squeeze(graph.Slice(by, graph.AxisElem(0)), 0)
						}
						return graph.Add(n, graph.MulScalar(by, 1e-20))
					}
					out := loop.Repeat(times, func(_ *graph.Node, s []*graph.Node) []*graph.Node {
						x, k, y := s[0], s[1], s[2]
						switch op {
						case 'c':
							x = tie(x, y)
							y = graph.AddScalar(conv.RawConv(w, x, k), 1)
						case 't':
							y = tie(y, x)
							x = graph.AddScalar(conv.RawTrans(w, y, k, l.h, l.h), 1)
						case 'k':
							x = tie(x, k)
							k = conv.RawCorr(w, x, y, l.k, l.c)
						case 'n':
							x = tie(x, graph.Square(x))
							y = tie(y, graph.Square(y))
							k = tie(k, k)
						}
						return []*graph.Node{x, k, y}
					}, x, k, y)
					return graph.Add(graph.ReduceAllSum(out[0]), graph.Add(graph.ReduceAllSum(out[1]), graph.ReduceAllSum(out[2])))
				})
				if err != nil {
					panic(err)
				}
				n := int32(2)
				exec.MustExec1(n)
				for {
					t := time.Now()
					exec.MustExec1(n).Value()
					if time.Since(t) > 60*time.Millisecond || n > 1e6 {
						break
					}
					n *= 2
				}
				best := 1e9
				for range 5 {
					u := usage()
					exec.MustExec1(n).Value()
					best = min(best, (usage()-u)/float64(n))
				}
				flops := 2 * float64(*batch*oh*oh*l.k*l.k*l.c*l.o)
				line += fmt.Sprintf("  %s %.0fµs (%.0f GF/s)", v, best*1e6, flops/best/1e9)
			}
			fmt.Println(line)
		}
	}
}
