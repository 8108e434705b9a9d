package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"joule/backends"
	"joule/datasets"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

func main() {
	spec := flag.String("backend", "xla:cpu", "")
	devices := flag.Int("devices", 1, "")
	threads := flag.Int("threads", 1, "")
	batch := flag.Int("batch", 64, "")
	method := flag.String("m", "mle,dsm", "")
	rounds := flag.Int("rounds", 5, "")
	flag.Parse()
	b, err := backends.Open(*spec, backends.Options{Devices: *devices, Threads: *threads})
	if err != nil {
		panic(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	p := datasets.NewPoints(2048, 784)
	for i := range p.Values {
		p.Values[i] = 2*r.Float64() - 1
	}
	loop := trainers.NewLoop()
	loop.BatchSize, loop.Steps, loop.LogEvery, loop.Devices = *batch, 1<<30, 100, *devices
	for _, name := range []string{"mle", "dsm", "nce"} {
		if !contains(*method, name) {
			continue
		}
		var m trainers.Method
		switch name {
		case "mle":
			m = &trainers.ShortRun{InitStd: 0.5, Contrast: trainers.Contrast{EnergyL2: 0.1, Sampler: samplers.NewULA(20, 0.01)}}
		case "dsm":
			m = &trainers.DSM{Sigma: 0.3, Weighting: "none"}
		case "nce":
			m = &trainers.NCE{NoiseRatio: 1, Noise: &trainers.GaussianNoise{Scale: 1.414}}
		}
		t, err := trainers.New(b.Backend, trainers.Spec{Model: models.NewConv(), Method: m, Optimizer: trainers.NewOptimizer(), Loop: loop, Data: &datasets.Set{Train: p}})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		start := time.Now()
		t.Block(1)
		c := time.Since(start)
		n := 10
		if name != "mle" {
			n = 40
		}
		best, cpu := 0.0, 1e9
		for range *rounds {
			start = time.Now()
			used := usage()
			if _, err := t.Block(n); err != nil {
				panic(err)
			}
			cpu = min(cpu, (usage()-used)/float64(n))
			best = max(best, float64(n)/time.Since(start).Seconds())
		}
		fmt.Printf("%s: %.2f steps/s, %.2f ms of processor, compile %.1fs\n", name, best, cpu*1e3, c.Seconds())
	}
}

func usage() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func contains(s, p string) bool {
	for i := 0; i+len(p) <= len(s); i++ {
		if s[i:i+len(p)] == p {
			return true
		}
	}
	return false
}
