package trainers

import (
	"testing"

	"github.com/gomlx/compute"

	"joule/internal/backendtest"
	"joule/models"
	"joule/samplers"
)

// allKinds is one energy with parts of every kind of model.
func allKinds() models.Energy {
	small := models.MLP{Hidden: []int{4, 3}, Activation: "silu"}
	conditional := models.NewConditionalMLP()
	conditional.Hidden = []int{4, 3}
	return &models.Product{Experts: []models.Energy{
		&models.Radial{Inner: &small, Scale: 2, Power: 3, Centre: []float64{1, 0}},
		&models.Tilted{Base: &models.Flow{Layers: 2, Hidden: []int{4}, Activation: "tanh", ScaleBound: 1}, Tilt: models.NewQuadratic()},
		&models.ResidualMLP{Width: 4, Blocks: 2, Activation: "gelu"},
		&models.FourierMLP{Features: 3, Scale: 0.3, MLP: small},
		&models.RBM{Hidden: 3, Std: 1.5},
		conditional,
	}, Weights: []float64{1, 0.5, 1, 1, 0.5, 1}}
}

// Models of every kind are trained, within chains too: on every backend, one of two replicas becomes what it becomes alone on
// the Go backend, and with narrower products about the same.
func TestEveryModelTrains(t *testing.T) {
	chains := &ShortRun{InitStd: 1, Contrast: Contrast{Sampler: samplers.NewULA(3, 0.05)}}
	reference := backendtest.Open(t, "go")
	backendtest.Each(t, func(t *testing.T, backend compute.Backend) {
		for name, method := range map[string]Method{"mle": chains, "dsm": NewDSM()} {
			if name == "dsm" && backend != reference {
				continue // compiling takes a while there
			}
			spec := smallSpecs(t)["dsm"]
			spec.Model, spec.Method, spec.Loop.Precision = allKinds(), method, float64bits
			alone := newTrainer(t, reference, spec)
			run(t, alone, 2)
			want := parameters(t, alone)
			pair := spec
			pair.Replicas = []Replica{{spec.Data, 12}}
			both := newTrainer(t, backend, pair)
			run(t, both, 2)
			same(t, name, parametersOf(t, both, 0), want, 1e-8)

			spec.Loop.Precision = bfloat16
			narrow := newTrainer(t, reference, spec)
			run(t, narrow, 2)
			same(t, name+" in bfloat16", parameters(t, narrow), want, 0.05) // two steps go 0.02 to either side at most
		}
	})
}
