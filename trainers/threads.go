package trainers

import "joule/models"

// fewMultiplications is the work below which a step is faster on one thread.
const fewMultiplications = 4 << 20

// Threads is the number of processor threads that a step is fastest on: one where its matrix products are too small to
// be shared, and 0, which leaves it to the backend, where they are not. Work is counted as the multiplications of a batch
// with every parameter.
func Threads(model models.Energy, dim, batch int) int {
	parameters, err := model.Parameters(dim)
	if err != nil || batch > fewMultiplications || batch*models.Count(parameters) > fewMultiplications {
		return 0
	}
	return 1
}
