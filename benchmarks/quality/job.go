package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"

	"joule/backends"
	"joule/configs"
	"joule/metrics"
	"joule/models"
	"joule/samplers"
	"joule/trainers"
)

// folder holds the configs of the methods. One that is for a density alone is called after both, as in rings-mle.
const folder = "planar/"

// narrower are the settings of densities whose defaults reach too far for a grid: that of the funnel would have to be fine
// enough for its neck and wide enough for its mouth.
var narrower = map[string]string{"funnel": ", std: 1"}

// methods are the configs that are for all densities.
func methods() (names []string) {
	for _, entry := range configs.List() {
		name, inFolder := strings.CutPrefix(entry.Name, folder)
		if inFolder && !strings.Contains(name, "-") {
			names = append(names, name)
		}
	}
	return names
}

// auto is the backend where none is named.
const auto = "auto"

// job is a method to be trained on a density.
type job struct {
	method, density string
	backend         string            // as it was asked for; empty: auto
	configs         []*configs.Config // one for each seed
	key             string            // changes with the settings
	refused         string            // why the config does not go with the density
}

// prepare reads the config of a method for a density, with as many seeds.
func prepare(method, density, backend string, seeds int) (*job, error) {
	j := &job{method: method, density: density}
	if backend != auto {
		j.backend = backend
	}
	name := folder + method
	for _, entry := range configs.List() {
		if own := folder + density + "-" + method; entry.Name == own {
			name = own
		}
	}
	last, err := configs.Load(name, nil)
	if err != nil {
		return nil, err
	}
	for seed := range seeds {
		c, err := configs.Load(name, []string{
			fmt.Sprintf("data={kind: %s%s, size: 100000, standardize: true}", density, narrower[density]), fmt.Sprintf("seed=%d", seed),
		})
		if err != nil { // with its own data it is right
			j.refused = err.Error()
			break
		}
		last, j.configs = c, append(j.configs, c)
	}
	trained := *last
	trained.Sampler, trained.Sampling = nil, samplers.Sampling{} // which draw from the model afterwards
	text, err := trained.Encode()
	j.key = fmt.Sprintf("%.16x", sha256.Sum256(text))
	return j, err
}

// opener opens each backend that plans need once.
type opener struct {
	spec     string
	backends map[trainers.Plan]*backends.Backend
}

func (o *opener) open(plan trainers.Plan) (*backends.Backend, error) {
	if b := o.backends[plan]; b != nil {
		return b, nil
	}
	b, err := backends.Open(o.spec, backends.Options{Devices: plan.Devices, Threads: plan.Threads})
	if err == nil {
		o.backends[plan] = b
	}
	return b, err
}

func (o *opener) close() {
	for _, b := range o.backends {
		b.Close()
	}
}

// run trains all seeds at once, as replicas, and measures each.
func (j *job) run(ctx context.Context, backends *opener) (cell, error) {
	c := cell{Method: j.method, Density: j.density, Key: j.key, Backend: j.backend, Refused: j.refused}
	if c.Refused != "" {
		return c, nil
	}
	var replicas []trainers.Replica
	for _, config := range j.configs {
		set, err := config.LoadData()
		if err != nil {
			return c, err
		}
		replicas = append(replicas, trainers.Replica{Data: set, Seed: config.Seed})
	}
	config, first := j.configs[0], replicas[0]
	plan := trainers.PlanFor(config.Model, config.Method, first.Data.Train.Dim, config.Train, runtime.GOMAXPROCS(0))
	backend, err := backends.open(plan)
	if err != nil {
		return c, err
	}
	loop := config.Train
	loop.Devices = plan.Devices
	trainer, err := trainers.New(backend.Backend, trainers.Spec{
		Model: config.Model, Method: config.Method, Optimizer: config.Optimizer, Loop: loop,
		Data: first.Data, Seed: first.Seed, Replicas: replicas[1:],
	})
	if refusal := (*trainers.SpecError)(nil); errors.As(err, &refusal) && refusal.ByMethod {
		c.Refused = err.Error()
		return c, nil
	}
	if err != nil {
		return c, err
	}
	defer trainer.Close()
	start, err := processorSeconds()
	if err != nil {
		return c, err
	}
	err = trainer.Run(ctx, trainers.Hooks{})
	if diverged := (*trainers.DivergedError)(nil); err != nil && !errors.As(err, &diverged) {
		return c, err
	}
	end, err := processorSeconds()
	if err != nil {
		return c, err
	}
	c.Seconds = (end - start) / float64(len(replicas))
	for i, r := range replicas {
		if trainer.Diverged(i) != nil {
			c.Diverged++
			continue
		}
		values, err := trainer.Parameters(i)
		if err != nil {
			return c, err
		}
		model, err := models.Compile(backend.Backend, config.Model, r.Data.Train.Dim, values)
		if err != nil {
			return c, err
		}
		e, err := metrics.Evaluate(model, r.Data, metrics.Options{})
		if err != nil {
			c.unmeasured(err.Error())
			continue
		}
		c.add(e)
	}
	return c, nil
}

// processorSeconds is what this program has taken of the processor's cores so far, all of them together: unlike the time
// of the clock it hardly depends on what else runs.
func processorSeconds() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("the processor's time: %w", err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Nano()) / 1e9 }
	return seconds(u.Utime) + seconds(u.Stime), nil
}
