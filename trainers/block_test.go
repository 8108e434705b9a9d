package trainers

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"joule/datasets"
	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// smallSpecs are a small run of every method, with all that the loop has: schedule, warm-up, clipping and running average.
func smallSpecs(t *testing.T) map[string]Spec {
	t.Helper()
	data := normalData(64, []float64{1, -1}, 0.5)
	data.Density = gaussian(t, []float64{1, -1}, 0.5)
	optimizer := cosine(0.01)
	optimizer.WarmupSteps, optimizer.ClipNorm = 3, 1
	spec := func(method Method) Spec {
		return Spec{
			Model: &models.MLP{Hidden: []int{6, 5}, Activation: "silu", Confinement: 4}, Method: method, Optimizer: optimizer,
			Loop: Loop{Steps: 7, BatchSize: 8, LogEvery: 7, EMA: 0.9}, Data: data, Seed: 5,
		}
	}
	all := scoreSpecs(spec)
	maps.Copy(all, map[string]Spec{
		"dsm": spec(NewDSM()), "fisher": spec(&Fisher{Points: "density"}), "nce": spec(NewNCE()),
		"mle": spec(&PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3,
			Contrast: Contrast{EnergyL2: 0.01, Sampler: samplers.NewULA(3, 0.05)}}),
		"tricks": spec(&PCD{InitStd: 1, BufferSize: 20, RestartFraction: 0.3,
			Contrast: Contrast{GradientPenalty: 0.1, SpectralPenalty: 0.01, DataNoise: 0.1,
				Sampler: &samplers.MALA{Steps: 3, StepSize: 0.05, TargetAcceptance: 0.6}}}),
	})
	return all
}

// bits are all the values of a run's state, as bytes.
func bits(t *testing.T, trainer *Trainer) [][]byte {
	t.Helper()
	var all [][]byte
	for _, s := range trainer.crews[0].states[0][:trainer.program.atSums()] {
		all = append(all, bytesOf(t, s))
	}
	return all
}

func bytesOf(t *testing.T, x *tensors.Tensor) (bytes []byte) {
	t.Helper()
	if err := x.ConstBytes(func(data []byte) { bytes = slices.Clone(data) }); err != nil {
		t.Fatal(err)
	}
	return bytes
}

// run makes a trainer take blocks of so many steps each.
func run(t *testing.T, trainer *Trainer, blocks ...int) (reports []Report) {
	t.Helper()
	for _, n := range blocks {
		report, err := trainer.Block(n)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, report)
	}
	return reports
}

// However the steps are cut into blocks, they give the same bits: of parameters, moments, averages, randomness and
// chains. So does the same seed a second time; another seed gives others.
func TestBlocksGiveTheSameBits(t *testing.T) {
	specs := smallSpecs(t)
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, spec := range quick(backend, specs) {
			trainer := newTrainer(t, backend, spec)
			whole := run(t, trainer, 7)[0]
			want, learned := bits(t, trainer), parameters(t, trainer)
			if trainer.Step() != 7 || whole.Step != 7 || whole.Count != 7 || whole.Steps != 7 {
				t.Errorf("%s: after 7 steps the trainer says %d and the report %+v", name, trainer.Step(), whole)
			}
			compare := func(how string) {
				t.Helper()
				got := bits(t, trainer)
				for i := range want {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("%s: %s, value %d of the state has other bits", name, how, i)
					}
				}
			}
			if err := trainer.restart(spec.Seed); err != nil {
				t.Fatal(err)
			}
			each := run(t, trainer, 1, 1, 1, 1, 1, 2)
			compare("in six blocks")
			// The averages over the whole are the averages of the parts, to the rounding of float32.
			for k, metric := range whole.Names {
				mean := 0.0
				for _, r := range each {
					mean += r.Values[0][k] * float64(r.Count) / 7
				}
				near(t, fmt.Sprintf("%s: %s", name, metric), whole.Values[0][k], mean, 1e-5*(1+math.Abs(mean)))
			}
			if err := trainer.restart(spec.Seed + 1); err != nil {
				t.Fatal(err)
			}
			run(t, trainer, 7)
			for parameter, values := range parameters(t, trainer) {
				if slices.Equal(values, learned[parameter]) {
					t.Errorf("%s: another seed gives the same %s", name, parameter)
				}
			}
			if name == "mle" { // compiled anew
				trainer = newTrainer(t, backend, spec)
				run(t, trainer, 3, 4)
				compare("with the same seed a second time")
			}
		}
	})
}

// On a single point everything is known, so that a whole run can be followed on the host: loss, gradient norm, clipping,
// schedule, Adam and the running average.
func TestRunFollowsTheAlgorithm(t *testing.T) {
	const x, m, v = 1.5, 0.5, 0.25
	o := cosine(0.1)
	o.WarmupSteps, o.ClipNorm, o.FinalFraction = 5, 0.5, 0.1
	spec := Spec{
		Model: models.NewQuadratic(), Method: NewFisher(), Optimizer: o,
		Loop: Loop{Steps: 30, BatchSize: 3, LogEvery: 30, EMA: 0.8},
		Data: &datasets.Set{Train: datasets.Points{N: 1, Dim: 1, Values: []float64{x}}, Density: gaussian(t, []float64{m}, v)},
	}
	mean, factor := adamOnHost{}, adamOnHost{theta: 1}
	averages := map[string]float64{"mean": 0, "precision_factor": 1}
	var loss, norm, rate float64
	for step := range spec.Loop.Steps {
		// E = ½f²(x−μ)², and the loss is ½(s − τ)² with s = −f²(x−μ) and τ = −(x−m)/v.
		f, d := factor.theta, x-mean.theta
		residual := -f*f*d + (x-m)/v
		byMean, byFactor := residual*f*f, residual*-2*f*d
		n, r := math.Hypot(byMean, byFactor), rateOnHost(o, step, spec.Loop.Steps)
		scale := min(1, o.ClipNorm/n)
		mean.update(o, step, r, scale*byMean)
		factor.update(o, step, r, scale*byFactor)
		decay := min(spec.Loop.EMA, float64(step+1)/float64(step+10))
		averages["mean"] = decay*averages["mean"] + (1-decay)*mean.theta
		averages["precision_factor"] = decay*averages["precision_factor"] + (1-decay)*factor.theta
		loss, norm, rate = loss+0.5*residual*residual/30, norm+n/30, rate+r/30
	}
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for _, ema := range []float64{spec.Loop.EMA, 0} {
			spec.Loop.EMA = ema
			trainer := newTrainer(t, backend, spec)
			report, err := trainer.Block(30)
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{"loss", "gradient_norm", "learning_rate"}; !slices.Equal(report.Names, want) {
				t.Fatalf("the report is of %v, want %v", report.Names, want)
			}
			for i, want := range []float64{loss, norm, rate} {
				near(t, "the average "+report.Names[i], report.Values[0][i], want, 2e-5*want)
			}
			want := averages
			if ema == 0 {
				want = map[string]float64{"mean": mean.theta, "precision_factor": factor.theta}
			}
			for name, value := range parameters(t, trainer) {
				near(t, fmt.Sprintf("%s with an average of %v", name, ema), value[0], want[name], 2e-5)
			}
		}
		spec.Loop.EMA = 0.8
	})
}
