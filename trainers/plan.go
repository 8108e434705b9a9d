package trainers

import "joule/models"

// Plan is how a run is best put on the cores of a processor.
type Plan struct {
	Devices int // that share each batch
	Threads int // of the backend; 0: as many as there are cores
}

// fewMultiplications is the work below which a step is faster on one thread.
const fewMultiplications = 4 << 20

// sharing is implemented by methods that gain from devices that share a batch: those that spend a step in chains, of which
// each device runs its own with hardly a word to the others.
type sharing interface {
	// canShare reports whether so many devices can share the work.
	canShare(devices int) bool
}

// PlanFor plans a run on a processor of so many cores. Where the matrix products of a step are too small to be shared, it
// is faster on one thread. Where they are not, several threads share them one by one; in chains it is faster that each has
// a device and chains of its own. The devices are those that the settings ask for, if they do; a processor has one for each core.
//
// Work is counted as the multiplications of a batch in the network. Replicas do not count: their products are as
// small as those of one.
func PlanFor(model models.Energy, method Method, dim int, loop Loop, cores int) Plan {
	plan := Plan{Devices: max(loop.Devices, 1)}
	if loop.Devices == AllDevices {
		plan.Devices = max(cores, 1)
	}
	size, err := models.Multiplications(model, dim)
	if err != nil {
		return plan // that is for New to say
	}
	if loop.BatchSize <= fewMultiplications && loop.BatchSize*size <= fewMultiplications {
		plan.Threads = 1
		return plan
	}
	if method, ok := method.(sharing); ok && loop.Devices == 0 {
		for devices := cores; devices > 1; devices-- {
			if loop.BatchSize%devices == 0 && method.canShare(devices) {
				plan.Devices = devices
				break
			}
		}
	}
	return plan
}
