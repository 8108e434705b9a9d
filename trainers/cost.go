package trainers

import (
	"errors"

	"joule/models"
)

// Cost is what a training step costs, in gradient evaluations of the energy network: see [models.CostOfScore]. Its parts add up,
// in Total.
//
// It is that of the passes through networks. What does not go through one is not counted: draws, densities that are known, kernels
// of pairs of points, and what a step costs however small its batch, the optimizer and the penalty on weights among it.
type Cost struct {
	// Chains is that of the sampler.
	Chains float64
	// Loss is that of the loss and its gradient by the parameters.
	Loss float64
	// Generator is that of the density that a method trains beside the energy: its passes, weighed by how many multiplications
	// one takes beside a pass of the energy network.
	Generator float64
}

// Total is the sum of all.
func (c Cost) Total() float64 { return c.Chains + c.Loss + c.Generator }

// CostPerStep is what a training step costs, of one replica where there are several, on all its devices together. It counts for
// any data of dim coordinates; validation points (train.early_stopping) are no part of a step. An error says which setting of the
// model, or of one that the method has, does not fit dim.
func CostPerStep(model models.Energy, method Method, dim int, loop Loop) (Cost, error) {
	if _, err := model.Parameters(dim); err != nil {
		return Cost{}, err
	}
	each, err := method.Cost(model, dim)
	if err != nil {
		return Cost{}, err
	}
	n := float64(loop.BatchSize)
	return Cost{Chains: n * each.Chains, Loss: n * each.Loss, Generator: n * each.Generator}, nil
}

// learning is the cost of a loss that costs so much, with its gradient by the parameters.
func learning(cost float64) Cost { return Cost{Loss: cost * models.CostOfLearning} }

// costOfPasses is that of passes through the network of a generator, forwards or back.
func costOfPasses(passes float64, flow, model models.Energy, dim int) (float64, error) {
	own, err := models.Multiplications(flow, dim)
	if err != nil {
		return 0, inFlow(err)
	}
	energy, err := models.Multiplications(model, dim)
	if err != nil {
		return 0, err
	}
	if energy == 0 {
		return 0, errors.New("the model has nothing to learn, and so no cost that another could be compared with")
	}
	return passes * models.CostOfEnergy * float64(own) / float64(energy), nil
}
