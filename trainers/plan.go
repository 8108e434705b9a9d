package trainers

import "joule/models"

// Plan is how a run is best put on a processor.
type Plan struct {
	Devices int // that share each batch
	Threads int // of the backend; 0: as many as there are cores
}

// fewMultiplications is the work below which a step is faster on one thread.
const fewMultiplications = 4 << 20

// PlanFor plans a run on a processor of so many cores. The devices are those that the settings ask for, if they do.
func PlanFor(model models.Energy, method Method, dim int, loop Loop, cores int) Plan {
	plan := Plan{Devices: max(loop.Devices, 1)}
	parameters, err := model.Parameters(dim)
	if err != nil || loop.BatchSize > fewMultiplications || loop.BatchSize*models.Count(parameters) > fewMultiplications {
		return plan
	}
	plan.Threads = 1
	return plan
}
